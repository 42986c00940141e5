import { orderedChildren, type SpanEntry, type TraceEntries } from "./span-forest.ts";
import { newestAttempt } from "./span-view.ts";

/**
 * After which time, in milliseconds since the epoch, the trace's silence means that it is dead.
 *
 * A sleep is silent by its nature, so the lease begins at its end, and a wait without an end holds it for ever.
 * What has been cut off by an ended parent or a later attempt holds nothing. O(open spans and their children).
 */
export function traceExpiry(trace: TraceEntries, leaseMs: number): number {
  let lastExpected = trace.lastHeard;
  const stack: SpanEntry[] = [];
  for (const entry of trace.entries.values()) if (entry.parent === undefined) stack.push(entry);
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { record } = entry;
    if (!record.isOpen) continue;
    if (record.kind === "sleep" || record.kind === "wait") {
      lastExpected = Math.max(lastExpected, record.until ?? Infinity);
    }
    const children = orderedChildren(entry);
    const newest = newestAttempt(children);
    for (const child of children) {
      if (child.record.kind !== "attempt" || child.record.attempt === newest) stack.push(child);
    }
  }
  return lastExpected + leaseMs;
}
