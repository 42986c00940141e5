import type { SpanEntry, TraceEntries } from "./entry.ts";
import type { SpanForest } from "./forest.ts";
import { isSuperseded } from "./view.ts";

/** Keeps the trace's record of what may be silent up to date with this span, which has changed. */
export function noteSleeper(entry: SpanEntry): void {
  const { record, trace } = entry;
  if (record.shown.isOpen && (record.shown.kind === "sleep" || record.shown.kind === "wait")) trace.sleepers.add(entry);
  else trace.sleepers.delete(entry);
  trace.silentUntil = undefined;
}

/**
 * After which time, in milliseconds since the epoch, the trace's silence means that it is dead.
 *
 * A sleep is silent by its nature, so the lease begins at its end, and a wait without an end holds it forever.
 * What has been cut off by an ended parent or a later attempt holds nothing.
 */
export function traceExpiry(trace: TraceEntries, leaseMs: number, forest: SpanForest): number {
  if (trace.silentUntil === undefined) {
    trace.silentUntil = -Infinity;
    const cut = forest.takeWalks(2);
    for (const entry of trace.sleepers) {
      if (!isCutOff(entry, cut)) trace.silentUntil = Math.max(trace.silentUntil, entry.record.shown.until ?? Infinity);
    }
  }
  return Math.max(trace.lastHeard, trace.silentUntil) + leaseMs;
}

/**
 * Whether something above has made an end of what is open here. What is found out is noted in `walk`, as `cut` or the number after it:
 * of many sleeps below one another, each span above them is looked at once.
 */
function isCutOff(entry: SpanEntry, cut: number): boolean {
  const notCut = cut + 1;
  let result = notCut;
  let end: SpanEntry | undefined = entry;
  for (; end !== undefined && result !== cut; end = end.parent) {
    if (end.walk === cut || end.walk === notCut) {
      result = end.walk;
      break;
    }
    if (isEndedAbove(end)) result = cut;
  }
  for (let next: SpanEntry | undefined = entry; next !== end && next !== undefined; next = next.parent)
    next.walk = result;
  return result === cut;
}

function isEndedAbove(entry: SpanEntry): boolean {
  // A rollback goes on after the end of what it is below.
  return isSuperseded(entry) || (entry.parent?.record.shown.isOpen === false && entry.record.shown.kind !== "rollback");
}
