import type { LogLevel, SpanEvent } from "../trace/events.ts";
import { parseTime, readTreeInput, type SpanInput } from "../trace/tree/parse.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { visibleText } from "../trace/view/visible-text.ts";
import { durationText } from "./duration-text.ts";
import { safeText } from "./safe-text.ts";
import { isLoggedAt } from "./screen-rows.ts";
import { nameOf, shortText } from "./span-line.ts";

/** Of a longer way only the last names are told. */
const MAX_PATH = 16;

/** Of a longer text only the beginning is told. */
const MAX_TEXT = 10_000;

/** An event as it came over the wire: nothing but its type has been checked. */
export interface WireEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * The line that tells of an event where output is not a terminal, or undefined for what has none (updates, log lines below
 * the level): `<time> TAB <what> TAB <span, below its parents> TAB <details>`, details as `name=value` with text in JSON's quotes.
 *
 * @param tree the tree after the event was applied to it
 */
export function plainLine(event: WireEvent, tree: SpanTree, logLevel: LogLevel | undefined): string | undefined {
  const input = readTreeInput(event);
  switch (input.type) {
    case "span":
      return spanLine(input, tree, logLevel);
    case "gap": {
      const { reason, after, resumesAt } = input.gap;
      return row("-", "gap", "-", { reason, after, "resumes-at": resumesAt });
    }
    case "end":
      return row("-", "end", "-", { reason: quoted(event["reason"]), message: quoted(event["message"]) });
    case "unknown":
    case "malformed":
      return row("-", "event", shortText(event.type) || "(no name)", {
        id: typeof event["id"] === "number" ? event["id"] : undefined,
      });
  }
}

function spanLine(
  { event, time: timeMs }: SpanInput,
  tree: SpanTree,
  logLevel: LogLevel | undefined,
): string | undefined {
  const node = tree.peek(event.spanId, event.traceId);
  // A tree that is full takes no more spans.
  if (node === undefined) return undefined;
  const path = pathOf(event, tree);
  const attempt = (event.attempt ?? 1) > 1 && event.kind !== "attempt" ? event.attempt : undefined;
  const time = isoText(timeMs);
  switch (event.type) {
    case "started":
      return row(time, "started", path, {
        attempt,
        until: isoText(parseTime(event.until)),
        "waits-for": quoted(event.waitingFor),
      });
    case "ended": {
      const hasFailed = event.status.code === "ERROR";
      const { startTime, endTime } = node;
      const isNewest = node.run === event.run && (event.run !== undefined || node.attempt === (event.attempt ?? 1));
      const isShown = isNewest && startTime !== undefined && endTime !== undefined;
      return row(time, hasFailed ? "failed" : "done", path, {
        attempt,
        took: isShown ? durationText(endTime - startTime) : undefined,
        error: event.status.code === "ERROR" ? quoted(event.status.message) : undefined,
      });
    }
    case "log":
      if (logLevel === undefined || !isLoggedAt(event.level, logLevel)) return undefined;
      return row(time, "log", path, { level: event.level, message: quoted(event.message) });
    case "updated":
      return undefined;
  }
}

function row(time: string, what: string, path: string, details: Readonly<Record<string, unknown>>): string {
  const told = Object.entries(details).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${visibleText(safeText(String(value)))}`],
  );
  return [time, what, path, ...(told.length > 0 ? [told.join(" ")] : [])].join("\t");
}

/** Not as it was told: its fraction may have a million digits. */
function isoText(timeMs: number): string;
function isoText(timeMs: number | undefined): string | undefined;
function isoText(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}

function quoted(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  return JSON.stringify(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}

function pathOf(event: SpanEvent, tree: SpanTree): string {
  const names: string[] = [];
  let spanId: string | null = event.spanId;
  // Bounded: a sender may have made a circle of parents.
  while (spanId !== null && names.length <= MAX_PATH) {
    const node = tree.peek(spanId, event.traceId);
    if (node === undefined) break;
    names.unshift(names.length === MAX_PATH ? "…" : nameOf(node));
    spanId = node.parentSpanId;
  }
  return names.join(" / ");
}
