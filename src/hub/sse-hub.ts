import type { AnyEvent, EndData, EventOfType, StreamEvent, StoredEvent } from "../event/event.ts";
import type { ListenerOptions } from "../util/listener-options.ts";
import { SSETargetError } from "../util/errors.ts";
import type { Handled } from "../http/handled.ts";
import { Endpoint, type StreamRoute } from "../http/endpoint.ts";
import type { RequestHead } from "../http/request-head.ts";
import {
  checkFunction,
  delayOption,
  describeValue,
  type OptionNames,
  readOptions,
  wholeNumberOption,
} from "../util/options.ts";
import { asEventLog } from "../store/as-event-log.ts";
import type { EventLog, EventStorage, EventStore } from "../store/event-log.ts";
import { checkStreamName, MAX_NAME_LENGTH } from "../store/stream-name.ts";
import { Feed } from "../stream/feed.ts";
import { StreamWriter } from "../stream/stream-writer.ts";
import { TurnQueue } from "../stream/turn-queue.ts";
import { StreamRegistry, type RegisteredStream } from "../stream/stream-registry.ts";
import { pathless, storeOrPath } from "./pathless.ts";
import { within } from "../util/timers.ts";
import { resolveCloseOptions, type CloseOptions } from "./close-options.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Listeners, type DispatchListener } from "./listeners.ts";
import { PathPattern, type PathParams } from "./path-pattern.ts";
import { VolatileStores } from "./volatile-stores.ts";
import { resolveOptions, TARGET_OPTIONS, type ResolvedOptions, type SSETargetOptions } from "./options.ts";

/** Options of a hub; those of a target hold for each of its streams, `maxConnections` for all together. */
export interface SSEHubOptions<E extends StreamEvent> extends SSETargetOptions {
  /**
   * Makes the store of a stream when the stream is first used; or stores that know many streams by name, which the hub
   * does not close.
   * @defaultValue a `MemoryEventStore` each, of at most 4 MiB, which is gone when the stream is put away: who comes later is
   * told so by a gap, and a stream that had ended stays ended
   */
  readonly store?: ((name: string) => EventStore<E> | EventLog<E>) | EventStorage<E>;
  /** Whether a stream that this process does not hold exists; `false` answers 404 and creates nothing. @defaultValue every name exists */
  readonly exists?: (name: string) => boolean | Promise<boolean>;
  /**
   * Streams at a time that this process dispatches to; beyond it the one that was dispatched to the longest ago is put
   * away, those without clients first. Streams that only clients have named are counted apart, up to the same number;
   * beyond it those that nobody watches are put away, and if all are watched a client gets 503.
   *
   * @defaultValue 10_000
   */
  readonly maxStreams?: number;
  /** A stream without clients and dispatches is put away after this time, in milliseconds; `null`: only for want of room. @defaultValue 3_600_000 (1 hour) */
  readonly evictAfterMs?: number | null;
}

const HUB_OPTIONS: OptionNames<SSEHubOptions<StreamEvent>> = {
  ...TARGET_OPTIONS,
  store: true,
  exists: true,
  maxStreams: true,
  evictAfterMs: true,
};

/** One stream of a hub, by name. It may be kept as long as one likes: it is looked up at every use. */
export interface HubStream<E extends StreamEvent> {
  readonly name: string;
  /** The path that the hub serves the stream at. Throws `invalid-option` if the hub was made without one. */
  readonly path: string;
  /** @see SSETarget.dispatchEvent; also rejects with `too-many-streams` */
  dispatchEvent(event: E): Promise<StoredEvent<E> | undefined>;
  /** @see SSETarget.dispatchEvents; also rejects with `too-many-streams` */
  dispatchEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]>;
  /** @see SSETarget.complete */
  complete(end?: EndData): Promise<void>;
  /** Whether the stream has ended, here or in another process. Follows the store, as it does for a client. */
  isCompleted(): Promise<boolean>;
}

/**
 * Many streams by name, behind one path such as `/runs/:id/sse`: each is created when it is first used and put away
 * when nobody has used or watched it for a while.
 *
 * ```ts
 * const hub = new SSEHub<SpanEvent>("/runs/:id/sse");
 * const tracer = new Tracer(hub.stream(runId), runId);
 * ```
 */
export class SSEHub<E extends StreamEvent = AnyEvent, P extends string = string> {
  readonly #pattern: PathPattern | undefined;
  readonly #options: ResolvedOptions;
  readonly #exists: SSEHubOptions<E>["exists"];
  readonly #endpoint: Endpoint;
  readonly #listeners: Listeners<E>;
  readonly #streams: StreamRegistry<StreamOfHub<E>>;
  #closing: Promise<void> | undefined;

  /**
   * @param path where `fetch` serves streams, with one part like `:id` that holds the name, or with several
   *   (`/orgs/:org/runs/:id/sse`): then a name is the parts, each encoded as in a URL, with `/` between them (`acme/r1`).
   * @throws SSETargetError `invalid-option`
   */
  constructor(path: P, options?: SSEHubOptions<E>);
  /** A hub that only writes, in a worker that serves nobody: it has stores and no path. */
  constructor(options: SSEHubOptions<E> & Required<Pick<SSEHubOptions<E>, "store">>);
  constructor(path: P | SSEHubOptions<E>, given?: SSEHubOptions<E>) {
    const [pattern, own] =
      typeof path === "object" && path !== null ? [undefined, path] : [new PathPattern(path as P), given];
    const options = readOptions<SSEHubOptions<E>>("SSEHub", own, HUB_OPTIONS);
    if (pattern === undefined && options.store === undefined) throw storeOrPath("SSEHub");
    this.#pattern = pattern;
    this.#options = resolveOptions(options);
    checkFunction("exists", options.exists);
    this.#exists = options.exists;
    this.#listeners = new Listeners(this.#options.onError);
    const volatile = new VolatileStores<E>();
    const makeStore = storeMaker(options.store) ?? ((name: string) => volatile.make(name));
    const turns = new TurnQueue();
    this.#streams = new StreamRegistry(
      (name) =>
        new StreamOfHub(name, makeStore(name), this.#listeners, this.#options, turns, () => volatile.putAway(name)),
      wholeNumberOption("maxStreams", options.maxStreams, 10_000, 1),
      delayOption("evictAfterMs", options.evictAfterMs, 3_600_000),
    );
    this.#endpoint = new Endpoint({ ...this.#options, route: (pathname) => this.#route(pathname) });
  }

  /** How many clients are connected to this process now. */
  get connectionCount(): number {
    return this.#endpoint.connectionCount;
  }

  /** How many streams this process holds now. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /**
   * The stream of this name, or with these parts of the path. Asking creates nothing; dispatching does.
   *
   * @throws SSETargetError `invalid-stream-name`: a name is 1 to 512 characters that can stand in a URL
   */
  stream(name: string | PathParams<P>): HubStream<E> {
    const text = this.#nameOf(name);
    return new NamedStream(text, this.#pattern, this.#use, this.#view);
  }

  #nameOf(name: string | PathParams<P>): string {
    if (typeof name === "string" && this.#streams.has(name)) return name;
    const isParams = typeof name === "object" && name !== null && this.#pattern !== undefined;
    const text = isParams ? this.#pattern.nameOf(name) : name;
    checkStreamName(text);
    this.#pattern?.paramsOf(text);
    return text;
  }

  /** Short for `stream(name).dispatchEvent(event)`. */
  async dispatchEvent(name: string | PathParams<P>, event: E): Promise<StoredEvent<E> | undefined> {
    return this.stream(name).dispatchEvent(event);
  }

  /** Short for `stream(name).complete(end)`. */
  async complete(name: string | PathParams<P>, end?: EndData): Promise<void> {
    return this.stream(name).complete(end);
  }

  /** Hears of events of this type in every stream before they are stored and sent; may `preventDefault()`. */
  addEventListener<T extends E["type"]>(
    type: T,
    listener: DispatchListener<EventOfType<E, T>>,
    options?: ListenerOptions,
  ): void {
    this.#listeners.add(type, listener as unknown as DispatchListener<E>, options);
  }

  removeEventListener<T extends E["type"]>(type: T, listener: DispatchListener<EventOfType<E, T>>): void {
    this.#listeners.remove(type, listener as unknown as DispatchListener<E>);
  }

  /** Answers a request. Never rejects because of the request; a request that is refused gets a plain response. */
  fetch(request: Request): Promise<Response> {
    return this.#endpoint.fetch(request);
  }

  /** Decides about a request without making a `Response`: the door for adapters that write to something else. */
  handle(head: RequestHead): Promise<Handled> {
    return this.#endpoint.handle(head);
  }

  /** Takes no more events or clients, lets what is under way finish, and sends clients away with a jittered `retry:`. Idempotent. @throws SSETargetError `invalid-option`, and then nothing is closed */
  async close(options?: CloseOptions): Promise<void> {
    const resolved = resolveCloseOptions(options);
    this.#closing ??= this.#close(resolved);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ reconnectSpreadMs, closeTimeoutMs }: Required<CloseOptions>): Promise<void> {
    const streams = [...this.#streams.streams()];
    await within(Promise.all(streams.map((stream) => stream.dispatcher.close())), closeTimeoutMs, () => {});
    for (const stream of streams) stream.feed.flush();
    await this.#endpoint.close(reconnectSpreadMs, closeTimeoutMs);
    this.#streams.close();
  }

  readonly #use = (name: string): StreamOfHub<E> => {
    this.#checkOpen();
    return this.#streams.use(name);
  };

  readonly #view = (name: string): StreamOfHub<E> => {
    this.#checkOpen();
    return this.#streams.view(name);
  };

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new SSETargetError("closed", "the hub has been closed; it takes no more events");
  }

  #route(pathname: string): StreamRoute | undefined {
    if (this.#pattern === undefined) throw pathless("SSEHub", '"/runs/:id/sse"');
    const name = this.#pattern.match(pathname);
    if (name === undefined || name === "" || name.length > MAX_NAME_LENGTH) return undefined;
    return {
      stream: name,
      path: this.#pattern.pathOf(name),
      exists: () => this.#streams.has(name) || this.#exists === undefined || this.#exists(name),
      feed: () => this.#view(name).feed as unknown as Feed<StreamEvent>,
      onLeft: () => this.#streams.left(name),
    };
  }
}

/** A stream by its name only. */
class NamedStream<E extends StreamEvent> implements HubStream<E> {
  readonly name: string;
  readonly #pattern: PathPattern | undefined;
  readonly #use: (name: string) => StreamOfHub<E>;
  readonly #view: (name: string) => StreamOfHub<E>;

  constructor(
    name: string,
    pattern: PathPattern | undefined,
    use: (name: string) => StreamOfHub<E>,
    view: (name: string) => StreamOfHub<E>,
  ) {
    this.name = name;
    this.#pattern = pattern;
    this.#use = use;
    this.#view = view;
  }

  get path(): string {
    if (this.#pattern === undefined) throw pathless("SSEHub", '"/runs/:id/sse"');
    return this.#pattern.pathOf(this.name);
  }

  dispatchEvent(event: E): Promise<StoredEvent<E> | undefined> {
    try {
      return this.#use(this.name).dispatcher.dispatchEvent(event);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async dispatchEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return this.#use(this.name).dispatcher.dispatchEvents(events);
  }

  async complete(end?: EndData): Promise<void> {
    return this.#use(this.name).dispatcher.complete(end);
  }

  async isCompleted(): Promise<boolean> {
    // Asking is no dispatch: it takes no slot from a stream that has been dispatched to.
    const { feed } = this.#view(this.name);
    await feed.open();
    return feed.isEnd(Number.POSITIVE_INFINITY);
  }
}

/** A stream while the hub holds it. */
class StreamOfHub<E extends StreamEvent> implements RegisteredStream {
  readonly feed: Feed<E>;
  readonly dispatcher: Dispatcher<E>;
  readonly #log: EventLog<E>;
  readonly #writer: StreamWriter<E>;
  readonly #onPutAway: () => void;
  readonly #options: ResolvedOptions;

  constructor(
    name: string,
    store: EventStore<E> | EventLog<E>,
    listeners: Listeners<E>,
    options: ResolvedOptions,
    turns: TurnQueue,
    onPutAway: () => void,
  ) {
    this.#onPutAway = onPutAway;
    this.#options = options;
    this.#log = asEventLog(store, options.storeTimeoutMs);
    this.feed = new Feed(this.#log, options, turns);
    this.#writer = new StreamWriter(this.#log, options);
    this.dispatcher = new Dispatcher(this.#writer, listeners, name, options.maxEventBytes);
  }

  get isWatched(): boolean {
    return this.feed.connectionCount > 0 || this.feed.isOpening;
  }

  get isStoring(): boolean {
    return this.#writer.pendingEvents > 0;
  }

  get isEmpty(): boolean {
    return !this.dispatcher.hasStored && this.feed.head === 0;
  }

  rest(): void {
    this.feed.stop();
  }

  putAway(): void {
    this.feed.sendAway();
    this.#onPutAway();
    this.#log.close?.().catch(this.#options.onError);
  }
}

/** @throws SSETargetError `invalid-option` */
function storeMaker<E extends StreamEvent>(
  store: SSEHubOptions<E>["store"],
): ((name: string) => EventStore<E> | EventLog<E>) | undefined {
  if (store === undefined || typeof store === "function") return store;
  if (typeof (store as EventStorage<E> | null)?.stream === "function") return (name) => store.stream(name);
  throw new SSETargetError(
    "invalid-option",
    `\`store\` must be a function from a stream's name to its store, or an object with such a method \`stream\`, got ${describeValue(store)}`,
  );
}
