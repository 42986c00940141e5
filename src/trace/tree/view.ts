import { frozenTotals, NO_TOTALS, TOTALS_OF_ONE } from "./totals.ts";
import type { SpanEntry } from "./entry.ts";
import { NO_NODES, type SpanGroup } from "./group.ts";
import { rollUp, type SpanNode, type SpanState, type SpanTotals, worseState } from "./node.ts";

/**
 * Makes the views anew that are out of date.
 *
 * Whether an open span is abandoned is decided above it, what it rolls up to is decided below it: hence two visits to
 * each span, top down and then bottom up. A span whose view is current is passed over with all that is below it, unless
 * the decision from above has changed and something in there is still open.
 *
 * On a stack of its own: a chain of spans may be deeper than the engine's stack.
 *
 * @param isCompleted whether nothing more will come of anything that is open
 */
export function refreshRoots(roots: SpanGroup, isCompleted: boolean): void {
  const stack: SpanEntry[] = [];
  enter(roots, isCompleted, stack);
  for (let entry = stack.at(-1); entry !== undefined; entry = stack.at(-1)) {
    if (entry.isEntered) {
      stack.pop();
      entry.isEntered = false;
      makeView(entry);
    } else {
      entry.isEntered = true;
      entry.isCut = entry.nextCut;
      enterBelow(entry, isCompleted, stack);
    }
  }
  roots.refresh();
}

/** Has all members looked at in which something is open, because what is decided above them has changed. */
export function touchOpen(group: SpanGroup): void {
  for (const entry of group.all) if (entry.open > 0) group.touch(entry);
}

/** Whether a later try has taken the place of this one. */
export function isSuperseded({ rank, parent, group }: SpanEntry): boolean {
  return parent !== undefined && group === parent.attempts && rank < (group?.last?.rank ?? 0);
}

function enterBelow(entry: SpanEntry, isCompleted: boolean, stack: SpanEntry[]): void {
  const { children, attempts, isCut } = entry;
  const cutBelow = (entry.record.shown.isOpen ? 0 : 1) + (isCut ? 2 : 0);
  if (children !== undefined) {
    if (cutBelow !== entry.cutBelow) touchOpen(children);
    enter(children, isCompleted, stack);
  }
  if (attempts !== undefined) {
    attempts.touchNewest();
    if (cutBelow !== entry.cutBelow) touchOpen(attempts);
    enter(attempts, isCompleted, stack);
  }
  entry.cutBelow = cutBelow;
}

function enter(group: SpanGroup, isCompleted: boolean, stack: SpanEntry[]): void {
  for (const entry of group.touched) {
    if (entry.group !== group) continue;
    const nextCut = isCutAbove(entry, isCompleted);
    if (!entry.isStale && (entry.isCut === nextCut || entry.open === 0)) continue;
    entry.nextCut = nextCut;
    stack.push(entry);
  }
}

function isCutAbove(entry: SpanEntry, isCompleted: boolean): boolean {
  const { parent, trace, record } = entry;
  if (parent === undefined) return isCompleted || trace.isExpired;
  if (parent.isCut) return true;
  // A rollback begins when what it undoes has ended, and often the run with it.
  return record.shown.kind !== "rollback" && (!parent.record.shown.isOpen || isSuperseded(entry));
}

function makeView(entry: SpanEntry): void {
  const { record, spanId, trace, children, attempts, node: known } = entry;
  const hasNewChildren = children?.refresh() ?? false;
  const hasNewAttempts = attempts?.refresh() ?? false;
  const state = stateOf(entry);
  const { startTime, endTime } = record.shown;
  entry.open = (children?.open ?? 0) + (attempts?.open ?? 0) + (record.shown.isOpen ? 1 : 0);
  entry.below = worseState(children?.worst ?? "done", attempts?.worst ?? "done");
  entry.isStale = false;
  const node: SpanNode = {
    traceId: trace.traceId,
    spanId,
    parentSpanId: record.shown.parentSpanId,
    name: record.shown.name,
    kind: record.shown.kind,
    state,
    rollup: rollUp(state, entry.below),
    totals: totalsWith(entry, state),
    attempt: record.attempt,
    run: record.shown.run,
    attributes: record.shown.attributes,
    progress: record.shown.progress,
    logs: record.logs,
    startTime,
    startId: record.shown.startId,
    endTime,
    endId: record.shown.endId,
    durationMs: startTime === undefined || endTime === undefined ? undefined : Math.max(0, endTime - startTime),
    error: record.shown.error,
    waitingFor: record.shown.waitingFor,
    until: record.shown.until,
    children: children?.nodes ?? NO_NODES,
    attempts: attempts?.nodes ?? NO_NODES,
    isOrphan: record.shown.parentSpanId !== null && entry.parent === undefined,
  };
  const isNew = known === undefined || hasNewChildren || hasNewAttempts || !isSameView(node, known);
  if (isNew) entry.node = Object.freeze(node);
}

function stateOf({ record, isCut }: SpanEntry): SpanState {
  if (!record.shown.isOpen) return record.shown.hasFailed ? "failed" : "done";
  if (isCut) return "abandoned";
  return record.shown.kind === "sleep" || record.shown.kind === "wait" ? "waiting" : "running";
}

function totalsWith({ children, attempts, record, node }: SpanEntry, state: SpanState): SpanTotals {
  const own = record.shown.kind === "attempt" ? NO_TOTALS : TOTALS_OF_ONE[state];
  if (children === undefined && attempts === undefined) return own;
  const counts = { ...own };
  children?.addTotals(counts);
  attempts?.addTotals(counts);
  return frozenTotals(counts, node?.totals);
}

function isSameView(a: SpanNode, b: SpanNode): boolean {
  for (const field in a) if (a[field as keyof SpanNode] !== b[field as keyof SpanNode]) return false;
  return true;
}
