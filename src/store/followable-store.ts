// Temporary: the contract before `EventLog`, and a log made of it. Goes when the last engine implements `EventLog`.
import type { StreamEvent, StoredEvent } from "../event/event.ts";
import type { EventBounds, EventLog, EventStore, LogListener, LogWatch, PageLimits } from "./event-log.ts";
import { LogListeners } from "./log-listeners.ts";

export type { EventBounds, EventStore, PageLimits };

/** A store that appends many events at once: all of them or none, in the order given, next to one another. */
export interface AppendableEventStore<E extends StreamEvent> {
  /** Answers with the stored events in the order given; a known key is answered with the event stored for it. */
  storeEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]>;
}

/** A store that reads its history in pages, so that a long one is never in memory whole. */
export interface PageableEventStore<E extends StreamEvent> {
  /** The first events after `afterId`, ascending, as one consistent look at the history; empty where there are none. */
  getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]>;
}

/** What a store tells those who follow it. Neither method may throw. */
export interface EventFollower<E extends StreamEvent> {
  /**
   * Events that have become visible, in order, none left out and none twice. `epoch`: the history they belong to, from
   * a store that names its histories and does not do so before a stream's first event.
   */
  onEvents(events: readonly StoredEvent<E>[], epoch?: string): void;
  /**
   * Continuity can no longer be promised (the history was lost or trimmed past this follower, its epoch changed).
   * What follows goes on from wherever the store is now; the follower reads the bounds anew.
   */
  onInterrupted(): void;
}

/** An open subscription. `close` is idempotent; nothing is delivered after it. */
export interface EventSubscription {
  close(): void;
}

/** A store that says what is appended to it, whichever process appended it. */
export interface FollowableEventStore<E extends StreamEvent> {
  /**
   * Delivers every event after `afterId`, first those that are there and then those that come, without a hole between.
   * The store mends its own connection; where it cannot do so without loss it calls `onInterrupted`.
   */
  subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription>;
}

/**
 * A store that knows the extent of its history, so that what was trimmed or lost is told and never guessed.
 * Such a store also refuses appends to a completed stream, with `stream-completed`.
 */
export interface BoundedEventStore {
  getBounds(): Promise<EventBounds>;
}

/** A store that can forget its oldest events. */
export interface TrimmableEventStore {
  /** Forgets every event whose id is smaller than `beforeId`. */
  trim(beforeId: number): Promise<void>;
}

/** A store that keeps events with a `key` once: `storeEvent` answers a repeat with the event that is already there. */
export interface KeyedEventStore<E extends StreamEvent> {
  /** The retained event with this key, if there is one. */
  getEventByKey(key: string): Promise<StoredEvent<E> | undefined>;
}

/** A store that holds resources of its own. `close` is idempotent. */
export interface ClosableEventStore {
  close(): Promise<void>;
}

/** Those who follow a store that lives in this process. */
export class Followers<E extends StreamEvent> {
  readonly #followers = new Set<EventFollower<E>>();

  add(follower: EventFollower<E>): EventSubscription {
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

type Followable<E extends StreamEvent> = EventStore<E> &
  FollowableEventStore<E> &
  BoundedEventStore &
  PageableEventStore<E> &
  Partial<AppendableEventStore<E> & TrimmableEventStore & ClosableEventStore>;

export function isFollowable<E extends StreamEvent>(store: EventStore<E>): store is Followable<E> {
  return "subscribe" in store && "getBounds" in store && "getEventsPage" in store;
}

/** A log over a store of the contract before. */
export class FollowableLog<E extends StreamEvent> implements EventLog<E> {
  readonly #store: Followable<E>;
  readonly #listeners = new LogListeners<E>();
  readonly trim: EventLog<E>["trim"];
  readonly close: EventLog<E>["close"];

  constructor(store: Followable<E>) {
    this.#store = store;
    if (store.trim !== undefined) {
      this.trim = async (beforeId) => {
        await store.trim?.(beforeId);
        this.#listeners.changed();
      };
    }
    if (store.close !== undefined) this.close = async () => store.close?.();
  }

  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    const [event] = events;
    if (events.length === 1 && event !== undefined) return [await this.#store.storeEvent(event)];
    if (this.#store.storeEvents !== undefined) return this.#store.storeEvents(events);
    return Promise.all(events.map((each) => this.#store.storeEvent(each)));
  }

  read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    return this.#store.getEventsPage(afterId, limits);
  }

  bounds(): Promise<EventBounds> {
    return this.#store.getBounds();
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    const bounds = await this.#store.getBounds();
    // Undefined after an interruption: what the next events continue is then unknown.
    let lastId: number | undefined = bounds.lastId;
    const subscription = await this.#store.subscribe(bounds.lastId, {
      onEvents: (events, epoch) => {
        listener.appended({ afterId: lastId ?? Infinity, events, epoch });
        lastId = events.at(-1)?.id;
      },
      onInterrupted: () => {
        lastId = undefined;
        listener.changed();
      },
    });
    const own = this.#listeners.add(listener);
    return {
      close: () => {
        own.close();
        subscription.close();
      },
    };
  }
}
