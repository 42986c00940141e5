import type { StreamEvent } from "../../event/event.ts";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import type { EventFollower, EventSubscription } from "../../store/followable-store.ts";
import { connectionOf } from "./connect.ts";
import { FollowedStream } from "./followed-stream.ts";
import { LiveMessage } from "./live-message.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { unavailable, within } from "./retry.ts";
import { ScriptRunner } from "./script-runner.ts";
import type { StreamReader } from "./stream-reader.ts";
import { Subscriber } from "./subscriber.ts";
import { tellError } from "./tell-error.ts";

/** How a store follows its stream. */
export interface Following<E extends StreamEvent> {
  readonly channel: string;
  readonly reader: StreamReader<E>;
  readonly isDurable: boolean;
  readonly retryForMs: number;
  readonly pingMs: number;
  readonly onError: ErrorListener;
}

interface Followed {
  readonly stream: FollowedStream<StreamEvent>;
  readonly isDurable: boolean;
}

/** How many streams are looked at at the same time. */
const CONCURRENCY = 32;

/** What all stores over one client share: scripts, the connection that subscribes, the streams that are followed. */
export class SharedRedis {
  static readonly #byClient = new WeakMap<RedisClient, SharedRedis>();

  readonly connection: RedisConnection;
  readonly scripts: ScriptRunner;
  readonly channelPrefix: string;
  /** By channel. */
  readonly #followed = new Map<string, Followed>();
  #subscriber: Subscriber | undefined;
  #isAuditing = false;

  private constructor(client: RedisClient) {
    this.connection = connectionOf(client);
    this.scripts = new ScriptRunner(this.connection);
    this.channelPrefix = this.connection.channelPrefix;
  }

  /** @throws SSETargetError `invalid-option` */
  static of(client: RedisClient): SharedRedis {
    const known = SharedRedis.#byClient.get(client);
    if (known !== undefined) return known;
    const shared = new SharedRedis(client);
    SharedRedis.#byClient.set(client, shared);
    return shared;
  }

  /** @throws SSETargetError `store-unavailable`, `invalid-option` */
  async follow<E extends StreamEvent>(
    following: Following<E>,
    afterId: number,
    follower: EventFollower<E>,
  ): Promise<EventSubscription> {
    const { channel, isDurable, onError } = following;
    let followed = this.#followed.get(channel);
    if (followed === undefined) {
      followed = { isDurable, stream: this.#newStream(following) as unknown as FollowedStream<StreamEvent> };
      this.#followed.set(channel, followed);
    }
    if (followed.isDurable !== isDurable) {
      throw new SSETargetError("invalid-option", "`durable` must be the same in all stores over one stream");
    }
    return followed.stream.follow(afterId, follower as unknown as EventFollower<StreamEvent>, onError);
  }

  /** A store was closed. */
  closeIfIdle(): void {
    this.#subscriber?.closeIfIdle();
  }

  #newStream<E extends StreamEvent>({ channel, reader, pingMs, retryForMs }: Following<E>): FollowedStream<E> {
    // Whoever opens the connection says how it is watched.
    if (this.#followed.size === 0) this.#subscriber = this.#subscriberOf(pingMs);
    const subscriber = this.#subscriber as Subscriber;
    return new FollowedStream<E>({
      reader,
      subscribe: () =>
        within(subscriber.add(channel), retryForMs).catch((error: unknown) => {
          throw unavailable(error, retryForMs);
        }),
      onIdle: () => {
        this.#followed.delete(channel);
        subscriber.remove(channel);
      },
    });
  }

  #subscriberOf(pingMs: number): Subscriber {
    if (this.#subscriber?.pingMs === pingMs) return this.#subscriber;
    this.#subscriber?.closeIfIdle();
    return new Subscriber(this.connection, pingMs, {
      onMessage: (channel, message) => {
        const followed = this.#followed.get(channel);
        followed?.stream.take(new LiveMessage(message, followed.isDurable));
      },
      onConnected: () => void this.#forAll((stream) => stream.refresh()),
      onTick: () => void this.#audit(),
      onError: this.#tellError,
    });
  }

  /** Looks whether what is followed is still there: nothing is published when a database is flushed, or by a node that was cut off. */
  async #audit(): Promise<void> {
    if (this.#isAuditing) return;
    this.#isAuditing = true;
    let isTrusted = true;
    await this.#forAll(async (stream) => {
      const isHeard = await stream.audit();
      if (isHeard || !isTrusted) return;
      // A connection that lets messages get lost (its server was replaced, its node was cut off) is of no use any more.
      isTrusted = false;
      this.#subscriber?.reconnect();
    });
    this.#isAuditing = false;
  }

  async #forAll(look: (stream: FollowedStream<StreamEvent>) => Promise<void>): Promise<void> {
    const streams = this.#followed.values();
    const worker = async () => {
      for (const { stream } of streams) await look(stream).catch(this.#tellError);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  readonly #tellError = (error: unknown): void => {
    const streams = [...this.#followed.values()];
    tellError(
      streams.flatMap(({ stream }) => stream.errorListeners),
      error,
    );
  };
}
