import type { SpanEntry, TraceEntries } from "./span-entry.ts";
import { isSuperseded } from "./span-view.ts";

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
 * A sleep is silent by its nature, so the lease begins at its end, and a wait without an end holds it for ever.
 * What has been cut off by an ended parent or a later attempt holds nothing.
 */
export function traceExpiry(trace: TraceEntries, leaseMs: number): number {
  if (trace.silentUntil === undefined) {
    trace.silentUntil = -Infinity;
    for (const entry of trace.sleepers) {
      if (!isCutOff(entry)) trace.silentUntil = Math.max(trace.silentUntil, entry.record.shown.until ?? Infinity);
    }
  }
  return Math.max(trace.lastHeard, trace.silentUntil) + leaseMs;
}

/** Whether something above has made an end of what is open here. O(depth). */
function isCutOff(entry: SpanEntry): boolean {
  for (let next: SpanEntry | undefined = entry; next !== undefined; next = next.parent) {
    if (isSuperseded(next)) return true;
    // A rollback goes on after the end of what it is below.
    if (next.parent?.record.shown.isOpen === false && next.record.shown.kind !== "rollback") return true;
  }
  return false;
}
