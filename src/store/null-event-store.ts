import { END_EVENT_TYPE, snapshotEvent, withId, type StreamEvent, type StoredEvent } from "../event/event.ts";
import { streamCompleted } from "../util/errors.ts";
import type { EventBounds, EventLog, EventStore, LogListener, LogWatch } from "./event-log.ts";
import { LogListeners } from "./log-listeners.ts";
import { randomId } from "../util/random-id.ts";

/**
 * Numbers events and drops them: clients see what is dispatched while they are connected, as with a plain `EventTarget`.
 * A client without a cursor starts at what is new. One that was away or slow gets what it missed from this process's
 * window as far as that reaches, and a gap for the rest.
 *
 * The one event that is kept is the end of the stream, for clients that arrive after it.
 */
export class NullEventStore<E extends StreamEvent> implements EventStore<E>, EventLog<E> {
  readonly isLocal = true;
  readonly #epoch = randomId();
  readonly #listeners = new LogListeners<E>();
  #lastId = 0;
  #end: StoredEvent<E> | undefined;

  /** @throws SSETargetError as {@link append} */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    return (await this.append([event]))[0] as StoredEvent<E>;
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.read(afterId);
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`; nothing is numbered then */
  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    const snapshots = events.map((event) => snapshotEvent(event));
    const end = this.#end === undefined ? snapshots.findIndex(({ type }) => type === END_EVENT_TYPE) : 0;
    const isRefused = end !== -1 && snapshots.slice(end).some(({ type }) => type !== END_EVENT_TYPE);
    if (isRefused) throw streamCompleted();
    const afterId = this.#lastId;
    const stored = snapshots.map((event) => this.#end ?? this.#number(event));
    const isNew = this.#lastId > afterId && this.#listeners.size > 0;
    if (isNew) {
      const fresh = stored.slice(0, this.#lastId - afterId);
      this.#listeners.appended({ afterId, events: fresh, epoch: this.#epoch });
    }
    return stored;
  }

  async read(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.#end !== undefined && this.#end.id > afterId ? [this.#end] : [];
  }

  async bounds(): Promise<EventBounds> {
    const firstId = this.#end?.id ?? this.#lastId + 1;
    const completed = this.#end !== undefined;
    return { firstId, lastId: this.#lastId, epoch: this.#epoch, completed, keepsEvents: false };
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    return this.#listeners.add(listener);
  }

  #number(event: E): StoredEvent<E> {
    const stored = withId(event, this.#lastId + 1);
    this.#lastId = stored.id;
    if (stored.type === END_EVENT_TYPE) this.#end = stored;
    return stored;
  }
}
