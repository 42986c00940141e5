import type { SpanEvent } from "../trace/events.ts";

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
