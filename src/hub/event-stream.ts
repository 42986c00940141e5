import type { AnyEvent, EndData, EventOfType, StreamEvent, StoredEvent } from "../event/event.ts";
import type { Endpoint } from "../http/endpoint.ts";
import type { Handled } from "../http/handled.ts";
import { requestHead, urlOf, type RequestHead } from "../http/request-head.ts";
import { toResponse } from "../http/web-stream-sink.ts";
import type { DispatchListener, Listeners } from "../stream/listeners.ts";
import type { ListenerOptions } from "../util/listener-options.ts";
import type { OpenStream } from "../stream/open-stream.ts";
import { resolveCloseOptions, type CloseOptions, type ResolvedCloseOptions } from "./options.ts";

/** What holds a stream: a target has one, a hub many. */
export interface StreamHost<E extends StreamEvent> {
  readonly endpoint: Endpoint;
  readonly listeners: Listeners<E>;
  /** The stream, to write to. @throws SSETargetError `closed`, `too-many-streams` */
  use(name: string): OpenStream<E>;
  /** The stream, to read from. @throws SSETargetError `closed`, `too-many-streams` */
  view(name: string): OpenStream<E>;
  closeStream(name: string, options: ResolvedCloseOptions): Promise<void>;
}

/**
 * One stream: what is dispatched is stored, and sent to all its clients. It does not look at the path of a request.
 *
 * A hub makes one for each name. It can be kept for any time: it holds nothing, and the hub opens the stream as needed.
 */
export class EventStream<E extends StreamEvent = AnyEvent> {
  readonly name: string;
  readonly #host: StreamHost<E>;

  constructor(name: string, host: StreamHost<E>) {
    this.name = name;
    this.#host = host;
  }

  /**
   * Stores the event and sends it to every client. Resolves with the stored event once the store has it (for a known
   * `key`, with the event that was stored before), or with `undefined` if a listener prevented it.
   *
   * @throws SSETargetError (as a rejection) `invalid-event`, `invalid-type`, `reserved-type`, `invalid-id`, `invalid-key`,
   * `unserializable-data`, `event-too-large`, `too-many-pending`, `stream-completed`, `closed`, in a hub
   * `too-many-streams`, or what the store rejects with
   */
  dispatchEvent(event: E): Promise<StoredEvent<E> | undefined> {
    try {
      return this.#host.use(this.name).writer.dispatchEvent(event);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Dispatches several events in order, as one append if the store can. If one is invalid, none is stored.
   *
   * @throws SSETargetError as `dispatchEvent`
   */
  async dispatchEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return this.#host.use(this.name).writer.dispatchEvents(events);
  }

  /**
   * Ends the stream for good: clients get what they still lack, are closed, and are not let in again (204). `end` says
   * why, in the last event. Idempotent: the first end stays.
   */
  async complete(end?: EndData): Promise<void> {
    return this.#host.use(this.name).writer.complete(end);
  }

  /** Whether the stream has ended, here or in another process. Follows the store, as it does for a client. */
  async isCompleted(): Promise<boolean> {
    // Asking is no dispatch: in a hub it takes no place from a stream that has been dispatched to.
    const { feed } = this.#host.view(this.name);
    await feed.open();
    return feed.isEnd(Number.POSITIVE_INFINITY);
  }

  /**
   * Calls the listener for events of this type before they are stored and sent; it may `preventDefault()`. Synchronous.
   * The listener stays until it is removed, also if a hub evicts the stream: for a run that ends, pass a `signal`.
   *
   * @throws SSETargetError `invalid-option`
   */
  addEventListener<T extends E["type"]>(
    type: T,
    listener: DispatchListener<EventOfType<E, T>>,
    options?: ListenerOptions,
  ): void {
    this.#host.listeners.add(type, listener as unknown as DispatchListener<E>, options, this.name);
  }

  removeEventListener<T extends E["type"]>(type: T, listener: DispatchListener<EventOfType<E, T>>): void {
    this.#host.listeners.remove(type, listener as unknown as DispatchListener<E>, this.name);
  }

  /** Responds to a request. Never rejects because of the request; one that is refused gets a plain response. */
  async fetch(request: Request): Promise<Response> {
    return toResponse(await this.handle(requestHead(request)), request);
  }

  /** Decides about a request without making a `Response`, for adapters that write to something else. */
  handle(head: RequestHead): Promise<Handled> {
    const url = urlOf(head);
    return this.#host.endpoint.handle(head, url, typeof url === "string" ? undefined : this.nameAt(url));
  }

  /**
   * Lets what is under way finish, and asks clients to reconnect after a jittered delay. A stream of a hub is opened again
   * when it is used again; a target takes no more events or clients. Idempotent.
   *
   * @throws SSETargetError `invalid-option`, and then nothing is closed
   */
  async close(options?: CloseOptions): Promise<void> {
    return this.#host.closeStream(this.name, resolveCloseOptions(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The stream that a URL stands for; `undefined`: none. */
  protected nameAt(_url: URL): string | undefined {
    return this.name;
  }
}
