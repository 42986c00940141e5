import type { ReceivedEvent } from "../client/client-event.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import type { ErrorListener } from "../util/errors.ts";
import { END_EVENT_TYPE, GAP_EVENT_TYPE, type GapData } from "../event/event.ts";
import type { Fold } from "./shared-stream.ts";
import { isSameState } from "./stream-state.ts";

/** All of a stream that can be seen, at one moment. */
export interface EventView<E, S> {
  readonly events: readonly E[];
  readonly last: E | undefined;
  readonly gaps: readonly GapData[];
  readonly data: S;
  readonly state: ConnectionState;
}

/** Gaps beyond this many are forgotten, the oldest first. */
const MAX_GAPS = 100;

export interface EventFoldOptions<E, S> {
  readonly maxEvents: number;
  readonly initialData: S;
  readonly reduce: ((data: S, event: E) => S) | undefined;
  /** Hears of what the reducer throws. */
  readonly onThrow: ErrorListener;
}

/** Keeps the newest events, and folds all of them with the user's reducer. */
export class EventFold<E, S> implements Fold<EventView<E, S>> {
  readonly isOver = false;
  readonly tickMs = undefined;
  snapshot: EventView<E, S>;
  cursor = "";
  readonly #options: EventFoldOptions<E, S>;

  constructor(options: EventFoldOptions<E, S>, state: ConnectionState) {
    this.#options = options;
    this.snapshot = { events: [], last: undefined, gaps: [], data: options.initialData, state };
  }

  take(received: readonly ReceivedEvent[], state: ConnectionState): void {
    if (received.length === 0 && isSameState(state, this.snapshot.state)) return;
    const { maxEvents, initialData, reduce, onThrow } = this.#options;
    let { last, data } = this.snapshot;
    let events = [...this.snapshot.events];
    let gaps = this.snapshot.gaps;
    for (const event of received) {
      if (event.type === GAP_EVENT_TYPE) {
        const gap = event.data as GapData;
        const { reason } = gap;
        gaps = [...gaps, gap].slice(-MAX_GAPS);
        if (reason === "trimmed" || reason === "overflow") continue;
        // The history follows from its beginning.
        events = [];
        last = undefined;
        data = initialData;
      } else if (event.type !== END_EVENT_TYPE) {
        last = event as unknown as E;
        events.push(last);
        try {
          if (reduce !== undefined) data = reduce(data, last);
        } catch (error) {
          onThrow(error);
        }
      }
    }
    events = maxEvents === 0 ? [] : events.slice(-maxEvents);
    this.cursor = state.lastEventId ?? this.cursor;
    this.snapshot = { events, last, gaps, data, state };
  }
}
