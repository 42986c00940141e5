import type { AnyEvent, EndData, EventOfType, StreamEvent, StoredEvent } from "../event/event.ts";
import type { Handled } from "../http/handled.ts";
import { requestHead, urlOf, type RequestHead } from "../http/request-head.ts";
import { toResponse } from "../http/web-stream-sink.ts";
import type { EventLog, EventStorage, EventStore } from "../store/event-log.ts";
import { checkStreamName, MAX_NAME_LENGTH } from "../store/stream-name.ts";
import type { DispatchListener } from "../stream/listeners.ts";
import type { ListenerOptions } from "../util/listener-options.ts";
import { SSETargetError } from "../util/errors.ts";
import {
  checkFunction,
  delayOption,
  describeValue,
  type OptionNames,
  readOptions,
  wholeNumberOption,
} from "../util/options.ts";
import { EventStream } from "./event-stream.ts";
import {
  resolveCloseOptions,
  resolveOptions,
  TARGET_OPTIONS,
  type CloseOptions,
  type SSETargetOptions,
} from "./options.ts";
import { pathless, PathPattern, storeOrPath, type PathParams } from "./path-pattern.ts";
import { ManyStreams } from "./stream-hosts.ts";
import { VolatileStores } from "./volatile-stores.ts";

/** Options of a hub. Those of a target apply to each of its streams, limits of connections and requests to all together. */
export interface SSEHubOptions<E extends StreamEvent> extends SSETargetOptions {
  /**
   * Makes the store of a stream when the stream is first used; or a storage of many streams, which the hub does not close.
   * @defaultValue a `MemoryEventStore` each, of at most 4 MiB. It is dropped when the stream is put away: later clients get
   * a gap, and a stream that had ended stays ended
   */
  readonly store?: ((name: string) => EventStore<E> | EventLog<E>) | EventStorage<E>;
  /** Whether a stream that this process does not hold exists; if `false`, clients get 404. @defaultValue every name exists */
  readonly exists?: (name: string) => boolean | Promise<boolean>;
  /**
   * Streams at a time that this process dispatches to. Beyond it, the least recently used one is put away, those without
   * clients first. Streams that only clients have named are counted apart, up to the same number. Beyond it, those without
   * clients are put away, and if all have clients, further clients get 503.
   *
   * @defaultValue 10_000
   */
  readonly maxStreams?: number;
  /**
   * How long a stream without clients and dispatches is kept, in milliseconds; `null`: until there is no room.
   *
   * @defaultValue 3_600_000 (1 hour)
   */
  readonly evictAfterMs?: number | null;
}

const HUB_OPTIONS: OptionNames<SSEHubOptions<StreamEvent>> = {
  ...TARGET_OPTIONS,
  store: true,
  exists: true,
  maxStreams: true,
  evictAfterMs: true,
};

/**
 * Many streams by name, behind one path such as `/runs/:id/sse`. Each is opened when it is first used, and put away when
 * it was neither used nor watched for a while.
 *
 * ```ts
 * const hub = new SSEHub<SpanEvent>("/runs/:id/sse");
 * const tracer = new Tracer(hub.stream(runId), runId);
 * ```
 */
export class SSEHub<E extends StreamEvent = AnyEvent, P extends string = string> {
  readonly #pattern: PathPattern | undefined;
  readonly #streams: ManyStreams<E>;

  /**
   * @param path where `fetch` serves streams, with one part like `:id` that holds the name, or with several
   *   (`/orgs/:org/runs/:id/sse`): then a name is the parts, each encoded as in a URL, with `/` between them (`acme/r1`).
   * @throws SSETargetError `invalid-option`
   */
  constructor(path: P, options?: SSEHubOptions<E>);
  /** A hub that only writes, in a worker that serves no clients: it has stores and no path. */
  constructor(options: SSEHubOptions<E> & Required<Pick<SSEHubOptions<E>, "store">>);
  constructor(path: P | SSEHubOptions<E>, given?: SSEHubOptions<E>) {
    const [pattern, own] =
      typeof path === "object" && path !== null ? [undefined, path] : [new PathPattern(path as P), given];
    const options = readOptions<SSEHubOptions<E>>("SSEHub", own, HUB_OPTIONS);
    if (pattern === undefined && options.store === undefined) throw storeOrPath("SSEHub");
    checkFunction("exists", options.exists);
    const volatile = new VolatileStores<E>();
    this.#pattern = pattern;
    this.#streams = new ManyStreams(
      {
        makeStore: storeMaker(options.store) ?? ((name) => volatile.make(name)),
        onPutAway: (name) => volatile.putAway(name),
        exists: options.exists,
        maxStreams: wholeNumberOption("maxStreams", options.maxStreams, 10_000, 1),
        evictAfterMs: delayOption("evictAfterMs", options.evictAfterMs, 3_600_000),
      },
      resolveOptions(options),
    );
  }

  /** How many clients are connected to this process now. */
  get connectionCount(): number {
    return this.#streams.endpoint.connectionCount;
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
  stream(name: string | PathParams<P>): EventStream<E> {
    return new EventStream(this.#nameOf(name), this.#streams);
  }

  /** The path that the stream is served at. @throws SSETargetError as `stream`; `invalid-option` if the hub has no path */
  pathOf(name: string | PathParams<P>): string {
    if (this.#pattern === undefined) throw pathless("SSEHub", PATH_EXAMPLE);
    return this.#pattern.pathOf(this.#nameOf(name));
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

  /** Calls the listener for events of this type in every stream before they are stored and sent; it may `preventDefault()`. */
  addEventListener<T extends E["type"]>(
    type: T,
    listener: DispatchListener<EventOfType<E, T>>,
    options?: ListenerOptions,
  ): void {
    this.#streams.listeners.add(type, listener as unknown as DispatchListener<E>, options);
  }

  removeEventListener<T extends E["type"]>(type: T, listener: DispatchListener<EventOfType<E, T>>): void {
    this.#streams.listeners.remove(type, listener as unknown as DispatchListener<E>);
  }

  /** Responds to a request. Never rejects because of the request; one that is refused gets a plain response. */
  async fetch(request: Request): Promise<Response> {
    return toResponse(await this.handle(requestHead(request)), request);
  }

  /** Decides about a request without making a `Response`, for adapters that write to something else. */
  handle(head: RequestHead): Promise<Handled> {
    if (this.#pattern === undefined) return Promise.reject(pathless("SSEHub", PATH_EXAMPLE));
    const url = urlOf(head);
    return this.#streams.endpoint.handle(head, url, typeof url === "string" ? undefined : this.#nameAt(url));
  }

  /**
   * Takes no more events or clients, lets what is under way finish, and asks clients to reconnect after a jittered delay.
   * Idempotent.
   *
   * @throws SSETargetError `invalid-option`, and then nothing is closed
   */
  async close(options?: CloseOptions): Promise<void> {
    return this.#streams.close(resolveCloseOptions(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #nameAt(url: URL): string | undefined {
    const name = this.#pattern?.match(url.pathname);
    if (this.#pattern === undefined || name === undefined || name === "" || name.length > MAX_NAME_LENGTH)
      return undefined;
    // `%61` is `a`: `authorize` compares the path with a text, so it must see the one way to write what is served.
    const path = this.#pattern.pathOf(name);
    if (path !== url.pathname) url.pathname = path;
    return name;
  }
}

const PATH_EXAMPLE = '"/runs/:id/sse"';

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
