import { assertNever } from "./assert-never.ts";
import { compareJson, compareText } from "./canonical-json.ts";
import type { JsonObject, JsonValue, SpanEndedEvent, SpanKind, SpanProgress, SpanStartedEvent } from "./span-event.ts";
import { parseTime, type SpanInput } from "./span-input.ts";
import { SpanLog } from "./span-log.ts";
import type { SpanLogLine } from "./span-node.ts";

/** Attributes of one span beyond this many are not kept; those with the smallest names stay. */
const MAX_ATTRIBUTES = 1000;

const NO_ATTRIBUTES: JsonObject = Object.freeze({});
const NO_LINES: readonly SpanLogLine[] = Object.freeze([]);

/** Where a writer stands among others: the later one wins. */
interface Stamp {
  readonly time: number;
  readonly id: number;
  readonly rank: number;
}

interface Stamped<T> {
  value: T;
  stamp: Stamp;
}

/** Within one millisecond and without ids, a span's events can only have happened in this order. */
const RANK = { started: 0, updated: 1, log: 1, ended: 2 } as const;

/**
 * All that is known of one span: the join of its events. Every rule picks a smallest or largest under a total order,
 * which is why neither order nor repetition of events shows.
 */
export class SpanRecord {
  parentSpanId: string | null = null;
  name = "";
  kind: SpanKind = "internal";
  attempt = 0;
  startTime: number | undefined;
  until: number | undefined;
  waitingFor: string | undefined;
  endTime: number | undefined;
  hasFailed = false;
  error: string | undefined;
  /** The time of the earliest event, of any attempt: a span that is opened again keeps its place among its siblings. */
  firstTime = Infinity;
  firstId = Infinity;

  readonly #maxLogs: number;
  #identity: Stamp | undefined;
  #attributes: Map<string, Stamped<JsonValue>> | undefined;
  #attributesView: JsonObject | undefined;
  #progress: Stamped<SpanProgress> | undefined;
  #log: SpanLog | undefined;

  constructor(maxLogs: number) {
    this.#maxLogs = maxLogs;
  }

  get isOpen(): boolean {
    return this.endTime === undefined;
  }

  get attributes(): JsonObject {
    if (this.#attributes === undefined) return NO_ATTRIBUTES;
    this.#attributesView ??= Object.freeze(
      // fromEntries defines properties, so that an attribute named `__proto__` is an attribute.
      Object.fromEntries(
        [...this.#attributes].toSorted(([a], [b]) => compareText(a, b)).map(([name, { value }]) => [name, value]),
      ),
    );
    return this.#attributesView;
  }

  get progress(): SpanProgress | undefined {
    return this.#progress?.value;
  }

  get logs(): readonly SpanLogLine[] {
    return this.#log?.lines ?? NO_LINES;
  }

  /** Takes in one event of this span. True if anything that can be seen has changed. */
  merge(input: SpanInput): boolean {
    const { event, time, id, attempt } = input;
    let changed = this.#mergePlace(time, id);
    if (event.type === "log") {
      this.#log ??= new SpanLog(this.#maxLogs);
      changed = this.#log.add(event, input) || changed;
    }
    if (attempt < this.attempt) return changed;
    if (attempt > this.attempt) {
      this.#reopen(attempt);
      changed = true;
    }
    changed = this.#mergeIdentity(input) || changed;
    const stamp: Stamp = { time, id, rank: RANK[event.type] };
    switch (event.type) {
      case "started":
        changed = this.#mergeStart(event, time) || changed;
        break;
      case "updated":
        if (event.progress !== undefined) changed = this.#mergeProgress(event.progress, stamp) || changed;
        break;
      case "ended":
        changed = this.#mergeEnd(event, time) || changed;
        break;
      case "log":
        // A line's attributes are its own.
        return changed;
      default:
        return assertNever(event);
    }
    return this.#mergeAttributes(event.attributes, stamp) || changed;
  }

  #mergePlace(time: number, id: number): boolean {
    let changed = false;
    if (time < this.firstTime) {
      this.firstTime = time;
      changed = true;
    }
    if (id !== 0 && id < this.firstId) {
      this.firstId = id;
      changed = true;
    }
    return changed;
  }

  /** Only the highest attempt is shown: what the ones before it left behind goes. */
  #reopen(attempt: number): void {
    this.attempt = attempt;
    this.startTime = this.until = this.waitingFor = this.endTime = this.error = undefined;
    this.hasFailed = false;
    this.#identity = this.#attributes = this.#attributesView = this.#progress = undefined;
  }

  /** Name, kind and parent are those of the earliest `started`, else of the earliest event. */
  #mergeIdentity({ event, time, kind }: SpanInput): boolean {
    const rank = event.type === "started" ? 0 : 1;
    const held = this.#identity;
    if (held !== undefined) {
      const order = rank - held.rank || time - held.time;
      if (order > 0) return false;
      const isSame = event.parentSpanId === this.parentSpanId && event.name === this.name && kind === this.kind;
      if (isSame) {
        if (order < 0) this.#identity = { time, id: 0, rank };
        return false;
      }
      if (order === 0) {
        const known = [this.parentSpanId, this.name, this.kind];
        if (compareJson([event.parentSpanId, event.name, kind], known) > 0) return false;
      }
    }
    this.#identity = { time, id: 0, rank };
    this.parentSpanId = event.parentSpanId;
    this.name = event.name;
    this.kind = kind;
    return true;
  }

  #mergeStart(event: SpanStartedEvent, time: number): boolean {
    const until = parseTime(event.until);
    const waitingFor = typeof event.waitingFor === "string" ? event.waitingFor : undefined;
    if (this.startTime !== undefined) {
      if (time > this.startTime) return false;
      const known = [this.until, this.waitingFor];
      if (time === this.startTime && compareJson([until, waitingFor], known) >= 0) return false;
    }
    this.startTime = time;
    this.until = until;
    this.waitingFor = waitingFor;
    return true;
  }

  #mergeEnd({ status }: SpanEndedEvent, time: number): boolean {
    const hasFailed = status.code === "ERROR";
    const error = status.code === "ERROR" && typeof status.message === "string" ? status.message : undefined;
    if (this.endTime !== undefined) {
      if (time > this.endTime) return false;
      if (time === this.endTime && compareJson([hasFailed, error], [this.hasFailed, this.error]) >= 0) return false;
    }
    this.endTime = time;
    this.hasFailed = hasFailed;
    this.error = error;
    return true;
  }

  #mergeProgress(value: SpanProgress, stamp: Stamp): boolean {
    const held = this.#progress;
    if (held !== undefined && !isLater(value, stamp, held)) return false;
    this.#progress = { value, stamp };
    return held === undefined || compareJson(value, held.value) !== 0;
  }

  #mergeAttributes(patch: JsonObject | undefined, stamp: Stamp): boolean {
    let changed = false;
    for (const name of patch === undefined ? [] : Object.keys(patch)) {
      const value = patch?.[name];
      if (value === undefined) continue;
      this.#attributes ??= new Map();
      const held = this.#attributes.get(name);
      if (held === undefined) {
        this.#attributes.set(name, { value, stamp });
        if (this.#attributes.size > MAX_ATTRIBUTES) dropLargestName(this.#attributes);
        changed = true;
      } else if (isLater(value, stamp, held)) {
        if (compareJson(value, held.value) !== 0) changed = true;
        held.value = value;
        held.stamp = stamp;
      }
    }
    if (changed) this.#attributesView = undefined;
    return changed;
  }
}

function isLater<T>(value: T, stamp: Stamp, held: Stamped<T>): boolean {
  const order = stamp.time - held.stamp.time || stamp.id - held.stamp.id || stamp.rank - held.stamp.rank;
  return order > 0 || (order === 0 && compareJson(value, held.value) > 0);
}

/** Which ones are kept must not depend on which came first. */
function dropLargestName(attributes: Map<string, unknown>): void {
  let largest = "";
  for (const name of attributes.keys()) if (name > largest) largest = name;
  attributes.delete(largest);
}
