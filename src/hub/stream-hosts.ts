import type { StreamEvent } from "../event/event.ts";
import { Endpoint, plannedRetryMs, type StreamSource } from "../http/endpoint.ts";
import type { EventLog, EventStore } from "../store/event-log.ts";
import { MemoryEventStore } from "../store/memory-event-store.ts";
import type { Feed } from "../stream/feed.ts";
import { Listeners } from "../stream/listeners.ts";
import { OpenStream } from "../stream/open-stream.ts";
import { StreamRegistry, type RegistryOptions } from "../stream/stream-registry.ts";
import { TurnQueue } from "../stream/turn-queue.ts";
import { SSETargetError } from "../util/errors.ts";
import { within } from "../util/timers.ts";
import type { StreamHost } from "./event-stream.ts";
import type { ResolvedCloseOptions, ResolvedOptions } from "./options.ts";

/** Holds one stream for good. */
export class OneStream<E extends StreamEvent> implements StreamHost<E>, StreamSource {
  readonly endpoint: Endpoint;
  readonly listeners: Listeners<E>;
  readonly #stream: OpenStream<E>;
  #closing: Promise<void> | undefined;

  /** @throws SSETargetError `invalid-option` if the store is none */
  constructor(name: string, store: EventStore<E> | EventLog<E> | undefined, options: ResolvedOptions) {
    this.listeners = new Listeners(options.onError);
    this.#stream = new OpenStream(name, store ?? new MemoryEventStore<E>(), this.listeners, options, new TurnQueue());
    this.endpoint = new Endpoint(options, this);
  }

  use(): OpenStream<E> {
    return this.#stream;
  }

  view(): OpenStream<E> {
    return this.#stream;
  }

  exists(): boolean {
    return true;
  }

  feedOf(): Feed<StreamEvent> {
    return this.#stream.feed as unknown as Feed<StreamEvent>;
  }

  onLeft(): void {}

  /** The store stays open: it belongs to the application. */
  closeStream(_name: string, options: ResolvedCloseOptions): Promise<void> {
    this.#closing ??= closeAll([this.#stream], this.endpoint, options).then(() => this.#stream.feed.stop());
    return this.#closing;
  }
}

/** What makes the streams of a hub. */
export interface ManyStreamsOptions<E extends StreamEvent> extends Omit<RegistryOptions<E>, "make" | "onError"> {
  readonly makeStore: (name: string) => EventStore<E> | EventLog<E>;
  readonly exists: ((name: string) => boolean | Promise<boolean>) | undefined;
}

/** Holds streams by name while they are used. */
export class ManyStreams<E extends StreamEvent> implements StreamHost<E>, StreamSource {
  readonly endpoint: Endpoint;
  readonly listeners: Listeners<E>;
  readonly #exists: ManyStreamsOptions<E>["exists"];
  readonly #registry: StreamRegistry<E>;
  #closing: Promise<void> | undefined;

  constructor({ makeStore, exists, ...limits }: ManyStreamsOptions<E>, options: ResolvedOptions) {
    const turns = new TurnQueue();
    this.#exists = exists;
    this.listeners = new Listeners(options.onError);
    this.#registry = new StreamRegistry({
      ...limits,
      make: (name) => new OpenStream(name, makeStore(name), this.listeners, options, turns),
      onError: options.onError,
    });
    this.endpoint = new Endpoint(options, this);
  }

  get size(): number {
    return this.#registry.size;
  }

  has(name: string): boolean {
    return this.#registry.has(name);
  }

  use(name: string): OpenStream<E> {
    this.#checkOpen();
    return this.#registry.use(name);
  }

  view(name: string): OpenStream<E> {
    this.#checkOpen();
    return this.#registry.view(name);
  }

  exists(name: string): boolean | Promise<boolean> {
    return this.#exists === undefined || this.#registry.has(name) || this.#exists(name);
  }

  feedOf(name: string): Feed<StreamEvent> {
    return this.view(name).feed as unknown as Feed<StreamEvent>;
  }

  onLeft(name: string): void {
    this.#registry.left(name);
  }

  async closeStream(name: string, { reconnectSpreadMs, closeTimeoutMs }: ResolvedCloseOptions): Promise<void> {
    const stream = this.#registry.get(name);
    if (stream === undefined) return;
    await within(stream.writer.settled(), closeTimeoutMs, () => {});
    stream.feed.flush();
    this.#registry.putAway(name, () => plannedRetryMs(reconnectSpreadMs));
  }

  close(options: ResolvedCloseOptions): Promise<void> {
    this.#closing ??= closeAll([...this.#registry.streams()], this.endpoint, options).then(() => {
      this.#registry.close();
    });
    return this.#closing;
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new SSETargetError("closed", "the hub has been closed; it takes no more events");
  }
}

/** Stores and sends what is under way, and ends all connections. */
async function closeAll<E extends StreamEvent>(
  streams: readonly OpenStream<E>[],
  endpoint: Endpoint,
  { reconnectSpreadMs, closeTimeoutMs }: ResolvedCloseOptions,
): Promise<void> {
  const settled = Promise.all(streams.map(({ writer }) => writer.close()));
  await within(settled, closeTimeoutMs, () => {});
  for (const { feed } of streams) feed.flush();
  await endpoint.close(reconnectSpreadMs, closeTimeoutMs);
}
