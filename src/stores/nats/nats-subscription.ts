import { END_EVENT_TYPE, type ServerSentEvent } from "../../event.ts";
import type { EventBounds, EventFollower } from "../../store/event-store.ts";
import { decodeEvent } from "./nats-message.ts";
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

/** One follower of one stream: an ordered consumer, which begins anew by itself, and doubts about it. */
export class NatsSubscription<E extends ServerSentEvent> {
  readonly #stream: NatsStream;
  readonly #subject: string;
  readonly #follower: EventFollower<E>;
  readonly #getBounds: () => Promise<EventBounds>;
  #stop: (() => Promise<unknown>) | undefined;
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

  /** Begins to hear what follows what was told last. */
  async #consume(): Promise<void> {
    const consumer = await this.#stream.consumer(this.#subject, this.#lastId + 1);
    const messages = await consumer.consume({
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
      callback: (message) => {
        if (this.#isClosed || this.#isEnded || message.seq <= this.#lastId) return;
        const { event, epoch: told } = decodeEvent<E>(message);
        this.#lastId = message.seq;
        this.#epoch = told;
        this.#isEnded = event.type === END_EVENT_TYPE;
        this.#follower.onEvents([event], told);
      },
    });
    this.#stop = () => messages.close();
    if (this.#isClosed) void this.#stop();
    else void this.#watch(messages);
  }

  close(): void {
    this.#isClosed = true;
    this.#stop?.().catch(() => {});
  }

  /** The client mends its consumer by itself, but not after everything; a new one from where this stands is right after anything. */
  async #watch(messages: {
    status(): AsyncIterable<{ readonly type: string }>;
    close(): Promise<unknown>;
  }): Promise<void> {
    for await (const { type } of messages.status()) {
      if (this.#isClosed) return;
      if (!DOUBTS.has(type)) continue;
      void messages.close();
      while (!this.#isClosed) {
        try {
          await this.#verify();
          await this.#consume();
          return;
        } catch (error) {
          this.#stream.tellError(error);
          // What the server refuses, it refuses at once, and again.
          await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
      return;
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
