import type { ReceivedEvent } from "../client/client-event.ts";
import type { ConnectOptions } from "../client/connect-options.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import { WatchedStream } from "../client/watched-stream.ts";
import { END_EVENT_TYPE, GAP_EVENT_TYPE, type GapData } from "../event/event.ts";

/** Everything visible of a stream at one moment. */
export interface EventView<E, S> {
  /** The newest events, at most `maxEvents`, oldest first. Emptied when the server's history starts over. */
  readonly events: readonly E[];
  readonly last: E | undefined;
  /** What `reduce` has made of all events. */
  readonly data: S;
  /** Where history is missing. */
  readonly gaps: readonly GapData[];
  readonly state: ConnectionState;
}

/** Number of gaps kept; the oldest are dropped. */
const MAX_GAPS = 100;
/** Hidden pages have slow timers: more waiting events than this are folded without waiting for one. */
const MAX_WAITING_EVENTS = 1_000;

/** How events are folded. */
export interface EventFoldOptions<E, S> {
  readonly maxEvents: number;
  readonly initialData: S;
  readonly reduce: ((data: S, event: E) => S) | undefined;
}

/** Keeps the newest events, and folds all of them with the user's reducer, once per frame. */
export class EventFold<E, S> extends WatchedStream {
  readonly #fold: EventFoldOptions<E, S>;
  #view: EventView<E, S>;
  #seen = this.version;
  #waiting: ReceivedEvent[] = [];

  constructor(url: string, options: ConnectOptions, fold: EventFoldOptions<E, S>, state?: ConnectionState) {
    super(url, options, state);
    this.#fold = fold;
    this.#view = { events: [], last: undefined, gaps: [], data: fold.initialData, state: this.state };
  }

  get snapshot(): EventView<E, S> {
    if (this.#seen !== this.version) {
      this.#seen = this.version;
      this.#view = this.#foldWaiting();
    }
    return this.#view;
  }

  /** Calls the listener with each event as it arrives, from now on. */
  listen(listener: (event: ReceivedEvent) => void): () => void {
    const connection = this.opened;
    connection?.addEventListener("*", listener);
    return () => connection?.removeEventListener("*", listener);
  }

  protected override receive(event: ReceivedEvent): boolean {
    if (this.#waiting.push(event) < MAX_WAITING_EVENTS) return true;
    this.flush();
    return false;
  }

  #foldWaiting(): EventView<E, S> {
    const { maxEvents, initialData, reduce } = this.#fold;
    let { last, data, gaps } = this.#view;
    let events = [...this.#view.events];
    for (const event of this.#waiting.splice(0)) {
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
          this.onThrow(error);
        }
      }
    }
    events = maxEvents === 0 ? [] : events.slice(-maxEvents);
    return { events, last, gaps, data, state: this.state };
  }
}
