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
