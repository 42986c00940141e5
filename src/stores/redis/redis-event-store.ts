import { isWellFormed, snapshotEvent, type StreamEvent, type StoredEvent } from "../../event/event.ts";
import { SSETargetError } from "../../util/errors.ts";
import { describeValue } from "../../util/options.ts";
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
import { Appender } from "./appender.ts";
import type { RedisClient } from "./redis-client.ts";
import { OriginalDataGuard } from "./original-data.ts";
import { TRIM } from "./redis-script.ts";
import { resolveRedisOptions, type RedisEventStoreOptions, type ResolvedRedisOptions } from "./redis-store-options.ts";
import { withRetries } from "./retry.ts";
import { SharedRedis } from "./shared-redis.ts";
import { encodeText } from "./stored-text.ts";
import { streamKeys, type StreamKeys } from "./stream-keys.ts";
import { StreamReader } from "./stream-reader.ts";

/**
 * Keeps one stream in Redis, for any number of processes. All stores over the same client share one further connection,
 * which is open while anything is followed.
 *
 * ```ts
 * const redis = new Redis();
 * const hub = new SSEHub("/runs/:id/sse", { store: (name) => new RedisEventStore(redis, `runs:${name}`) });
 * ```
 *
 * An append that rejects with `store-unavailable` may still have been stored; give events a `key` to make it safe to repeat.
 */
export class RedisEventStore<E extends StreamEvent>
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
  readonly #shared: SharedRedis;
  readonly #keys: StreamKeys;
  readonly #options: ResolvedRedisOptions;
  readonly #reader: StreamReader<E>;
  readonly #appender: Appender<E>;
  readonly #subscriptions = new Set<EventSubscription>();
  #isClosed = false;

  /**
   * @param redis a client of ioredis or node-redis, single or cluster. It stays the user's: to connect, and to close.
   * @param prefix Name of the stream in Redis: its keys begin with `{<prefix>}:`. Any well-formed text but the empty one.
   *   @defaultValue "ssetarget"
   * @throws SSETargetError `invalid-option`
   */
  constructor(redis: RedisClient, prefix = "ssetarget", options?: RedisEventStoreOptions) {
    if (typeof prefix !== "string" || prefix === "" || !isWellFormed(prefix)) {
      throw new SSETargetError(
        "invalid-option",
        `\`prefix\` must be a text that names the stream, such as "runs:1", without half a surrogate pair, got ${describeValue(prefix)}`,
      );
    }
    this.#shared = SharedRedis.of(redis);
    this.#options = resolveRedisOptions(options);
    this.#keys = streamKeys(prefix, this.#shared.channelPrefix);
    const { isDurable, retryForMs } = this.#options;
    const { connection, scripts } = this.#shared;
    const guard = new OriginalDataGuard(connection, prefix, this.#keys.events, retryForMs);
    this.#reader = new StreamReader(scripts, guard, this.#keys, isDurable, retryForMs);
    this.#appender = new Appender(scripts, guard, this.#keys, this.#options);
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`, `store-unavailable`, `foreign-data`, `closed` */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    this.#checkOpen();
    const [stored] = await this.#appender.append([snapshotEvent(event)]);
    return stored as StoredEvent<E>;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`, `store-unavailable`, `foreign-data`, `closed`; nothing is stored but for `store-unavailable` */
  async storeEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    if (events.length === 0) return [];
    return this.#appender.append(events.map((event) => snapshotEvent(event)));
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    const events: StoredEvent<E>[] = [];
    let epoch: string | undefined;
    for (let cursor = afterId; ;) {
      const page = await this.#reader.readPage(cursor);
      if (cursor !== afterId && page.epoch !== epoch) {
        // It has become another history half-way.
        events.length = 0;
        cursor = afterId;
        continue;
      }
      epoch = page.epoch;
      events.push(...page.events);
      const last = page.events.at(-1);
      if (last === undefined || last.id === page.lastId) return events;
      cursor = last.id;
    }
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    return (await this.#reader.readPage(afterId, limits)).events;
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async getBounds(): Promise<EventBounds> {
    this.#checkOpen();
    const { firstId, lastId, epoch, completed } = await this.#reader.readBounds();
    return { firstId, lastId, epoch, completed, refusesBareIds: true };
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async getEventByKey(key: string): Promise<StoredEvent<E> | undefined> {
    this.#checkOpen();
    return this.#reader.find(encodeText(key));
  }

  /** @throws SSETargetError `store-unavailable`, `closed` */
  async trim(beforeId: number): Promise<void> {
    this.#checkOpen();
    const { events, meta, keys } = this.#keys;
    const run = () => this.#shared.scripts.run(TRIM, [events, meta, keys], [String(beforeId)]);
    await withRetries(run, this.#options.retryForMs);
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    this.#checkOpen();
    const following = { ...this.#options, channel: this.#keys.channel, reader: this.#reader };
    const followed = await this.#shared.follow(following, afterId, {
      // Closing must silence those too who are still reading the history.
      onEvents: (events, epoch) => this.#isClosed || follower.onEvents(events, epoch),
      onInterrupted: () => this.#isClosed || follower.onInterrupted(),
    });
    const subscription: EventSubscription = {
      close: () => {
        this.#subscriptions.delete(subscription);
        followed.close();
      },
    };
    if (this.#isClosed) {
      subscription.close();
      this.#checkOpen();
    }
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Tells followers nothing more, takes nothing more, and resolves when what was under way is settled. The client stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#shared.closeIfIdle();
    await this.#appender.settled();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the store has been closed");
  }
}
