import { END_EVENT_TYPE, snapshotEvent, withId, type ServerSentEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import type {
  BoundedEventStore,
  EventBounds,
  EventFollower,
  EventStore,
  EventSubscription,
  FollowableEventStore,
} from "./event-store.ts";
import { Followers } from "./followers.ts";
import { randomEpoch } from "./random-epoch.ts";

/**
 * Numbers events and forgets them: clients see what is dispatched while they are connected, as with a plain `EventTarget`.
 * A client without a cursor begins with what is new. One that was away or slow gets what it missed from this process's window, as
 * far as that reaches, and a gap for the rest.
 *
 * The one event that is kept is the end of the stream, so that a late client learns of it.
 */
export class NullEventStore<E extends ServerSentEvent>
  implements EventStore<E>, FollowableEventStore<E>, BoundedEventStore
{
  readonly #epoch = randomEpoch();
  readonly #followers = new Followers<E>();
  #lastId = 0;
  #end: StoredEvent<E> | undefined;

  /** @throws SSETargetError `stream-completed`, `unserializable-data` */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    if (this.#end !== undefined) {
      if (event.type === END_EVENT_TYPE) return this.#end;
      throw new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it");
    }
    const stored = withId(snapshotEvent(event), this.#lastId + 1);
    this.#lastId = stored.id;
    if (stored.type === END_EVENT_TYPE) this.#end = stored;
    this.#followers.tell([stored]);
    return stored;
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.#end !== undefined && this.#end.id > afterId ? [this.#end] : [];
  }

  async subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    // No await in here: an event stored between the look and the subscription would be lost.
    if (this.#end !== undefined && afterId === this.#end.id - 1) follower.onEvents([this.#end]);
    else if (afterId !== this.#lastId) follower.onInterrupted();
    return this.#followers.add(follower);
  }

  async getBounds(): Promise<EventBounds> {
    const firstId = this.#end?.id ?? this.#lastId + 1;
    const completed = this.#end !== undefined;
    return { firstId, lastId: this.#lastId, epoch: this.#epoch, completed, keepsEvents: false };
  }
}
