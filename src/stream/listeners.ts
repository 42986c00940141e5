import type { StreamEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { listen, type ListenerOptions } from "../util/listener-options.ts";
import { describeValue } from "../util/options.ts";

/** What a listener on the server gets: the event before it is stored and sent. */
export class DispatchedEvent<E extends StreamEvent> {
  readonly type: E["type"];
  /** The event itself. It has no id yet. */
  readonly event: E;
  /** The stream it was dispatched to: the target's path, or the stream's name in a hub. */
  readonly stream: string;
  #isDefaultPrevented = false;

  constructor(event: E, stream: string) {
    this.type = event.type;
    this.event = event;
    this.stream = stream;
  }

  get defaultPrevented(): boolean {
    return this.#isDefaultPrevented;
  }

  /** Keeps the event from being stored and sent. @see https://dom.spec.whatwg.org/#dom-event-preventdefault */
  preventDefault(): void {
    this.#isDefaultPrevented = true;
  }
}

/** A function, or an object with `handleEvent`, as in the DOM. */
export type DispatchListener<E extends StreamEvent> =
  | ((event: DispatchedEvent<E>) => void)
  | { handleEvent(event: DispatchedEvent<E>): void };

/**
 * Listeners by event type, for one stream or for all streams of a hub. Unlike the platform's `EventTarget`, it never
 * throws a listener's error at the process: the error goes to `onError`, and the dispatch continues.
 */
export class Listeners<E extends StreamEvent> {
  /** By type; listeners of one stream by type and stream. */
  readonly #byKey = new Map<string, Map<DispatchListener<E>, boolean>>();
  readonly #onError: ErrorListener;
  #hasOwn = false;

  constructor(onError: ErrorListener) {
    this.#onError = onError;
  }

  /** @param stream only this stream's events; all if undefined. @throws SSETargetError `invalid-option` */
  add(type: string, listener: DispatchListener<E>, options?: ListenerOptions, stream?: string): void {
    const isListener = typeof listener === "function" || typeof listener?.handleEvent === "function";
    if (!isListener) {
      throw new SSETargetError(
        "invalid-option",
        `a listener must be a function or an object with \`handleEvent\`, got ${describeValue(listener)}`,
      );
    }
    const key = keyOf(type, stream);
    listen(
      options,
      (once) => {
        if (stream !== undefined) this.#hasOwn = true;
        let listeners = this.#byKey.get(key);
        if (listeners === undefined) this.#byKey.set(key, (listeners = new Map()));
        if (!listeners.has(listener)) listeners.set(listener, once);
      },
      () => this.#remove(key, listener),
    );
  }

  remove(type: string, listener: DispatchListener<E>, stream?: string): void {
    this.#remove(keyOf(type, stream), listener);
  }

  /** Calls the listeners; `false` if one of them prevented the event. */
  call(event: E, stream: string): boolean {
    const all = this.#byKey.get(event.type);
    const ownKey = this.#hasOwn ? keyOf(event.type, stream) : undefined;
    const own = ownKey === undefined ? undefined : this.#byKey.get(ownKey);
    if (all === undefined && own === undefined) return true;
    const dispatch = new DispatchedEvent(event, stream);
    if (all !== undefined) this.#callAll(event.type, all, dispatch);
    if (ownKey !== undefined && own !== undefined) this.#callAll(ownKey, own, dispatch);
    return !dispatch.defaultPrevented;
  }

  #callAll(key: string, listeners: ReadonlyMap<DispatchListener<E>, boolean>, dispatch: DispatchedEvent<E>): void {
    for (const [listener, once] of Array.from(listeners)) {
      if (once) this.#remove(key, listener);
      try {
        const result: unknown = typeof listener === "function" ? listener(dispatch) : listener.handleEvent(dispatch);
        // An async function is a listener too; its rejection must not end the process.
        if (result instanceof Promise) result.catch(this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #remove(key: string, listener: DispatchListener<E>): void {
    const listeners = this.#byKey.get(key);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#byKey.delete(key);
  }
}

/** Types have no line breaks, so no two pairs have the same key. */
function keyOf(type: string, stream: string | undefined): string {
  return stream === undefined ? type : `${type}\n${stream}`;
}
