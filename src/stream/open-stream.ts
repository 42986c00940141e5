import type { StreamEvent } from "../event/event.ts";
import { asEventLog } from "../store/as-event-log.ts";
import type { EventLog, EventStore } from "../store/event-log.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import type { Listeners } from "./listeners.ts";
import { StreamWriter, type WriterLimits } from "./stream-writer.ts";
import type { TurnQueue } from "./turn-queue.ts";

export interface StreamOptions extends FeedOptions, WriterLimits {}

/** A stream while this process holds it: its log, its writer, and its feed. */
export class OpenStream<E extends StreamEvent> {
  readonly writer: StreamWriter<E>;
  readonly feed: Feed<E>;
  readonly #log: EventLog<E>;

  /** @throws SSETargetError `invalid-option` if the store is none */
  constructor(
    name: string,
    store: EventStore<E> | EventLog<E>,
    listeners: Listeners<E>,
    options: StreamOptions,
    turns: TurnQueue,
  ) {
    this.#log = asEventLog(store, options.storeTimeoutMs);
    this.feed = new Feed(name, this.#log, options, turns);
    this.writer = new StreamWriter(name, this.#log, listeners, options);
  }

  /** Whether events are on their way to its store. */
  get isStoring(): boolean {
    return this.writer.pendingEvents > 0;
  }

  /** Whether it is storing, has clients, or is being opened for some. */
  get isBusy(): boolean {
    return this.feed.isWatched || this.feed.isOpening || this.isStoring;
  }

  /** Whether nothing would be lost with it. */
  get isEmpty(): boolean {
    return !this.writer.hasStored && this.feed.head === 0;
  }

  /** Releases everything; clients are asked to reconnect. Resolves when the log is closed. */
  async release(retryMs?: () => number): Promise<void> {
    this.feed.sendAway(retryMs);
    await this.#log.close?.();
  }
}
