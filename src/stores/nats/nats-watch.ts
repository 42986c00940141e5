import { END_EVENT_TYPE, type ServerSentEvent } from "../../event/event.ts";
import type { EventBounds, EventFollower } from "../../store/followable-store.ts";
import { decodeEvent } from "./nats-message.ts";
import type { ConsumedMessage, ConsumingLike } from "./jetstream-like.ts";
import type { NatsStream } from "./nats-stream.ts";

/** What a consumer says when something was wrong with it, its server or its stream. */
const DOUBTS: ReadonlySet<string> = new Set([
  "stream_not_found",
  "consumer_not_found",
  "consumer_deleted",
  "heartbeats_missed",
  "no_responders",
]);

const PULL_MS = 30_000;
/** Two of these missed, and something is wrong. */
const HEARTBEAT_MS = 5_000;

/** How long to wait before the next try to follow again. */
const RETRY_MS = 1_000;

/** One follower of one stream: a consumer, and doubts about it, after which there is another. */
export class NatsSubscription<E extends ServerSentEvent> {
  readonly #stream: NatsStream;
  readonly #subject: string;
  readonly #follower: EventFollower<E>;
  readonly #getBounds: () => Promise<EventBounds>;
  #consuming: Promise<void> | undefined;
  #stop: (() => Promise<void>) | undefined;
  #wake: (() => void) | undefined;
  #lastId = 0;
  #epoch: string | undefined;
  #isEnded = false;
  #isClosed = false;

  constructor(stream: NatsStream, subject: string, follower: EventFollower<E>, getBounds: () => Promise<EventBounds>) {
    this.#stream = stream;
    this.#subject = subject;
    this.#follower = follower;
    this.#getBounds = getBounds;
  }

  async open(afterId: number): Promise<void> {
    const { firstId, lastId, epoch } = await this.#getBounds();
    this.#epoch = epoch;
    this.#lastId = afterId;
    if (afterId + 1 < firstId || afterId > lastId) this.#follower.onInterrupted();
    if (afterId > lastId) this.#lastId = lastId;
    await this.#consume();
  }

  /** Hears nothing more at once. Resolves when the server has forgotten the consumer, or could not be told to. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#consuming?.catch(() => {});
    await this.#stop?.();
  }

  #consume(): Promise<void> {
    this.#consuming = this.#beginToConsume();
    return this.#consuming;
  }

  /** Begins to hear what follows what was told last. */
  async #beginToConsume(): Promise<void> {
    if (this.#isClosed) return;
    const consumer = await this.#stream.consumer(this.#subject, this.#lastId + 1);
    let messages: ConsumingLike | undefined;
    let stopping: Promise<void> | undefined;
    const stop = () => {
      // One that is gone already, or whose server is, need not be deleted.
      stopping ??= Promise.resolve(messages?.close()).then(() => consumer.delete().then(noop, noop));
      return stopping;
    };
    this.#stop = stop;
    let delivered = 0;
    try {
      messages = await consumer.consume({
        expires: PULL_MS,
        idle_heartbeat: HEARTBEAT_MS,
        callback: (message) => {
          if (stopping !== undefined) return;
          delivered++;
          if (message.info.deliverySequence === delivered) this.#take(message);
          // One was lost on its way.
          else void stop();
        },
      });
    } catch (error) {
      await stop();
      throw error;
    }
    if (this.#isClosed) await stop();
    else void this.#watch(messages, (sent) => sent > delivered, stop);
  }

  #take(message: ConsumedMessage): void {
    if (this.#isClosed || this.#isEnded || message.seq <= this.#lastId) return;
    this.#lastId = message.seq;
    try {
      const { event, epoch } = decodeEvent<E>(message);
      this.#epoch = epoch;
      this.#isEnded = event.type === END_EVENT_TYPE;
      this.#follower.onEvents([event], epoch);
    } catch (error) {
      // Written by somebody else: what it was is not known here, so those who read it are told when they do.
      this.#stream.tellError(error);
      this.#follower.onInterrupted();
    }
  }

  /** After any doubt, and after any end that was not asked for, a new consumer from where this stands is right. */
  async #watch(
    messages: ConsumingLike,
    isMissing: (sent: number) => boolean,
    stop: () => Promise<void>,
  ): Promise<void> {
    for await (const { type, lastConsumerSequence = 0 } of messages.status()) {
      if (DOUBTS.has(type) || isMissing(lastConsumerSequence)) break;
    }
    await stop();
    while (!this.#isClosed) {
      try {
        await this.#verify();
        await this.#consume();
        return;
      } catch (error) {
        this.#stream.tellError(error);
        if (isConnectionClosed(error)) {
          this.#isClosed = true;
          this.#follower.onInterrupted();
          return;
        }
        // What the server refuses, it refuses at once, and again.
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          setTimeout(resolve, RETRY_MS);
        });
      }
    }
  }

  /** Whether what was told is still the beginning of what is there. */
  async #verify(): Promise<void> {
    const bounds = await this.#getBounds();
    if (this.#isClosed) return;
    const isOther = this.#epoch !== undefined && bounds.epoch !== this.#epoch;
    if (!isOther && bounds.lastId >= this.#lastId && bounds.firstId <= this.#lastId + 1) return;
    this.#epoch = bounds.epoch;
    this.#lastId = 0;
    this.#isEnded = false;
    this.#follower.onInterrupted();
  }
}

function noop(): void {}

/** Whether the connection was closed for good, which nothing here can mend. */
function isConnectionClosed(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error && cause.name === "ClosedConnectionError";
}
