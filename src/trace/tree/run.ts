import { compareJson } from "./canonical-json.ts";
import { assertNever } from "../../util/assert-never.ts";
import { AttributeJoin, isLater, type Stamp, type Stamped } from "./attributes.ts";
import type { JsonObject, SpanEndedEvent, SpanKind, SpanProgress, SpanStartedEvent } from "../events.ts";
import { parseTime, type SpanInput } from "./parse.ts";

const NO_ATTRIBUTES: JsonObject = Object.freeze({});

/** The only possible order of a span's events within one millisecond, if they have no ids. */
const RANK = { started: 0, updated: 1, log: 1, ended: 2 } as const;

/**
 * One opening of a span: the join of its events. Every rule picks a smallest or largest value under a total order, so
 * neither the order nor the repetition of events matters.
 */
export class SpanRun {
  /** Identifies the opening; undefined if the events name only their attempt. */
  readonly run: string | undefined;
  attempt: number;
  parentSpanId: string | null = null;
  name = "";
  kind: SpanKind = "internal";
  startTime: number | undefined;
  startId: number | undefined;
  until: number | undefined;
  waitingFor: string | undefined;
  endTime: number | undefined;
  endId: number | undefined;
  hasFailed = false;
  error: string | undefined;
  /** Time of the earliest `started`, else of the earliest event with name and parent, else of the earliest event. */
  identityTime = Infinity;

  /** How reliable name, kind and parent are. */
  #placeRank = 0;
  #attributes: AttributeJoin | undefined;
  #progress: Stamped<SpanProgress> | undefined;

  constructor({ event, attempt }: SpanInput) {
    this.run = event.run;
    this.attempt = attempt;
  }

  get isOpen(): boolean {
    return this.endTime === undefined;
  }

  get attributes(): JsonObject {
    return this.#attributes?.view ?? NO_ATTRIBUTES;
  }

  get progress(): SpanProgress | undefined {
    return this.#progress?.value;
  }

  /** Merges one event of this run. True if anything in its view has changed. */
  merge(input: SpanInput): boolean {
    const { event, time, id, attempt } = input;
    let changed = attempt > this.attempt;
    if (changed) this.attempt = attempt;
    changed = this.#mergeIdentity(input) || changed;
    const stamp: Stamp = { time, id, rank: RANK[event.type] };
    switch (event.type) {
      case "started":
        changed = this.#mergeStart(event, input) || changed;
        break;
      case "updated":
        changed = this.#mergeProgress(event.progress, stamp) || changed;
        break;
      case "ended":
        changed = this.#mergeEnd(event, input) || changed;
        break;
      case "log":
        // A line's attributes do not belong to the span.
        return changed;
      default:
        return assertNever(event);
    }
    return this.#mergeAttributes(event.attributes, stamp) || changed;
  }

  /** Name, kind and parent come from the earliest `started`, else from the earliest event that has them. */
  #mergeIdentity({ event, time, kind }: SpanInput): boolean {
    const { parentSpanId = null, name = "" } = event;
    const placeRank =
      event.type === "started" ? 2 : event.name === undefined || event.parentSpanId === undefined ? 0 : 1;
    const order = this.#placeRank - placeRank || time - this.identityTime;
    if (order > 0) return false;
    const isSame = parentSpanId === this.parentSpanId && name === this.name && kind === this.kind;
    if (
      order === 0 &&
      !isSame &&
      compareJson([parentSpanId, name, kind], [this.parentSpanId, this.name, this.kind]) > 0
    ) {
      return false;
    }
    this.#placeRank = placeRank;
    this.identityTime = time;
    this.parentSpanId = parentSpanId;
    this.name = name;
    this.kind = kind;
    return !isSame;
  }

  #mergeStart(event: SpanStartedEvent, { time, id }: SpanInput): boolean {
    const until = parseTime(event.until);
    const waitingFor = typeof event.waitingFor === "string" ? event.waitingFor : undefined;
    if (this.startTime !== undefined) {
      if (time > this.startTime) return false;
      const order = time - this.startTime || compareJson([until, waitingFor], [this.until, this.waitingFor]);
      if (order > 0 || (order === 0 && !isSmallerId(id, this.startId ?? 0))) return false;
    }
    this.startTime = time;
    this.startId = id === 0 ? undefined : id;
    this.until = until;
    this.waitingFor = waitingFor;
    return true;
  }

  #mergeEnd({ status }: SpanEndedEvent, { time, id }: SpanInput): boolean {
    const hasFailed = status.code === "ERROR";
    const error = status.code === "ERROR" && typeof status.message === "string" ? status.message : undefined;
    if (this.endTime !== undefined) {
      if (time > this.endTime) return false;
      const order = time - this.endTime || compareJson([hasFailed, error], [this.hasFailed, this.error]);
      if (order > 0 || (order === 0 && !isSmallerId(id, this.endId ?? 0))) return false;
    }
    this.endTime = time;
    this.endId = id === 0 ? undefined : id;
    this.hasFailed = hasFailed;
    this.error = error;
    return true;
  }

  #mergeProgress(progress: SpanProgress | undefined, stamp: Stamp): boolean {
    if (progress === undefined) return false;
    const value = readProgress(progress);
    const held = this.#progress;
    if (held !== undefined && !isLater(value, stamp, held)) return false;
    const isSame = held !== undefined && isSameProgress(value, held.value);
    this.#progress = { value: isSame ? held.value : value, stamp };
    return !isSame;
  }

  #mergeAttributes(patch: JsonObject | undefined, stamp: Stamp): boolean {
    if (patch === undefined || Object.keys(patch).length === 0) return false;
    this.#attributes ??= new AttributeJoin();
    return this.#attributes.merge(patch, stamp);
  }
}

/** A frozen copy of an event's progress, whose `current` was checked. Other fields of the wrong type are left out. */
function readProgress({ current, total, unit, message }: SpanProgress): SpanProgress {
  return Object.freeze({
    current,
    ...(Number.isFinite(total) ? { total } : {}),
    ...(typeof unit === "string" ? { unit } : {}),
    ...(typeof message === "string" ? { message } : {}),
  });
}

function isSameProgress(a: SpanProgress, b: SpanProgress): boolean {
  return a.current === b.current && a.total === b.total && a.unit === b.unit && a.message === b.message;
}

/** Whether an event's id comes before the known one. 0 means none. */
export function isSmallerId(id: number, known: number): boolean {
  return id !== 0 && (known === 0 || id < known);
}
