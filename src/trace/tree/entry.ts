import { compareText } from "./canonical-json.ts";
import type { SpanGroup } from "./group.ts";
import {
  frozenTotals,
  NO_NODES,
  NO_TOTALS,
  rollUp,
  type SpanNode,
  type SpanState,
  type SpanTotals,
  TOTALS_OF_ONE,
  worseState,
} from "./node.ts";
import type { SpanRecord } from "./record.ts";
import type { TraceEntries } from "./trace.ts";

/** One span's place in the forest, and the view that was last made of it. */
export class SpanEntry {
  readonly spanId: string;
  readonly record: SpanRecord;
  readonly trace: TraceEntries;

  // The place: written by the forest.
  parent: SpanEntry | undefined;
  children: SpanGroup | undefined;
  attempts: SpanGroup | undefined;
  /** The members of the circle of parents that this span was found in. */
  cycle: Set<SpanEntry> | undefined;
  /** Index among those that wait for the same parent; -1 if it does not wait. */
  orphanIndex = -1;
  /** Number of the walk that was here last. */
  walk = 0;

  // The order among siblings: written by the forest, and by the group while it is a member.
  group: SpanGroup | undefined;
  /** Index in a group that is not in order yet. */
  index = 0;
  /** First sort key: the number of an attempt. */
  rank = 0;
  time: number;
  id: number;
  /** What the sums of its group contain of it. */
  counted: SpanNode | undefined;
  countedWorst: SpanState = "done";
  countedOpen = 0;

  /** The view is out of date. Then every ancestor's is too, and the group knows. */
  isStale = true;
  /** Whether, at the last refresh, something above ended everything open here. */
  #isCut = false;
  #nextCut = false;
  /** What was decided for the spans below at the last refresh. */
  #cutBelow = -1;
  #isEntered = false;
  #open = 0;
  #below: SpanState = "done";
  #node: SpanNode | undefined;

  constructor(spanId: string, record: SpanRecord, trace: TraceEntries) {
    this.spanId = spanId;
    this.record = record;
    this.trace = trace;
    this.time = record.firstTime;
    this.id = record.firstId;
  }

  /**
   * Makes the views that are out of date.
   *
   * Whether an open span is abandoned is decided above it, and its rollup is decided below it, so each span is visited
   * twice: top down, then bottom up. A span with a current view is skipped with everything below it, unless the decision
   * from above has changed and something in it is still open. Iterative: a chain can be deeper than the stack.
   *
   * @param isCompleted whether no further events will come
   */
  static refresh(roots: SpanGroup, isCompleted: boolean): void {
    const stack: SpanEntry[] = [];
    SpanEntry.#enter(roots, isCompleted, stack);
    for (let entry = stack.at(-1); entry !== undefined; entry = stack.at(-1)) {
      if (entry.#isEntered) {
        stack.pop();
        entry.#isEntered = false;
        entry.#makeView();
      } else {
        entry.#isEntered = true;
        entry.#isCut = entry.#nextCut;
        entry.#enterBelow(isCompleted, stack);
      }
    }
    roots.refresh();
  }

  static #enter(group: SpanGroup, isCompleted: boolean, stack: SpanEntry[]): void {
    for (const entry of group.touched) {
      if (entry.group !== group) continue;
      const nextCut = entry.#isCutAbove(isCompleted);
      if (!entry.isStale && (entry.#isCut === nextCut || entry.#open === 0)) continue;
      entry.#nextCut = nextCut;
      stack.push(entry);
    }
  }

  /** The view as of the last refresh. */
  get node(): SpanNode | undefined {
    return this.#node;
  }

  /** Number of open spans here and below. */
  get open(): number {
    return this.#open;
  }

  /** The worst state below. */
  get below(): SpanState {
    return this.#below;
  }

  /** Whether a later attempt has replaced this one. */
  get isSuperseded(): boolean {
    const { parent, group } = this;
    return parent !== undefined && group === parent.attempts && this.rank < (group?.last?.rank ?? 0);
  }

  /** Whether the parent's end or a later attempt has ended this span. A rollback continues after its parent's end. */
  get isEndedAbove(): boolean {
    if (this.isSuperseded) return true;
    return this.parent?.record.shown.isOpen === false && this.record.shown.kind !== "rollback";
  }

  #isCutAbove(isCompleted: boolean): boolean {
    const { parent, trace, record } = this;
    if (parent === undefined) return isCompleted || trace.isExpired;
    if (parent.#isCut) return true;
    // A rollback starts when what it undoes has ended, and often the run with it.
    return record.shown.kind !== "rollback" && (!parent.record.shown.isOpen || this.isSuperseded);
  }

  #enterBelow(isCompleted: boolean, stack: SpanEntry[]): void {
    const { children, attempts } = this;
    const cutBelow = (this.record.shown.isOpen ? 0 : 1) + (this.#isCut ? 2 : 0);
    if (children !== undefined) {
      if (cutBelow !== this.#cutBelow) children.touchOpen();
      SpanEntry.#enter(children, isCompleted, stack);
    }
    if (attempts !== undefined) {
      attempts.touchNewest();
      if (cutBelow !== this.#cutBelow) attempts.touchOpen();
      SpanEntry.#enter(attempts, isCompleted, stack);
    }
    this.#cutBelow = cutBelow;
  }

  #makeView(): void {
    const { spanId, trace, children, attempts, record } = this;
    const { shown } = record;
    const hasNewChildren = children?.refresh() ?? false;
    const hasNewAttempts = attempts?.refresh() ?? false;
    const state = this.#stateNow();
    const { startTime, endTime } = shown;
    this.#open = (children?.open ?? 0) + (attempts?.open ?? 0) + (shown.isOpen ? 1 : 0);
    this.#below = worseState(children?.worst ?? "done", attempts?.worst ?? "done");
    this.isStale = false;
    const node: SpanNode = {
      traceId: trace.traceId,
      spanId,
      parentSpanId: shown.parentSpanId,
      name: shown.name,
      kind: shown.kind,
      state,
      rollup: rollUp(state, this.#below),
      totals: this.#totalsWith(state),
      attempt: record.attempt,
      run: shown.run,
      attributes: shown.attributes,
      progress: shown.progress,
      logs: record.logs,
      startTime,
      startId: shown.startId,
      endTime,
      endId: shown.endId,
      durationMs: startTime === undefined || endTime === undefined ? undefined : Math.max(0, endTime - startTime),
      error: shown.error,
      waitingFor: shown.waitingFor,
      until: shown.until,
      children: children?.nodes ?? NO_NODES,
      attempts: attempts?.nodes ?? NO_NODES,
      isOrphan: shown.parentSpanId !== null && this.parent === undefined,
    };
    const known = this.#node;
    const isNew = known === undefined || hasNewChildren || hasNewAttempts || !isSameView(node, known);
    if (isNew) this.#node = Object.freeze(node);
  }

  #stateNow(): SpanState {
    const { isOpen, hasFailed, kind } = this.record.shown;
    if (!isOpen) return hasFailed ? "failed" : "done";
    if (this.#isCut) return "abandoned";
    return kind === "sleep" || kind === "wait" ? "waiting" : "running";
  }

  #totalsWith(state: SpanState): SpanTotals {
    const { children, attempts } = this;
    const own = this.record.shown.kind === "attempt" ? NO_TOTALS : TOTALS_OF_ONE[state];
    if (children === undefined && attempts === undefined) return own;
    const counts = { ...own };
    children?.addTotals(counts);
    attempts?.addTotals(counts);
    return frozenTotals(counts, this.#node?.totals);
  }
}

function isSameView(a: SpanNode, b: SpanNode): boolean {
  for (const field in a) if (a[field as keyof SpanNode] !== b[field as keyof SpanNode]) return false;
  return true;
}

/** The order of siblings. Total: no two spans are equal. */
export function compareEntries(a: SpanEntry, b: SpanEntry): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.time !== b.time) return a.time - b.time;
  // Without an id it comes last.
  if (a.id !== b.id) return (a.id || Infinity) < (b.id || Infinity) ? -1 : 1;
  return compareText(a.spanId, b.spanId) || compareText(a.trace.traceId, b.trace.traceId);
}
