import { isWellFormed, snapshotEvent, type StreamEvent, type StoredEvent } from "../../event/event.ts";
import type { EventBounds, EventLog, EventStore, LogListener, LogWatch, PageLimits } from "../../store/event-log.ts";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { describeValue, readOptions, wholeNumberOption } from "../../util/options.ts";
import { Appender, type AppendOptions } from "./appender.ts";
import type { RedisClient, RedisConnection } from "./client.ts";
import { decodeEvent, epochOf, streamKeys, type StreamKeys } from "./codec.ts";
import { connectionOf } from "./connection.ts";
import { OriginalDataGuard } from "./original-data.ts";
import { inTime, unavailable, withRetries } from "./retry.ts";
import { DELETE, READ, runScript, TRIM, type RedisScript } from "./scripts.ts";
import { Subscriber, type WatchOptions } from "./subscriber.ts";

/** Options of a {@link RedisEventStore}. All stores of one stream, in any process, should have the same. */
export interface RedisEventStoreOptions {
  /** Retained events; the oldest are dropped first, up to 100 at a time. @defaultValue 10_000 */
  readonly maxEvents?: number;
  /** Retained JSON in bytes; the newest event always is. @defaultValue 16_777_216 (16 MiB) */
  readonly maxBytes?: number;
  /**
   * Time to live of a stream without new events, in milliseconds (up to a tenth longer); `null`: forever.
   * @defaultValue 604_800_000 (7 days)
   */
  readonly ttlMs?: number | null;
  /**
   * How long to retry if Redis cannot be reached, in milliseconds; then calls reject with `store-unavailable`.
   * @defaultValue 10_000
   */
  readonly retryForMs?: number;
  /**
   * Whether Redis loses nothing that it has acknowledged, not when it crashes and not when a replica takes over. Clients
   * then continue after either. Otherwise the history counts as another one, and clients are told to start over, because
   * they would silently miss what was lost. @defaultValue false
   */
  readonly durable?: boolean;
  /**
   * How often the subscribing connection must answer a ping, in milliseconds. The store that opens the connection
   * decides. @defaultValue 10_000
   */
  readonly pingMs?: number;
  /** Receives errors that no call reports, such as a lost subscribing connection. Must not throw. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

type ResolvedOptions = AppendOptions & WatchOptions;

const PAGE: PageLimits = { maxEvents: 1_000, maxBytes: 1024 * 1024 };
const NO_EVENTS: PageLimits = { maxEvents: 0, maxBytes: 1 };

/**
 * Keeps one stream in Redis, for any number of processes. All stores with the same client share one further connection,
 * which is open while anything is watched.
 *
 * ```ts
 * const redis = new Redis();
 * const hub = new SSEHub("/runs/:id/sse", { store: (name) => new RedisEventStore(redis, `runs:${name}`) });
 * ```
 *
 * An append that rejects with `store-unavailable` may still have been stored; with a `key` it is safe to repeat.
 */
export class RedisEventStore<E extends StreamEvent> implements EventStore<E>, EventLog<E> {
  readonly #connection: RedisConnection;
  readonly #subscriber: Subscriber;
  readonly #keys: StreamKeys;
  readonly #options: ResolvedOptions;
  readonly #guard: OriginalDataGuard;
  readonly #appender: Appender<E>;
  readonly #watches = new Set<LogWatch>();
  #isClosed = false;

  /**
   * @param redis a client of ioredis or node-redis, single or cluster. The user connects and closes it.
   * @param prefix name of the stream in Redis, whose keys start with `{<prefix>}:`: any well-formed text but the empty one
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
    this.#connection = connectionOf(redis);
    this.#options = resolveOptions(options);
    this.#keys = streamKeys(prefix, this.#connection.channelPrefix);
    this.#subscriber = Subscriber.of(this.#connection);
    this.#guard = new OriginalDataGuard(this.#connection, prefix, this.#keys.events, this.#options.retryForMs);
    this.#appender = new Appender(this.#connection, this.#guard, this.#keys, this.#options);
  }

  /** @throws SSETargetError as {@link append} */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    return (await this.append([event]))[0] as StoredEvent<E>;
  }

  /** @throws SSETargetError as {@link read} */
  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    const events: StoredEvent<E>[] = [];
    let epoch: string | undefined;
    for (let cursor = afterId; ;) {
      const page = await this.#read(cursor, PAGE);
      if (cursor !== afterId && page.bounds.epoch !== epoch) {
        // It became another history between two pages.
        events.length = 0;
        cursor = afterId;
        continue;
      }
      epoch = page.bounds.epoch;
      events.push(...page.events);
      const last = page.events.at(-1);
      if (last === undefined || last.id === page.bounds.lastId) return events;
      cursor = last.id;
    }
  }

  /**
   * @throws SSETargetError `stream-completed`, `unserializable-data`, `store-unavailable`, `foreign-data`, `closed`;
   *   nothing is stored then, except perhaps with `store-unavailable`
   */
  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    if (events.length === 0) return [];
    return this.#appender.append(events.map((event) => snapshotEvent(event)));
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    return (await this.#read(afterId, limits)).events;
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  async bounds(): Promise<EventBounds> {
    return (await this.#read(0, NO_EVENTS)).bounds;
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `invalid-option`, `closed` */
  async watch(listener: LogListener<E>): Promise<LogWatch> {
    this.#checkOpen();
    const { retryForMs } = this.#options;
    await this.#guard.check();
    this.#checkOpen();
    const subscription = this.#subscriber.watch(this.#keys.channel, listener, this.#options);
    const watch: LogWatch = {
      close: () => {
        this.#watches.delete(watch);
        subscription.close();
      },
      missed: () => subscription.missed?.(),
    };
    this.#watches.add(watch);
    try {
      await inTime(subscription.ready, retryForMs);
    } catch (error) {
      watch.close();
      this.#checkOpen();
      throw unavailable(error, retryForMs);
    }
    this.#checkOpen();
    return watch;
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  trim(beforeId: number): Promise<void> {
    return this.#change(TRIM, [String(beforeId)]);
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data`, `closed` */
  delete(): Promise<void> {
    return this.#change(DELETE, []);
  }

  /** Notifies nothing more, refuses calls, and resolves when pending appends are settled. The client stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
    this.#subscriber.closeIfIdle();
    await this.#appender.settled();
  }

  /** A page and the bounds, as they were at one moment. */
  async #read(
    afterId: number,
    { maxEvents, maxBytes }: PageLimits,
  ): Promise<{ readonly events: readonly StoredEvent<E>[]; readonly bounds: EventBounds }> {
    const args = [String(afterId + 1), String(maxEvents), String(maxBytes)];
    const reply = await this.#run(READ, [this.#keys.events, this.#keys.meta], args);
    const [epoch = "", run = "", firstId, lastId, ended, from] = reply;
    const { isDurable } = this.#options;
    if (run === "" && !isDurable) {
      throw new SSETargetError(
        "store-unavailable",
        "this Redis does not report its replication id (`INFO replication`), so a loss could go unnoticed; pass `durable: true` if it loses nothing that it has acknowledged",
      );
    }
    const events: StoredEvent<E>[] = [];
    for (let index = 6; index + 1 < reply.length; index += 2) {
      events.push(decodeEvent(Number(from) + (index - 6) / 2, reply[index] as string, reply[index + 1] as string));
    }
    const bounds: EventBounds = {
      firstId: Number(firstId),
      lastId: Number(lastId),
      epoch: epochOf(epoch, run, isDurable),
      completed: ended !== "",
      refusesBareIds: true,
    };
    return { events, bounds };
  }

  async #change(script: RedisScript, args: readonly string[]): Promise<void> {
    const { events, meta, keys, channel } = this.#keys;
    const reply = await this.#run(script, [events, meta, keys], [...args, channel]);
    // Once this has resolved, nothing in this process may serve what is gone: do not wait for the message.
    if (reply.length > 0) this.#subscriber.changed(channel);
  }

  async #run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<readonly string[]> {
    this.#checkOpen();
    await this.#guard.check();
    return withRetries(() => runScript(this.#connection, script, keys, args), this.#options.retryForMs);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the store has been closed");
  }
}

/** @throws SSETargetError `invalid-option` */
function resolveOptions(given?: RedisEventStoreOptions): ResolvedOptions {
  const options = readOptions("RedisEventStore", given, {
    maxEvents: true,
    maxBytes: true,
    ttlMs: true,
    retryForMs: true,
    durable: true,
    pingMs: true,
    onError: true,
  });
  const { ttlMs, durable = false, onError = () => {} } = options;
  if (typeof durable !== "boolean") {
    throw new SSETargetError("invalid-option", `\`durable\` must be true or false, got ${describeValue(durable)}`);
  }
  if (typeof onError !== "function") {
    throw new SSETargetError("invalid-option", `\`onError\` must be a function, got ${describeValue(onError)}`);
  }
  return {
    maxEvents: wholeNumberOption("maxEvents", options.maxEvents, 10_000, 1),
    maxBytes: wholeNumberOption("maxBytes", options.maxBytes, 16 * 1024 * 1024, 1),
    ttlMs: ttlMs === null ? null : wholeNumberOption("ttlMs", ttlMs, 7 * 24 * 3_600_000, 1_000),
    retryForMs: wholeNumberOption("retryForMs", options.retryForMs, 10_000, 1),
    isDurable: durable,
    pingMs: wholeNumberOption("pingMs", options.pingMs, 10_000, 100),
    onError,
  };
}
