import { checkWellFormed, RESERVED_TYPE_PREFIX } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeThrown, describeValue, wholeNumberOption } from "../util/options.ts";
import { messageFrame } from "../wire/message-frame.ts";
import { exactJson, isPlainJson } from "../util/exact-json.ts";
import { checkType } from "../event/check-event.ts";

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
  /** Whether a listener can keep the event from being sent with `preventDefault()`. @defaultValue false, as in the DOM */
  readonly cancelable?: boolean;
  /** Passed to the DOM's `Event`; means nothing here. @defaultValue false */
  readonly bubbles?: boolean;
  /** Passed to the DOM's `Event`; means nothing here. @defaultValue false */
  readonly composed?: boolean;
}

/** Data given directly as the second argument: any object that names no member of {@link ServerSentEventInit}. */
export type ServerSentEventData = { readonly [name: string]: unknown } & {
  readonly [name in keyof ServerSentEventInit]?: never;
};

/** An event as the listeners of a per-request target see it before it is sent. */
export interface ServerSentEvent extends Event {
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
   * @param init what the event holds. An object without any of these members, and anything that is not a plain object
   *   (a string, a number, an array), is the data itself: `new ServerSentEvent("ping", { hello: "world" })`.
   * @throws SSETargetError `invalid-type`, `reserved-type`, `invalid-id`, `unserializable-data`, and `invalid-option` for an
   *   object that mixes these members with others
   */
  new (type: string, init?: ServerSentEventInit): ServerSentEvent;
  new (
    type: string,
    data: ServerSentEventData | readonly unknown[] | string | number | boolean | null,
  ): ServerSentEvent;
  /** The form with data and its options apart. The second argument is the data, whatever it is. */
  new (type: string, data: unknown, init: Omit<ServerSentEventInit, "data">): ServerSentEvent;
  readonly prototype: ServerSentEvent;
}

/**
 * An event for one client, as one dispatches it on a `ServerSentEventTarget`.
 *
 * ```ts
 * target.dispatchEvent(new ServerSentEvent("ping", { data: { at: Date.now() }, id: 7 }));
 * ```
 * @see https://oakserver.github.io/oak/sse, whose names these are
 */
export const ServerSentEvent: ServerSentEventConstructor = class extends Event implements ServerSentEvent {
  readonly #data: string;
  readonly #id: string | number | undefined;
  readonly #retry: number | undefined;

  constructor(type: string, ...given: readonly unknown[]) {
    checkType(type);
    const init = readInit(given);
    if (type === CLOSE_TYPE) {
      throw new SSETargetError(
        "reserved-type",
        `a server-sent event's \`type\` must not be "${CLOSE_TYPE}", for listeners of the target would take it for the connection's end; choose another name`,
      );
    }
    const { bubbles = false, cancelable = false, composed = false } = init;
    super(type, { bubbles, cancelable, composed });
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

const INIT_MEMBERS: ReadonlySet<string> = new Set<keyof ServerSentEventInit>([
  "data",
  "id",
  "retry",
  "replacer",
  "space",
  "cancelable",
  "bubbles",
  "composed",
]);

/** @throws SSETargetError `invalid-option` */
function readInit([first, second]: readonly unknown[]): ServerSentEventInit {
  if (second !== undefined) {
    const init = isPlainObject(second) ? second : {};
    const [unknown = isPlainObject(second) ? undefined : second] = foreignMembers(init);
    if (unknown === undefined && init["data"] === undefined) return { ...init, data: first };
    throw new SSETargetError(
      "invalid-option",
      `the third argument of \`new ServerSentEvent\` must be an object of ${memberNames("data")}, got ${describeValue(unknown ?? "data")}; data goes into the second`,
    );
  }
  if (first === undefined) return {};
  if (!isPlainObject(first)) return { data: first };
  const foreign = foreignMembers(first);
  if (foreign.length === 0) return first;
  // `undefined` and absent mean the same.
  const own = Object.keys(first).filter((name) => INIT_MEMBERS.has(name) && first[name] !== undefined);
  if (own.length === 0) return { data: first };
  throw new SSETargetError(
    "invalid-option",
    `the second argument of \`new ServerSentEvent\` must be either data or an object of ${memberNames()}, got both: ${own.join(", ")} beside ${foreign.join(", ")}; put the data into \`{ data: … }\``,
  );
}

function memberNames(but?: string): string {
  return [...INIT_MEMBERS].filter((name) => name !== but).join(", ");
}

function foreignMembers(init: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(init).filter((name) => !INIT_MEMBERS.has(name) && init[name] !== undefined);
}

/** An instance of a class, a `Date` or a `Map` say, is data. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checkId(id: unknown): string | number | undefined {
  if (id === undefined) return undefined;
  if (typeof id === "number" && Number.isFinite(id)) return id;
  // A reader drops an id that has NUL in it.
  if (typeof id === "string" && !/[\r\n\0]/.test(id) && !id.startsWith(RESERVED_TYPE_PREFIX)) {
    checkWellFormed(id, "invalid-id", "a server-sent event's `id`");
    return id;
  }
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
  // Whoever replaces decides what is lost.
  const isReplaced = replacer !== undefined && replacer !== null;
  if (text !== undefined && !isReplaced && !isPlainJson(data)) exactJson(data, "data");
  if (text !== undefined) return text;
  throw new SSETargetError(
    "unserializable-data",
    `the \`data\` of the event of type ${describeValue(type)} cannot be written as JSON (${describeThrown(cause)}); send a string, or what JSON can carry`,
    { cause },
  );
}
