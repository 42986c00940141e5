import { END_EVENT_TYPE, GAP_EVENT_TYPE, type GapData, type GapReason } from "../../event/event.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { SpanEvent, SpanKind } from "../events.ts";

/** A span event that has been checked, with the parts that the fold compares made ready. */
export interface SpanInput {
  readonly type: "span";
  readonly event: SpanEvent;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The event's id, or 0 where it has none. */
  readonly id: number;
  readonly attempt: number;
  readonly kind: SpanKind;
}

/** What an untrusted value turned out to be. */
export type TreeInput =
  | SpanInput
  | { readonly type: "end"; readonly id: number }
  | { readonly type: "gap"; readonly gap: GapData }
  | { readonly type: "unknown"; readonly id: number }
  | { readonly type: "malformed" };

const MALFORMED: TreeInput = { type: "malformed" };

/** Only this form: `Date.parse` also takes others, and reads some of them in the local time zone. Years outside 0 to 9999 have a sign and six digits. */
const ISO_TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

const KINDS: ReadonlySet<unknown> = new Set<SpanKind>([
  "workflow",
  "step",
  "attempt",
  "sleep",
  "wait",
  "rollback",
  "internal",
]);
const LEVELS: ReadonlySet<unknown> = new Set(["debug", "info", "warn", "error"]);
const GAP_REASONS: ReadonlySet<unknown> = new Set<GapReason>(["trimmed", "reset", "overflow", "unknown-cursor"]);

type Fields = { readonly [name: string]: unknown };

/** Sorts an untrusted value into what the tree knows. Never throws. */
export function readTreeInput(value: unknown): TreeInput {
  try {
    return isFields(value) ? readFields(value) : MALFORMED;
  } catch {
    // A getter or a proxy that throws: whatever it is, it did not come off the wire.
    return MALFORMED;
  }
}

/** Milliseconds since the epoch of an ISO 8601 text, or undefined where it is none. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !ISO_TIME.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

function readFields(fields: Fields): TreeInput {
  const { type } = fields;
  const id = readId(fields["id"]);
  switch (type) {
    case "started":
    case "updated":
    case "log":
    case "ended":
      return readSpanEvent(fields, type, id);
    case END_EVENT_TYPE:
      return { type: "end", id };
    case GAP_EVENT_TYPE:
      return readGap(fields);
    default:
      return typeof type === "string" ? { type: "unknown", id } : MALFORMED;
  }
}

function readSpanEvent(fields: Fields, type: SpanEvent["type"], id: number): TreeInput {
  const { traceId, spanId, parentSpanId, name, attributes, kind, run } = fields;
  const attempt = fields["attempt"] ?? 1;
  if (typeof traceId !== "string" || traceId === "" || typeof spanId !== "string" || spanId === "") return MALFORMED;
  const mayLackPlace = type === "ended";
  if (parentSpanId !== null && typeof parentSpanId !== "string" && !(mayLackPlace && parentSpanId === undefined))
    return MALFORMED;
  if (typeof name !== "string" && !(mayLackPlace && name === undefined)) return MALFORMED;
  if (!isCount(attempt)) return MALFORMED;
  if (run !== undefined && typeof run !== "string") return MALFORMED;
  if (kind !== undefined && typeof kind !== "string") return MALFORMED;
  if (attributes !== undefined && !isFields(attributes)) return MALFORMED;
  const time = parseTime(fields["timestamp"]);
  if (time === undefined || !hasValidPayload(fields, type)) return MALFORMED;
  // A kind from a later version is still a span.
  const knownKind = KINDS.has(kind) ? (kind as SpanKind) : "internal";
  return { type: "span", event: fields as unknown as SpanEvent, time, id, attempt, kind: knownKind };
}

function hasValidPayload(fields: Fields, type: SpanEvent["type"]): boolean {
  switch (type) {
    case "started":
      return true;
    case "updated": {
      const { progress } = fields;
      return progress === undefined || (isFields(progress) && Number.isFinite(progress["current"]));
    }
    case "log":
      return LEVELS.has(fields["level"]) && typeof fields["message"] === "string";
    case "ended": {
      const { status } = fields;
      return isFields(status) && (status["code"] === "OK" || status["code"] === "ERROR");
    }
    default:
      return assertNever(type);
  }
}

function readGap(fields: Fields): TreeInput {
  const { reason, after, resumesAt } = fields;
  if (!GAP_REASONS.has(reason)) return MALFORMED;
  const gap: GapData = {
    reason: reason as GapReason,
    after: typeof after === "number" ? after : null,
    resumesAt: typeof resumesAt === "number" ? resumesAt : 1,
  };
  return { type: "gap", gap };
}

function readId(id: unknown): number {
  return isCount(id) ? id : 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
