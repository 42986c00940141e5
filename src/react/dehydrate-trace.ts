import { END_EVENT_TYPE, GAP_EVENT_TYPE } from "../event/event.ts";
import type { SpanEvent } from "../trace/events.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import { SpanTree } from "../trace/tree/tree.ts";
import { formatCursor } from "../event/cursor.ts";

/** A trace as it stood, to be sent along with a page: JSON can carry it, and `useTrace` and `watchTrace` go on from it. */
export interface TraceSnapshot {
  /** As few events as make the same tree. */
  readonly events: readonly object[];
  /** The cursor after which the history goes on; empty where there was none. */
  readonly lastEventId: string;
}

/**
 * Makes a snapshot of a trace: of its events, or of the tree that they were folded into. It is as large as the tree, however
 * many events made it. Runs anywhere, server components included.
 *
 * @param epoch names the history (`EventBounds.epoch` of the store), so that a client is told when it is another one.
 * Without it the server takes the snapshot to be of its present history.
 */
export function dehydrateTrace(from: SpanTree | Iterable<unknown>, epoch?: string): TraceSnapshot {
  const tree = from instanceof SpanTree ? from : new SpanTree();
  if (tree !== from) tree.applyAll(from as Iterable<unknown>);
  const events: object[] = tree.gaps.map((gap) => ({ type: GAP_EVENT_TYPE, ...gap }));
  // Not by recursion: a tree may be deeper than the stack.
  const pending: (readonly SpanNode[])[] = [tree.roots];
  for (let nodes = pending.pop(); nodes !== undefined; nodes = pending.pop()) {
    let place: Place = { time: 0, id: 0 };
    for (const node of nodes) {
      place = placeOf(node, place);
      events.push(...nodeEvents(node, place));
      pending.push(node.children, node.attempts);
    }
  }
  if (tree.isCompleted) events.push({ type: END_EVENT_TYPE });
  const id = tree.lastEventId;
  return { events, lastEventId: id === undefined ? "" : formatCursor({ id, epoch }) };
}

/** What siblings are ordered by: the time and the id of the first that was heard of a span. */
interface Place {
  readonly time: number;
  readonly id: number;
}

/** A span's place, or one that comes to the same: right behind its elder sibling's, which its own cannot be before. */
function placeOf({ attempt, startTime, startId }: SpanNode, { time, id }: Place): Place {
  return attempt === 1 && startTime !== undefined ? { time: startTime, id: startId ?? 0 } : { time, id: id + 1 };
}

/** The events of one span: one for its start, one for how far it has come, one for each log line, one for its end. */
function nodeEvents(node: SpanNode, place: Place): object[] {
  const { traceId, spanId, parentSpanId, name, kind, attempt, run, attributes, progress, startTime, endTime } = node;
  const events: object[] = [];
  const tell = (type: SpanEvent["type"], time: number, fields: object) =>
    events.push({ type, traceId, spanId, parentSpanId, name, kind, attempt, run, timestamp: iso(time), ...fields });
  // A span that was opened again has kept its place.
  if (attempt > 1) tell("updated", place.time, { id: place.id, attempt: 1, run: undefined });
  // Whatever comes later wins over what is said here, so this must not be later than it was.
  const time = startTime ?? place.time;
  const id = node.startId;
  if (startTime !== undefined) {
    const until = node.until === undefined ? undefined : iso(node.until);
    tell("started", time, { id, attributes, until, waitingFor: node.waitingFor });
  }
  if (startTime === undefined || progress !== undefined) tell("updated", time, { id, attributes, progress });
  for (const line of node.logs) tell("log", line.time, { ...line, time: undefined });
  if (endTime !== undefined) {
    const status = node.state === "failed" ? { code: "ERROR", message: node.error } : { code: "OK" };
    tell("ended", endTime, { id: node.endId, status });
  }
  return events;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
