import { RESERVED_TYPE_PREFIX, type ServerSentEvent as EventForm } from "../event.ts";
import { SSETargetError } from "../errors.ts";
import { describeThrown, describeValue, wholeNumberOption } from "../options.ts";
import { messageFrame } from "../wire/message-frame.ts";
import { checkType } from "./check-event.ts";

/** What goes with an event that is made for one request. */
export interface ServerSentEventInit {
  /** A string is sent as it is, line by line; anything else as JSON; nothing as the empty string. */
  readonly data?: unknown;
  /** What the browser will send as `Last-Event-ID`. A string or a number; `0` and the empty string (which forgets it) are ids. */
  readonly id?: string | number;
  /** How long the browser shall wait before it connects again, in milliseconds. */
  readonly retry?: number;
  /** Handed to `JSON.stringify`. */
  readonly replacer?: ((this: unknown, key: string, value: unknown) => unknown) | readonly (string | number)[] | null;
  /** Handed to `JSON.stringify`. JSON of several lines is sent and received as such. */
  readonly space?: string | number;
  /** Whether a listener may keep the event from being sent. @defaultValue true */
  readonly cancelable?: boolean;
}

/** An event as the listeners of a per-request target see it before it is sent. */
export interface SentEvent extends Event {
  /** The text that a browser will find in `event.data` (but for CR and CRLF, which become LF). */
  readonly data: string;
  readonly id: string | number | undefined;
  readonly retry: number | undefined;
  /** The event as it stands on the wire. */
  toString(): string;
}

/** Makes events for per-request targets. */
export interface ServerSentEventConstructor {
  /**
   * @param type the name that the browser listens to; `message` is what `onmessage` gets.
   * @throws SSETargetError `invalid-type`, `reserved-type`, `invalid-id`, `invalid-option`, `unserializable-data`
   */
  new (type: string, init?: ServerSentEventInit): SentEvent;
  readonly prototype: SentEvent;
}

/** As a type: the form of everything that is dispatched. As a class: {@link ServerSentEventConstructor}. */
export type ServerSentEvent = EventForm;

/**
 * An event for one client, as one dispatches it on a `ServerSentEventTarget`.
 *
 * ```ts
 * target.dispatchEvent(new ServerSentEvent("ping", { data: { at: Date.now() }, id: 7 }));
 * ```
 * @see https://oakserver.github.io/oak/sse, whose names these are
 */
export const ServerSentEvent: ServerSentEventConstructor = class extends Event implements SentEvent {
  readonly #data: string;
  readonly #id: string | number | undefined;
  readonly #retry: number | undefined;

  constructor(type: string, init: ServerSentEventInit = {}) {
    checkType(type);
    if (type === CLOSE_TYPE) {
      throw new SSETargetError(
        "reserved-type",
        `a server-sent event's \`type\` must not be "${CLOSE_TYPE}", for listeners of the target would take it for the connection's end; choose another name`,
      );
    }
    super(type, { cancelable: init.cancelable ?? true });
    this.#id = checkId(init.id);
    this.#retry = init.retry === undefined ? undefined : wholeNumberOption("retry", init.retry, 0, 0);
    this.#data = dataOf(type, init);
  }

  get data(): string {
    return this.#data;
  }

  get id(): string | number | undefined {
    return this.#id;
  }

  get retry(): number | undefined {
    return this.#retry;
  }

  override toString(): string {
    const id = this.#id === undefined ? undefined : String(this.#id);
    return messageFrame({ type: this.type, id, retry: this.#retry, data: this.#data });
  }
};

/** The target's own event, which is not sent. */
export const CLOSE_TYPE = "close";

function checkId(id: unknown): string | number | undefined {
  if (id === undefined) return undefined;
  if (typeof id === "number" && Number.isFinite(id)) return id;
  // A reader drops an id that has NUL in it.
  if (typeof id === "string" && !/[\r\n\0]/.test(id) && !id.startsWith(RESERVED_TYPE_PREFIX)) return id;
  throw new SSETargetError(
    "invalid-id",
    `a server-sent event's \`id\` must be a number or a string without CR, LF or NUL that does not begin with "${RESERVED_TYPE_PREFIX}", got ${describeValue(id)}`,
  );
}

function dataOf(type: string, { data, replacer, space }: ServerSentEventInit): string {
  if (data === undefined) return "";
  if (typeof data === "string") return data;
  let text: string | undefined;
  let cause: unknown = new TypeError(`JSON has nothing for ${describeValue(data)}`);
  try {
    text = JSON.stringify(data, replacer as (string | number)[], space) as string | undefined;
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new SSETargetError(
    "unserializable-data",
    `the \`data\` of the event of type ${describeValue(type)} cannot be written as JSON (${describeThrown(cause)}); send a string, or what JSON can carry`,
    { cause },
  );
}
