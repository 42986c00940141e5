import { END_EVENT_TYPE, dataText, type ServerSentEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import { checkAllStored, checkBounds, checkPage, checkStored, checkSubscription } from "../store/check-stored.ts";
import {
  isAppendable,
  isBounded,
  isFollowable,
  isPageable,
  type EventBounds,
  type EventFollower,
  type EventStore,
  type EventSubscription,
  type PageLimits,
} from "../store/event-store.ts";
import { isEpoch } from "../event/cursor.ts";
import { LocalWriter } from "./local-writer.ts";

/**
 * A store as the feed uses it: the abilities it has, and those it lacks made up for as far as its two methods carry.
 *
 * A store that can be followed is simply asked. One that cannot is written to through a {@link LocalWriter}, which
 * makes one call at a time and tells of what came of it, so that order holds within this process.
 */
export class EventLog<E extends ServerSentEvent> {
  readonly #store: EventStore<E>;
  readonly #writer: LocalWriter<E> | undefined;

  constructor(store: EventStore<E>, storeTimeoutMs: number | null) {
    this.#store = store;
    this.#writer = isFollowable(store) ? undefined : new LocalWriter(store, storeTimeoutMs);
  }

  /** Whether the store tells the extent of its history. If not, ids are taken to be without holes. */
  get isBounded(): boolean {
    return isBounded(this.#store);
  }

  appendOne(event: E): Promise<StoredEvent<E>> {
    if (this.#writer === undefined) return this.#store.storeEvent(event);
    return this.#writer.append([event]).then(([stored]) => stored as StoredEvent<E>);
  }

  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    if (this.#writer !== undefined) return this.#writer.append(events);
    if (isAppendable(this.#store)) return checkAllStored(await this.#store.storeEvents(events), events.length);
    // Called without awaiting in between, so that nobody else's events get between these in a store of this process.
    const stored = await Promise.all(events.map((event) => this.#store.storeEvent(event)));
    return stored.map(checkStored);
  }

  async readPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    if (isPageable(this.#store)) return this.#store.getEventsPage(afterId, limits);
    const events = checkPage(await this.#store.getEvents(afterId), afterId);
    let bytes = 0;
    let count = 0;
    for (const event of events) {
      bytes += dataText(event).length;
      if (count > 0 && (bytes > limits.maxBytes || count === limits.maxEvents)) break;
      count++;
    }
    return events.slice(0, count);
  }

  async getBounds(): Promise<EventBounds> {
    if (isBounded(this.#store)) {
      const bounds = checkBounds(await this.#store.getBounds());
      if (bounds.epoch !== undefined && !isEpoch(bounds.epoch)) {
        throw new SSETargetError(
          "store-contract",
          `the store's epoch must be 1 to 64 letters, digits, "_" or "-", got ${describeValue(bounds.epoch)}`,
        );
      }
      return bounds;
    }
    // Before the look: what is stored during it need not be seen.
    const knownId = this.#writer?.lastId ?? 0;
    const events = checkPage(await this.#store.getEvents(0), 0);
    const end = events.find((event) => event.type === END_EVENT_TYPE);
    const lastId = end?.id ?? Math.max(events.at(-1)?.id ?? 0, this.#writer?.lastId ?? 0);
    // Nothing is there although something was stored: it keeps nothing.
    const keepsEvents = events.length > 0 || knownId === 0;
    return { firstId: events[0]?.id ?? lastId + 1, lastId, completed: end !== undefined, keepsEvents };
  }

  async follow(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    if (isFollowable(this.#store)) return checkSubscription(await this.#store.subscribe(afterId, follower));
    return (this.#writer as LocalWriter<E>).subscribe(afterId, follower);
  }
}
