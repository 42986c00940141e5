import type { ServerSentEvent, StoredEvent } from "../event/event.ts";
import type { EventFollower, EventSubscription } from "./event-store.ts";

/** Those who follow a store that lives in this process. */
export class Followers<E extends ServerSentEvent> {
  readonly #followers = new Set<EventFollower<E>>();

  add(follower: EventFollower<E>): EventSubscription {
    // A wrapper of its own, so that one follower may subscribe twice and close each on its own.
    const entry: EventFollower<E> = {
      onEvents: (events) => follower.onEvents(events),
      onInterrupted: () => follower.onInterrupted(),
    };
    this.#followers.add(entry);
    return { close: () => void this.#followers.delete(entry) };
  }

  tell(events: readonly StoredEvent<E>[]): void {
    if (events.length === 0) return;
    for (const follower of this.#followers) follower.onEvents(events);
  }
}
