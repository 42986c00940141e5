import { SSETargetError } from "../../util/errors.ts";
import type { ServerSentEvent, StoredEvent } from "../../event/event.ts";
import type {
  AppendableEventStore,
  BoundedEventStore,
  ClosableEventStore,
  EventBounds,
  EventFollower,
  EventStore,
  EventSubscription,
  FollowableEventStore,
  KeyedEventStore,
  PageableEventStore,
  PageLimits,
  TrimmableEventStore,
} from "../../store/followable-store.ts";
import { unavailable } from "./sqlite-database.ts";

type Resolve<E extends ServerSentEvent> = (stored: readonly StoredEvent<E>[]) => void;

/** What a store needs of the file that it is a stream of. */
export interface SqliteFile<E extends ServerSentEvent> {
  /** Stores with the next transaction; throws at once what cannot be stored at all. */
  append(name: string, events: readonly E[], resolve: Resolve<E>, reject: (error: unknown) => void): void;
  eventsAfter(name: string, afterId: number, limits?: PageLimits): StoredEvent<E>[];
  bounds(name: string): EventBounds;
  eventByKey(name: string, key: string): StoredEvent<E> | undefined;
  trim(name: string, beforeId: number): void;
  follow(name: string, afterId: number, follower: EventFollower<E>): EventSubscription;
  /** Resolves when nothing waits for its transaction any more. */
  settled(): Promise<void>;
}

/** One stream of a file. Made by `SqliteEventStores`; any number of them may be open over one stream. */
export class SqliteEventStore<E extends ServerSentEvent>
  implements
    EventStore<E>,
    AppendableEventStore<E>,
    PageableEventStore<E>,
    FollowableEventStore<E>,
    BoundedEventStore,
    TrimmableEventStore,
    KeyedEventStore<E>,
    ClosableEventStore
{
  readonly #file: SqliteFile<E>;
  readonly #name: string;
  readonly #subscriptions = new Set<EventSubscription>();
  #isClosed = false;

  constructor(file: SqliteFile<E>, name: string) {
    this.#file = file;
    this.#name = name;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`, `store-unavailable`, `closed` */
  storeEvent(event: E): Promise<StoredEvent<E>> {
    return new Promise((resolve, reject) => {
      this.#append([event], (stored) => resolve(stored[0] as StoredEvent<E>), reject);
    });
  }

  /** @throws SSETargetError as `storeEvent`; nothing is stored then */
  storeEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return new Promise((resolve, reject) => this.#append(events, resolve, reject));
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.#ask(() => this.#file.eventsAfter(this.#name, afterId));
  }

  async getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    return this.#ask(() => this.#file.eventsAfter(this.#name, afterId, limits));
  }

  async getBounds(): Promise<EventBounds> {
    return this.#ask(() => this.#file.bounds(this.#name));
  }

  async getEventByKey(key: string): Promise<StoredEvent<E> | undefined> {
    return this.#ask(() => this.#file.eventByKey(this.#name, key));
  }

  async trim(beforeId: number): Promise<void> {
    this.#ask(() => this.#file.trim(this.#name, beforeId));
  }

  async subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    const followed = this.#ask(() => this.#file.follow(this.#name, afterId, follower));
    const subscription: EventSubscription = {
      close: () => {
        this.#subscriptions.delete(subscription);
        followed.close();
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Ends its subscriptions, and waits for what it was given to store. Idempotent; the file stays open for other streams. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) subscription.close();
    await this.#file.settled();
  }

  #append(events: readonly E[], resolve: Resolve<E>, reject: (error: unknown) => void): void {
    this.#checkOpen();
    this.#file.append(this.#name, events, resolve, reject);
  }

  #ask<T>(question: () => T): T {
    this.#checkOpen();
    try {
      return question();
    } catch (error) {
      throw unavailable(error);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the store has been closed");
  }
}
