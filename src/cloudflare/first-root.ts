import type { SpanEvent } from "../trace/events.ts";

/** What the ids of spans look like that `WorkflowEventStep` has made. */
const MADE_ID = /^[0-9a-f]{16}$/;

/** Id of the root that begins in this batch; `undefined` if none does, or if it has an id of its user's own. */
export function rootBegunIn(batch: readonly SpanEvent[]): string | undefined {
  const root = batch.find(({ type, kind }) => type === "started" && kind === "workflow");
  return root !== undefined && MADE_ID.test(root.spanId) ? root.spanId : undefined;
}

/**
 * The event with the instance's id in place of the first root's, as the root of a run is documented to have it.
 *
 * Only the object that keeps the events can tell a first run from a restarted one. Keys stay as they are: they only have to be
 * the same each time.
 */
export function renameRoot(event: SpanEvent, rootId: string): SpanEvent {
  if (event.spanId === rootId) return { ...event, spanId: event.traceId };
  return event.parentSpanId === rootId ? { ...event, parentSpanId: event.traceId } : event;
}
