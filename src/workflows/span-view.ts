import { orderedChildren, type SpanEntry } from "./span-forest.ts";
import { rollUp, type SpanNode, type SpanState, worseState } from "./span-node.ts";

const NO_NODES: readonly SpanNode[] = Object.freeze([]);

/** Running counts, kept up to date as views are made. */
export type SpanCounts = Record<SpanState, number>;

/**
 * Makes the views below `root` anew where they are out of date, and `root`'s own.
 *
 * Whether an open span is abandoned is decided above it, what it rolls up to is decided below it: hence two visits to
 * each span, top down and then bottom up. A span whose view is current is passed over with all that is below it, unless
 * the decision from above has changed and something in there is still open.
 *
 * On a stack of its own: a chain of spans may be deeper than the engine's stack.
 */
export function refreshView(root: SpanEntry, isCut: boolean, counts: SpanCounts): void {
  if (!needsVisit(root, isCut)) return;
  root.nextCut = isCut;
  const stack: SpanEntry[] = [root];
  for (let entry = stack.at(-1); entry !== undefined; entry = stack.at(-1)) {
    if (entry.isEntered) {
      stack.pop();
      entry.isEntered = false;
      makeView(entry, counts);
    } else {
      entry.isEntered = true;
      entry.isCut = entry.nextCut;
      enterChildren(entry, stack);
    }
  }
}

function needsVisit(entry: SpanEntry, isCut: boolean): boolean {
  return entry.isStale || (entry.isCut !== isCut && entry.hasOpen);
}

function enterChildren(entry: SpanEntry, stack: SpanEntry[]): void {
  const children = orderedChildren(entry);
  const isCut = entry.isCut || !entry.record.isOpen;
  const newest = newestAttempt(children);
  for (const child of children) {
    const isSuperseded = child.record.kind === "attempt" && child.record.attempt < newest;
    // A rollback begins when what it undoes has ended, and often the run with it.
    const isChildCut = child.record.kind === "rollback" ? entry.isCut : isCut || isSuperseded;
    if (!needsVisit(child, isChildCut)) continue;
    child.nextCut = isChildCut;
    stack.push(child);
  }
}

/** The number of the newest of a step's tries; 0 where it has none. */
export function newestAttempt(children: readonly SpanEntry[]): number {
  let newest = 0;
  for (const { record } of children) if (record.kind === "attempt" && record.attempt > newest) newest = record.attempt;
  return newest;
}

function makeView(entry: SpanEntry, counts: SpanCounts): void {
  const { record, spanId, trace } = entry;
  const ordered = orderedChildren(entry);
  const children: SpanNode[] = [];
  const attempts: SpanNode[] = [];
  const newest = newestAttempt(ordered);
  let below: SpanState = "done";
  let hasOpen = record.isOpen;
  for (const child of ordered) {
    const node = child.node as SpanNode;
    hasOpen ||= child.hasOpen;
    if (node.kind !== "attempt") {
      children.push(node);
      below = worseState(below, node.rollup);
    } else {
      attempts.push(node);
      if (node.attempt === newest) below = worseState(below, child.below);
    }
  }
  attempts.sort((a, b) => a.attempt - b.attempt);
  const state = stateOf(entry);
  const { startTime, endTime } = record;
  entry.node = Object.freeze<SpanNode>({
    traceId: trace.traceId,
    spanId,
    parentSpanId: record.parentSpanId,
    name: record.name,
    kind: record.kind,
    state,
    rollup: rollUp(state, below),
    attempt: record.attempt,
    attributes: record.attributes,
    progress: record.progress,
    logs: record.logs,
    startTime,
    endTime,
    durationMs: startTime === undefined || endTime === undefined ? undefined : Math.max(0, endTime - startTime),
    error: record.error,
    waitingFor: record.waitingFor,
    until: record.until,
    children: children.length === 0 ? NO_NODES : Object.freeze(children),
    attempts: attempts.length === 0 ? NO_NODES : Object.freeze(attempts),
    isOrphan: record.parentSpanId !== null && entry.parent === undefined,
  });
  entry.isStale = false;
  entry.hasOpen = hasOpen;
  entry.below = below;
  count(entry, record.kind === "attempt" ? undefined : state, counts);
}

function stateOf({ record, isCut }: SpanEntry): SpanState {
  if (!record.isOpen) return record.hasFailed ? "failed" : "done";
  if (isCut) return "abandoned";
  return record.kind === "sleep" || record.kind === "wait" ? "waiting" : "running";
}

function count(entry: SpanEntry, state: SpanState | undefined, counts: SpanCounts): void {
  if (entry.counted === state) return;
  if (entry.counted !== undefined) counts[entry.counted] -= 1;
  if (state !== undefined) counts[state] += 1;
  entry.counted = state;
}
