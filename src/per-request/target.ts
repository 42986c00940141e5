import type { ListenerOptions } from "../util/listener-options.ts";
import { MAX_TIMER_MS } from "../util/timers.ts";
import { guarded } from "../util/guard.ts";
import { END_EVENT_TYPE, wireText, type EndData, type StreamEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { MessageWriter } from "../http/message-writer.ts";
import type { Sink } from "../http/sink.ts";
import {
  delayOption,
  describeValue,
  type OptionNames,
  readOptions,
  wholeNumberOption,
  checkFunction,
} from "../util/options.ts";
import { commentFrame, messageFrame } from "../wire/message-frame.ts";
import { checkEvent } from "../event/check-event.ts";
import { CLOSE_TYPE, ServerSentEvent } from "./event.ts";

/** Options of a target for one request. Absent and `undefined` mean the default. */
export interface ServerSentEventTargetOptions {
  /**
   * A quiet connection is sent a comment this often, in milliseconds; `null`: never, save what `stallTimeoutMs` needs.
   *
   * @defaultValue 15_000
   */
  readonly keepAliveMs?: number | null;
  /**
   * How long the client may take nothing of what waits for it, in milliseconds, before it is let go; `null`: forever. A client
   * that has vanished is noticed so too, as {@link SSETargetOptions.stallTimeoutMs} says. @defaultValue 120_000 (2 minutes)
   */
  readonly stallTimeoutMs?: number | null;
  /** How long the client waits before it connects again, in milliseconds; `null`: its own default. @defaultValue 2_000 */
  readonly retryMs?: number | null;
  /**
   * What waits for a client that does not read, in bytes, beside what its connection buffers. Beyond it the connection is cut off and
   * `onError` told (`too-many-pending`): a client that comes again is better than one that misses something. @defaultValue 1_048_576
   */
  readonly maxBufferedBytes?: number;
  /** How long `close` waits for what was dispatched to be read; after it the connection is torn down. @defaultValue 5_000 */
  readonly closeTimeoutMs?: number;
  /** Hears of what nobody awaits: a listener that throws, a client that was cut off, a source that fails. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** Hears of an event of a per-request target. */
export type SentEventListener =
  | ((event: ServerSentEvent) => unknown)
  | { handleEvent(event: ServerSentEvent): unknown };

/**
 * One client, as an `EventTarget`: what is dispatched here is dispatched on the `EventSource` there. Nothing is stored, and nobody
 * else gets it; `sendEvents` makes one for a request.
 *
 * Listeners hear of an event before it is sent, and may `preventDefault()`. What a listener throws goes to `onError`. The event
 * `close` comes once, when all is over, whoever ended it; it is a plain `Event` and not sent.
 * @see https://dom.spec.whatwg.org/#interface-eventtarget
 */
export class ServerSentEventTarget extends EventTarget {
  /** The id of the last event that the client had before it came again, as it sent it; not trusted. */
  readonly lastEventId: string | undefined;
  readonly #writer: MessageWriter;
  readonly #onError: ErrorListener;
  /** What stands between a listener and the platform, which would throw the listener's error at the process. */
  readonly #guards = new WeakMap<object, (event: Event) => void>();

  /**
   * @param sink where the bytes go; `sendEvents` has the right one.
   * @throws SSETargetError `invalid-option`
   */
  constructor(sink: Sink, options?: ServerSentEventTargetOptions, lastEventId?: string) {
    super();
    const given = readOptions("ServerSentEventTarget", options, SENT_TARGET_OPTIONS);
    const resolved = resolveTargetOptions(given);
    this.lastEventId = lastEventId;
    this.#onError = resolved.onError;
    this.#writer = new MessageWriter(sink, {
      ...resolved,
      // Later, so that one who is only now given this target hears of it too.
      onClosed: () => queueMicrotask(() => void super.dispatchEvent(new Event(CLOSE_TYPE))),
    });
  }

  /** Whether nothing can be sent any more. */
  get closed(): boolean {
    return !this.#writer.isOpen;
  }

  /** Resolves when the client can take more, and when it is gone: look at `closed` afterwards. */
  get ready(): Promise<void> {
    return this.#writer.ready();
  }

  /** How many bytes wait here for a client that does not read. */
  get bufferedBytes(): number {
    return this.#writer.waitingBytes;
  }

  /**
   * Lets listeners hear of the event, and sends it unless one of them prevented that. Takes what `new ServerSentEvent(…)` makes, and
   * events of the form that an `SSETarget` takes: `{ type: "tick", n: 1 }`. Any other `Event` is for listeners only.
   *
   * @returns whether it was taken: not prevented, and the client is still there
   * @throws SSETargetError `invalid-event`, `invalid-type`, `reserved-type`, `invalid-id`, `invalid-key`, `unserializable-data`
   */
  override dispatchEvent(event: Event | StreamEvent): boolean {
    const sent = event instanceof Event ? event : eventOf(event);
    const isWanted = super.dispatchEvent(sent);
    if (!isWanted || !(sent instanceof ServerSentEvent)) return isWanted;
    return this.#writer.write(sent.toString());
  }

  /**
   * Dispatches an event of type `message`, which is what `onmessage` gets. A string is sent as it is, anything else as JSON.
   *
   * @throws SSETargetError `unserializable-data`
   */
  dispatchMessage(data: unknown): boolean {
    return this.dispatchEvent(new ServerSentEvent("message", { data, cancelable: true }));
  }

  /** Sends a comment, which browsers ignore. */
  dispatchComment(text: string): boolean {
    return this.#writer.write(commentFrame(text));
  }

  /** Ends the response after what was dispatched; a browser comes again. Resolves when all is over. Idempotent. */
  close(): Promise<void> {
    return this.#writer.end();
  }

  /**
   * Ends the stream for good: sends `ssetarget:end` with what `end` says, and closes. The browser that comes again after it says so,
   * and `sendEvents` answers it with 204, after which an `EventSource` stays closed.
   */
  complete(end?: EndData): Promise<void> {
    const { reason, message } = readOptions("complete", end, { reason: true, message: true });
    const data = JSON.stringify({ key: END_EVENT_TYPE, reason, message });
    this.#writer.write(messageFrame({ id: END_EVENT_TYPE, type: END_EVENT_TYPE, data }));
    return this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  override addEventListener(
    type: string,
    listener: SentEventListener | null,
    options?: boolean | ListenerOptions,
  ): void {
    if (listener !== null) super.addEventListener(type, this.#guard(listener), options);
  }

  override removeEventListener(type: string, listener: SentEventListener | null, options?: boolean): void {
    if (listener !== null) super.removeEventListener(type, this.#guard(listener), options);
  }

  #guard(listener: SentEventListener): (event: Event) => void {
    const isListener = typeof listener === "function" || typeof listener?.handleEvent === "function";
    if (!isListener) {
      throw new SSETargetError(
        "invalid-option",
        `a listener must be a function or an object with \`handleEvent\`, got ${describeValue(listener)}`,
      );
    }
    let guard = this.#guards.get(listener);
    if (guard === undefined) {
      guard = (event) => {
        try {
          const heard = event as ServerSentEvent;
          const answer = typeof listener === "function" ? listener.call(this, heard) : listener.handleEvent(heard);
          // An async function is a listener too; its rejection must not end the process.
          if (answer instanceof Promise) answer.catch(this.#onError);
        } catch (error) {
          this.#onError(error);
        }
      };
      this.#guards.set(listener, guard);
    }
    return guard;
  }
}

/** Every event has a size for a target that keeps none. */
const ANY_SIZE = Number.MAX_SAFE_INTEGER;

function eventOf(form: StreamEvent): ServerSentEvent {
  const { event } = checkEvent(form, ANY_SIZE);
  return new ServerSentEvent(event.type, { data: wireText(event), id: event.id, cancelable: true });
}

/** The names of {@link ServerSentEventTargetOptions}. */
export const SENT_TARGET_OPTIONS: OptionNames<ServerSentEventTargetOptions> = {
  keepAliveMs: true,
  retryMs: true,
  stallTimeoutMs: true,
  maxBufferedBytes: true,
  closeTimeoutMs: true,
  onError: true,
};

/** @throws SSETargetError `invalid-option` */
export function resolveTargetOptions(options: ServerSentEventTargetOptions) {
  checkFunction("onError", options.onError);
  return {
    keepAliveMs: delayOption("keepAliveMs", options.keepAliveMs, 15_000),
    stallTimeoutMs: delayOption("stallTimeoutMs", options.stallTimeoutMs, 120_000),
    retryMs: options.retryMs === null ? null : wholeNumberOption("retryMs", options.retryMs, 2_000, 0),
    maxBufferedBytes: wholeNumberOption("maxBufferedBytes", options.maxBufferedBytes, 1024 * 1024, 1),
    closeTimeoutMs: wholeNumberOption("closeTimeoutMs", options.closeTimeoutMs, 5_000, 0, MAX_TIMER_MS),
    onError: guarded(options.onError),
  };
}
