import type { SpanEndedEvent, SpanEvent } from "../trace/events.ts";
import { spanEventKey } from "../trace/ids.ts";

/** The newest tree of an instance: which root it has, and whether that has ended. */
export interface RunState {
  readonly spanId: string;
  readonly name: string;
  readonly hasEnded: boolean;
}

/** What a batch of events means for the run. */
export interface RunChange {
  readonly run: RunState | undefined;
  /** The events to store: those given, and before the root of a new tree the end of an old one that is still open. */
  readonly events: readonly SpanEvent[];
}

/**
 * Reads off a batch whether a run begins, goes on or ends.
 *
 * @param stored - the event that is stored under a key, if there is one
 */
export function followRun(
  run: RunState | undefined,
  batch: readonly SpanEvent[],
  stored: (key: string) => SpanEvent | undefined,
): RunChange {
  const events: SpanEvent[] = [];
  let current = run;
  for (const event of batch) {
    if (event.kind === "workflow" && event.type === "started") {
      const known = event.key === undefined ? undefined : stored(event.key);
      if (known === undefined && event.spanId !== current?.spanId) {
        if (current !== undefined && !current.hasEnded) events.push(supersededEnd(current, event));
        current = { spanId: event.spanId, name: event.name, hasEnded: false };
      } else if (known?.timestamp !== event.timestamp && event.spanId === current?.spanId) {
        // The same root at another time: `run()` is executed again. At the same time, it is a call made twice.
        current = { ...current, hasEnded: false };
      }
    } else if (event.kind === "workflow" && event.type === "ended" && event.spanId === current?.spanId) {
      current = { ...current, hasEnded: true };
    }
    events.push(event);
  }
  return { run: current, events };
}

/** `restart()` leaves the old tree open without a word, and its spans would look alive for ever. */
function supersededEnd(run: RunState, by: SpanEvent): SpanEndedEvent {
  const span = { traceId: by.traceId, spanId: run.spanId, type: "ended" } as const;
  return {
    ...span,
    key: spanEventKey(span),
    parentSpanId: null,
    name: run.name,
    kind: "workflow",
    timestamp: by.timestamp,
    status: { code: "ERROR", message: "superseded by a restart" },
    attributes: { "workflow.superseded": true },
  };
}

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

/**
 * Events that `@oselvar/ssetarget` has kept in this object, in order; none if it has not been here. Its root has no kind, and the
 * end of it no name: they get what a root has here, so that the run is known for one.
 */
export function readOriginalEvents({ sql }: DurableObjectStorage): readonly SpanEvent[] {
  const [table] = sql
    .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'events'")
    .toArray();
  if (table === undefined || !/\bpayload\b/.test(table.sql)) return [];
  const rows = sql.exec<{ payload: string }>("SELECT payload FROM events ORDER BY id").toArray();
  const events = rows.map(({ payload }) => JSON.parse(payload) as SpanEvent);
  const root = events.find((event) => event.type === "started" && event.parentSpanId === null);
  // A subclass may have a table of this name for something else.
  if (root?.name === undefined || root.traceId === undefined) return [];
  const place = { kind: "workflow", name: root.name, parentSpanId: null } as const;
  return events.map((event) => (event.spanId === root.spanId ? { ...event, ...place } : event));
}

export function dropOriginalEvents({ sql }: DurableObjectStorage): void {
  sql.exec("DROP TABLE events");
}
