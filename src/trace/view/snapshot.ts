import { END_EVENT_TYPE, GAP_EVENT_TYPE } from "../../event/event.ts";
import type { SpanEvent } from "../events.ts";
import type { SpanNode } from "../tree/node.ts";
import { SpanTree } from "../tree/tree.ts";
import { formatCursor } from "../../event/cursor.ts";

/** A trace at one moment, to send along with a page as JSON: `useTrace` and `watchTrace` continue from it. */
export interface TraceSnapshot {
  /** Events that make the tree; `dehydrateTrace` makes as few as possible. */
  readonly events: readonly unknown[];
  /** Cursor of the last event in the tree; empty if there is none. */
  readonly lastEventId: string;
}

/**
 * Snapshot of a trace, from its events or from the tree they were folded into. It is as large as the tree, however many
 * events there were. Runs anywhere, including in server components.
 *
 * @param epoch the history's epoch (`EventBounds.epoch` of the store), so that a client notices if the history is a
 * different one. Without it, the server assumes its current history.
 */
export function dehydrateTrace(from: SpanTree | Iterable<unknown>, epoch?: string): TraceSnapshot {
  const tree = from instanceof SpanTree ? from : new SpanTree();
  if (tree !== from) tree.applyAll(from as Iterable<unknown>);
  const events: object[] = tree.gaps.map((gap) => ({ type: GAP_EVENT_TYPE, ...gap }));
  // Iterative: a tree may be deeper than the stack.
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

/** The order of siblings: time and id of the first event of a span. */
interface Place {
  readonly time: number;
  readonly id: number;
}

/** A span's place. If it is not known, right after the sibling before it, which gives the same order. */
function placeOf({ attempt, startTime, startId }: SpanNode, { time, id }: Place): Place {
  return attempt === 1 && startTime !== undefined ? { time: startTime, id: startId ?? 0 } : { time, id: id + 1 };
}

/** The events of one span: its start, its progress, its log lines, its end. */
function nodeEvents(node: SpanNode, place: Place): object[] {
  const { traceId, spanId, parentSpanId, name, kind, attempt, run, attributes, progress, startTime, endTime } = node;
  const events: object[] = [];
  const add = (type: SpanEvent["type"], time: number, fields: object) =>
    events.push({ type, traceId, spanId, parentSpanId, name, kind, attempt, run, timestamp: iso(time), ...fields });
  // A span that was opened again keeps its first place.
  if (attempt > 1) add("updated", place.time, { id: place.id, attempt: 1, run: undefined });
  // Later events must win over these, so these must not be later than the originals.
  const time = startTime ?? place.time;
  const id = node.startId;
  if (startTime !== undefined) {
    const until = node.until === undefined ? undefined : iso(node.until);
    add("started", time, { id, attributes, until, waitingFor: node.waitingFor });
  }
  if (startTime === undefined || progress !== undefined) add("updated", time, { id, attributes, progress });
  for (const line of node.logs) add("log", line.time, { ...line, time: undefined });
  if (endTime !== undefined) {
    const status = node.state === "failed" ? { code: "ERROR", message: node.error } : { code: "OK" };
    add("ended", endTime, { id: node.endId, status });
  }
  return events;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
