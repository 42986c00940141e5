import type { StreamEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { listen, type ListenerOptions } from "../util/listener-options.ts";
import { describeValue } from "../util/options.ts";

/** What a listener on the server's side is given: the event before it is stored and sent. */
export class DispatchedEvent<E extends StreamEvent> {
  readonly type: E["type"];
  /** The event itself. It has no id yet. */
  readonly event: E;
  /** The stream it was dispatched to: the target's path, or the name a hub knows it by. */
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

/** A function, or an object with `handleEvent`, as the DOM has it. */
export type DispatchListener<E extends StreamEvent> =
  | ((event: DispatchedEvent<E>) => void)
  | { handleEvent(event: DispatchedEvent<E>): void };

/**
 * Listeners by event type. Unlike the platform's `EventTarget` it does not throw a listener's error at the process:
 * an error goes to `onError`, and the other listeners and the dispatch go on.
 */
export class Listeners<E extends StreamEvent> {
  readonly #byType = new Map<string, Map<DispatchListener<E>, boolean>>();
  readonly #onError: ErrorListener;

  constructor(onError: ErrorListener) {
    this.#onError = onError;
  }

  /** @throws SSETargetError `invalid-option` */
  add(type: string, listener: DispatchListener<E>, options?: ListenerOptions): void {
    const isListener = typeof listener === "function" || typeof listener?.handleEvent === "function";
    if (!isListener) {
      throw new SSETargetError(
        "invalid-option",
        `a listener must be a function or an object with \`handleEvent\`, got ${describeValue(listener)}`,
      );
    }
    listen(
      options,
      (once) => {
        let listeners = this.#byType.get(type);
        if (listeners === undefined) this.#byType.set(type, (listeners = new Map()));
        if (!listeners.has(listener)) listeners.set(listener, once);
      },
      () => this.remove(type, listener),
    );
  }

  remove(type: string, listener: DispatchListener<E>): void {
    const listeners = this.#byType.get(type);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#byType.delete(type);
  }

  /** Whether the event shall be stored and sent. */
  call(event: E, stream: string): boolean {
    const listeners = this.#byType.get(event.type);
    if (listeners === undefined) return true;
    const dispatch = new DispatchedEvent(event, stream);
    for (const [listener, once] of Array.from(listeners)) {
      if (once) this.remove(event.type, listener);
      try {
        const answer: unknown = typeof listener === "function" ? listener(dispatch) : listener.handleEvent(dispatch);
        // An async function is a listener too; its rejection must not end the process.
        if (answer instanceof Promise) answer.catch(this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
    return !dispatch.defaultPrevented;
  }
}
