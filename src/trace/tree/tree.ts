import type { GapData } from "../../event/event.ts";
import { delayOption, readOptions, wholeNumberOption } from "../../util/options.ts";
import { assertNever } from "../../util/assert-never.ts";
import { compareText } from "./canonical-json.ts";
import { SpanEntry } from "./entry.ts";
import { SpanForest } from "./forest.ts";
import { readTreeInput, type SpanInput } from "./parse.ts";
import { frozenTotals, noCounts, NO_TOTALS, type SpanNode, type SpanTotals } from "./node.ts";
import { type SpanFacts, SpanRecord } from "./record.ts";
import type { TraceEntries } from "./trace.ts";

/** Gaps beyond this many are forgotten, the oldest first. */
const MAX_GAPS = 100;

/** Every bound of a tree. */
export interface SpanTreeOptions {
  /**
   * A trace of which no event is younger than this, in milliseconds, is dead: what is open in it is abandoned.
   * Judged only when {@link SpanTree.tick} is called. It compares the server's timestamps with `now`, so leave room for
   * the difference of clocks, or give `tick` the server's time (`ServerClock`). A sleep or wait holds the lease until its `until`, and for good where it has none.
   * @defaultValue null: no lease
   */
  readonly leaseMs?: number | null;
  /** The clock of `tick`, in milliseconds since the epoch. @defaultValue Date.now */
  readonly now?: () => number;
  /** Of more log lines than this the span keeps the newest. @defaultValue 1000 */
  readonly maxLogsPerSpan?: number;
  /** Events of spans beyond this many are ignored and counted in `ignored.overLimit`. @defaultValue 100_000 */
  readonly maxSpans?: number;
}

/** Events that were given to `apply` and are not in the tree. */
export interface IgnoredEvents {
  /** Their type is none that the tree knows. */
  readonly unknownType: number;
  /** They are no events, or lack what they must have. */
  readonly malformed: number;
  /** They belong to spans beyond `maxSpans`. */
  readonly overLimit: number;
}

/**
 * A live tree of spans: a pure fold of span events.
 *
 * Any order of the events, repeats, missing parents and spans that are opened again give the same tree, for every rule of
 * merging is a join: of the newest attempt the earliest `started` and `ended` count, and of each attribute and of the
 * progress the value with the latest (id, timestamp). The exceptions are the bound `maxSpans`, gaps, and more than 16 runs of one span.
 *
 * Events are not trusted: what is malformed is counted and otherwise ignored. Views are made when they are asked for: after an update the span and
 * those above it get new ones, and of each list of children that one of them is in a copy is made, of references. All other views stay the same objects.
 */
export class SpanTree {
  readonly #now: () => number;
  readonly #leaseMs: number | null;
  readonly #maxLogsPerSpan: number;
  readonly #maxSpans: number;
  #forest = new SpanForest();
  #gaps: readonly GapData[] = [];
  #lastEventId = 0;
  #isCompleted = false;
  #tickedAt = -Infinity;
  /** Traces of which the lease may stand differently than at the last look; undefined: all. */
  #toJudge: Set<TraceEntries> | undefined = new Set();
  #ignored = { unknownType: 0, malformed: 0, overLimit: 0 };
  #isStale = false;
  /** What was decided from above for every root may have changed. */
  #isCutStale = false;
  #totals: SpanTotals = NO_TOTALS;

  /** @throws SSETargetError `invalid-option` */
  constructor(given?: SpanTreeOptions) {
    const options = readOptions("SpanTree", given, { maxLogsPerSpan: true, maxSpans: true, leaseMs: true, now: true });
    this.#leaseMs = delayOption("leaseMs", options.leaseMs ?? null, 0);
    this.#now = options.now ?? Date.now;
    this.#maxLogsPerSpan = wholeNumberOption("maxLogsPerSpan", options.maxLogsPerSpan, 1000, 0);
    this.#maxSpans = wholeNumberOption("maxSpans", options.maxSpans, 100_000, 1);
  }

  /**
   * Takes in one event, which need not be trusted: a span event, `ssetarget:end` or `ssetarget:gap`.
   *
   * A gap for the reason `reset` or `unknown-cursor` empties the tree, for the server then sends its history anew.
   * @returns whether anything that can be seen has changed, `lastEventId` and `ignored` apart
   */
  apply(event: unknown): boolean {
    const input = readTreeInput(event);
    switch (input.type) {
      case "span":
        return this.#applySpan(input);
      case "end":
        this.#hear(input.id);
        return this.#complete();
      case "gap":
        return this.#applyGap(input.gap);
      case "unknown":
        this.#hear(input.id);
        this.#ignored.unknownType += 1;
        return false;
      case "malformed":
        this.#ignored.malformed += 1;
        return false;
      default:
        return assertNever(input);
    }
  }

  /** @returns whether any of them changed anything */
  applyAll(events: Iterable<unknown>): boolean {
    let changed = false;
    for (const event of events) changed = this.apply(event) || changed;
    return changed;
  }

  /** Spans without a parent, and orphans, in order. The same array until something changes. */
  get roots(): readonly SpanNode[] {
    this.#refresh();
    return this.#forest.roots.nodes;
  }

  /** The span of this id; without a trace id, in the first trace that has it, by the order of trace ids. */
  get(spanId: string, traceId?: string): SpanNode | undefined {
    this.#refresh();
    if (traceId !== undefined) return this.#forest.traces.get(traceId)?.entries.get(spanId)?.node;
    let first: SpanEntry | undefined;
    for (const { entries, traceId: other } of this.#forest.traces.values()) {
      const found = entries.get(spanId);
      if (found && (!first || compareText(other, first.trace.traceId) < 0)) first = found;
    }
    return first?.node;
  }

  /**
   * What is known of a span by itself. `get` brings the views of all that has changed up to date; this costs the same however many
   * spans there are, for those who ask after every event.
   */
  peek(spanId: string, traceId: string): SpanFacts | undefined {
    return this.#forest.traces.get(traceId)?.entries.get(spanId)?.record.facts;
  }

  /** How many spans are in each state, of all roots. The same object until a count changes. */
  get totals(): SpanTotals {
    this.#refresh();
    return this.#totals;
  }

  /** How many spans the tree holds, attempts included. */
  get size(): number {
    return this.#forest.size;
  }

  /** The largest event id that was seen; undefined where none was. */
  get lastEventId(): number | undefined {
    return this.#lastEventId === 0 ? undefined : this.#lastEventId;
  }

  /** True once `ssetarget:end` was seen: whatever is still open then is abandoned. */
  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** The gaps that were seen, the last 100. */
  get gaps(): readonly GapData[] {
    return this.#gaps;
  }

  /** Counts of what was given to `apply` and is not in the tree. */
  get ignored(): IgnoredEvents {
    return { ...this.#ignored };
  }

  /**
   * Lets time pass: judges the leases as of `nowMs`, in milliseconds since the epoch. Does nothing without `leaseMs`.
   *
   * The judgement stands until the next call, apart from traces of which newer events arrive.
   * @returns whether anything that can be seen has changed
   */
  tick(nowMs: number = this.#now()): boolean {
    if (this.#leaseMs === null || nowMs === this.#tickedAt) return false;
    const before = this.roots;
    this.#tickedAt = nowMs;
    this.#isStale = true;
    this.#toJudge = undefined;
    return this.roots !== before;
  }

  /** Forgets everything. */
  clear(): void {
    this.#forget();
    this.#gaps = [];
    this.#ignored = { unknownType: 0, malformed: 0, overLimit: 0 };
  }

  #applySpan(input: SpanInput): boolean {
    const { traceId, spanId } = input.event;
    this.#hear(input.id);
    const known = this.#forest.traces.get(traceId)?.entries.get(spanId);
    if (known !== undefined) {
      const changed = this.#merge(known, input);
      return this.#hearTrace(known.trace, input.time, changed);
    }
    if (this.#forest.size >= this.#maxSpans) {
      this.#ignored.overLimit += 1;
      return false;
    }
    const record = new SpanRecord(this.#maxLogsPerSpan, input);
    const entry = this.#forest.add(traceId, spanId, record);
    entry.trace.note(entry);
    this.#isStale = true;
    return this.#hearTrace(entry.trace, input.time, true);
  }

  #merge(entry: SpanEntry, input: SpanInput): boolean {
    const { parentSpanId } = entry.record.shown;
    const hasChanged = entry.record.merge(input);
    if (hasChanged) entry.trace.note(entry);
    if (!this.#forest.settle(entry, parentSpanId, hasChanged)) return false;
    this.#isStale = true;
    return true;
  }

  /** Renews the trace's lease. True if anything that can be seen has changed, now or `changed` before. */
  #hearTrace(trace: TraceEntries, time: number, changed: boolean): boolean {
    const { lastHeard } = trace;
    if (this.#leaseMs !== null) this.#toJudge?.add(trace);
    if (time <= lastHeard) return changed;
    // Only where the lease had run out can an event that says nothing new change what is seen.
    const wasExpired = !changed && !this.#isCompleted && this.#isExpired(trace);
    trace.lastHeard = time;
    if (!wasExpired || this.#isExpired(trace)) return changed;
    trace.lastHeard = lastHeard;
    const before = this.roots;
    trace.lastHeard = time;
    // The look before has judged it with the time that it had.
    this.#toJudge?.add(trace);
    this.#isStale = true;
    return this.roots !== before;
  }

  #applyGap(gap: GapData): boolean {
    if (gap.reason === "reset" || gap.reason === "unknown-cursor") this.#forget();
    this.#gaps = Object.freeze([...this.#gaps, gap].slice(-MAX_GAPS));
    return true;
  }

  #complete(): boolean {
    if (this.#isCompleted) return false;
    this.#isCompleted = this.#isStale = this.#isCutStale = true;
    return true;
  }

  #forget(): void {
    this.#forest = new SpanForest();
    this.#toJudge = new Set();
    this.#lastEventId = 0;
    this.#isCompleted = false;
    this.#isStale = true;
  }

  #hear(id: number): void {
    if (id > this.#lastEventId) this.#lastEventId = id;
  }

  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const { roots, traces } = this.#forest;
    this.#forest.cutCycles();
    if (this.#leaseMs !== null) {
      for (const trace of this.#toJudge ?? traces.values()) {
        const isExpired = this.#isExpired(trace);
        if (isExpired !== trace.isExpired) this.#isCutStale = true;
        trace.isExpired = isExpired;
      }
      this.#toJudge = new Set();
    }
    if (this.#isCutStale) roots.touchOpen();
    this.#isCutStale = false;
    SpanEntry.refresh(roots, this.#isCompleted);
    const counts = noCounts();
    roots.addTotals(counts);
    this.#totals = frozenTotals(counts, this.#totals);
  }

  #isExpired(trace: TraceEntries): boolean {
    if (this.#leaseMs === null || this.#tickedAt <= trace.lastHeard + this.#leaseMs) return false;
    this.#forest.cutCycles();
    return this.#tickedAt > trace.expiry(this.#leaseMs, this.#forest);
  }
}
