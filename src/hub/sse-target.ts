import type { AnyEvent, EndData, EventOfType, StreamEvent, StoredEvent } from "../event/event.ts";
import type { ListenerOptions } from "../util/listener-options.ts";
import { SSETargetError } from "../util/errors.ts";
import type { Handled } from "../http/handled.ts";
import { Endpoint, type StreamRoute } from "../http/endpoint.ts";
import type { RequestHead } from "../http/request-head.ts";
import { describeValue, readOptions } from "../util/options.ts";
import { asEventLog } from "../store/as-event-log.ts";
import type { EventLog, EventStore } from "../store/event-log.ts";
import { MemoryEventStore } from "../store/memory-event-store.ts";
import { Feed } from "../stream/feed.ts";
import { StreamWriter } from "../stream/stream-writer.ts";
import { TurnQueue } from "../stream/turn-queue.ts";
import { isPattern } from "./path-pattern.ts";
import { pathless, storeOrPath } from "./pathless.ts";
import { within } from "../util/timers.ts";
import { resolveCloseOptions, type CloseOptions } from "./close-options.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Listeners, type DispatchListener } from "./listeners.ts";
import { resolveOptions, TARGET_OPTIONS, type SSETargetOptions } from "./options.ts";

/**
 * One stream of typed events: what is dispatched goes to a store, and from there out to any number of clients,
 * each of which resumes where it was.
 *
 * ```ts
 * const target = new SSETarget<MyEvent>("/sse");
 * await target.dispatchEvent({ type: "greeting", text: "hello" });
 * export default { fetch: (request: Request) => target.fetch(request) };
 * ```
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class SSETarget<E extends StreamEvent = AnyEvent> {
  readonly #feed: Feed<E>;
  readonly #endpoint: Endpoint;
  readonly #listeners: Listeners<E>;
  readonly #dispatcher: Dispatcher<E>;
  #closing: Promise<void> | undefined;

  /**
   * @param path the URL path that `fetch` serves the stream at; every other path is 404.
   * @param store keeps the events. @defaultValue a new {@link MemoryEventStore}
   * @throws SSETargetError `invalid-option`
   */
  constructor(path: string, store?: EventStore<E> | EventLog<E>, options?: SSETargetOptions);
  /** A target that only writes, in a worker that serves nobody: it has a store and no path. */
  constructor(options: SSETargetOptions & { readonly store: EventStore<E> | EventLog<E> });
  constructor(
    first: string | (SSETargetOptions & { readonly store: EventStore<E> | EventLog<E> }),
    given?: EventStore<E> | EventLog<E>,
    options?: SSETargetOptions,
  ) {
    const isPathless = typeof first === "object" && first !== null;
    const path = isPathless ? undefined : first;
    if (path !== undefined) checkPath(path);
    const { store = given, ...own } = isPathless
      ? readOptions<SSETargetOptions & { store?: EventStore<E> | EventLog<E> }>("SSETarget", first, {
          ...TARGET_OPTIONS,
          store: true,
        })
      : readOptions<SSETargetOptions & { store?: never }>("SSETarget", options, TARGET_OPTIONS as never);
    if (path === undefined && store === undefined) throw storeOrPath("SSETarget");
    const resolved = resolveOptions(own);
    const log = asEventLog(store === undefined ? new MemoryEventStore<E>() : store, resolved.storeTimeoutMs);
    this.#feed = new Feed(log, resolved, new TurnQueue());
    this.#listeners = new Listeners(resolved.onError);
    this.#dispatcher = new Dispatcher(
      new StreamWriter(log, resolved),
      this.#listeners,
      path ?? "",
      resolved.maxEventBytes,
    );
    const route: StreamRoute = {
      stream: path ?? "",
      exists: () => true,
      feed: () => this.#feed as unknown as Feed<StreamEvent>,
    };
    this.#endpoint = new Endpoint({
      ...resolved,
      route: (pathname) => {
        if (path === undefined) throw pathless("SSETarget", '"/sse"');
        return pathname === path ? route : undefined;
      },
    });
  }

  /** How many clients are connected to this process now. */
  get connectionCount(): number {
    return this.#endpoint.connectionCount;
  }

  /**
   * Stores the event and sends it to every client. Resolves with the stored event once the store has it (a repeat of a
   * known `key` with the one stored before), or with `undefined` where a listener prevented it.
   *
   * @throws SSETargetError (as a rejection) `invalid-event`, `invalid-type`, `reserved-type`, `invalid-id`, `invalid-key`,
   * `unserializable-data`, `event-too-large`, `too-many-pending`, `stream-completed`, `closed`, or what the store rejects with
   */
  dispatchEvent(event: E): Promise<StoredEvent<E> | undefined> {
    return this.#dispatcher.dispatchEvent(event);
  }

  /**
   * Dispatches several events in their order: one append where the store can. One that is invalid refuses all of them.
   *
   * @throws SSETargetError as `dispatchEvent`
   */
  dispatchEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return this.#dispatcher.dispatchEvents(events);
  }

  /**
   * Ends the stream for good: clients get what they still lack, are closed, and are not let in again (204). `end` says why, in the
   * last event. Idempotent: the first end stays.
   */
  complete(end?: EndData): Promise<void> {
    return this.#dispatcher.complete(end);
  }

  /** Hears of events of this type before they are stored and sent; may `preventDefault()`. Synchronous. */
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
    await within(this.#dispatcher.close(), closeTimeoutMs, () => {});
    this.#feed.flush();
    await this.#endpoint.close(reconnectSpreadMs, closeTimeoutMs);
    this.#feed.stop();
  }
}

/** @throws SSETargetError `invalid-option` */
function checkPath(path: unknown): void {
  if (typeof path === "string" && path.startsWith("/") && isPattern(path)) {
    throw new SSETargetError(
      "invalid-option",
      `\`path\` must be one path, got the pattern ${describeValue(path)}; for many streams use \`new SSEHub("/runs/:id/sse")\`, a hub takes patterns`,
    );
  }
  if (typeof path === "string" && path.startsWith("/") && new URL(`http://localhost${path}`).pathname === path) return;
  throw new SSETargetError(
    "invalid-option",
    `\`path\` must be the path of a URL as requests have it, beginning with "/", got ${describeValue(path)}`,
  );
}
