import type { GapEvent } from "../client/client-event.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import { END_EVENT_TYPE, GAP_EVENT_TYPE, type GapData } from "../event.ts";
import type { AnyEvent, Fold } from "./shared-stream.ts";
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

/** Keeps the newest events, and folds all of them with the user's reducer. */
export class EventFold<E, S> implements Fold<EventView<E, S>> {
  readonly isOver = false;
  readonly tickMs = undefined;
  snapshot: EventView<E, S>;
  cursor = "";
  readonly #maxEvents: number;
  readonly #initial: S;
  readonly #reduce: ((data: S, event: E) => S) | undefined;

  constructor(maxEvents: number, initial: S, reduce: ((data: S, event: E) => S) | undefined, state: ConnectionState) {
    this.#maxEvents = maxEvents;
    this.#initial = initial;
    this.#reduce = reduce;
    this.snapshot = { events: [], last: undefined, gaps: [], data: initial, state };
  }

  take(received: readonly AnyEvent[], state: ConnectionState): void {
    if (received.length === 0 && isSameState(state, this.snapshot.state)) return;
    let { last, data } = this.snapshot;
    let events = [...this.snapshot.events];
    let gaps = this.snapshot.gaps;
    for (const event of received) {
      if (event.type === GAP_EVENT_TYPE) {
        const { reason } = event as GapEvent;
        gaps = [...gaps, event as GapEvent].slice(-MAX_GAPS);
        if (reason === "trimmed" || reason === "overflow") continue;
        // The history follows from its beginning.
        events = [];
        last = undefined;
        data = this.#initial;
      } else if (event.type !== END_EVENT_TYPE) {
        last = event as unknown as E;
        events.push(last);
        if (this.#reduce !== undefined) data = this.#reduce(data, last);
      }
    }
    events = this.#maxEvents === 0 ? [] : events.slice(-this.#maxEvents);
    this.cursor = state.lastEventId ?? this.cursor;
    this.snapshot = { events, last, gaps, data, state };
  }
}
