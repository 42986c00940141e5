import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import { exactJson, isPlainJson } from "../util/exact-json.ts";

/**
 * The form of everything that is dispatched: a `type`, and any further fields that JSON can carry.
 *
 * On the wire `type` becomes `event:`, `id` becomes `id:`, and all the rest becomes `data:` as one JSON object.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export interface StreamEvent {
  /** The name a browser listens to. No CR, LF or NUL; must not begin with `ssetarget:`. */
  readonly type: string;
  /** Assigned by the store; a value given to `dispatchEvent` is replaced. */
  readonly id?: number;
  /** Idempotency key: a stream stores an event with a given key once, and answers a repeat with the stored one. */
  readonly key?: string;
}

/** An event of any type and with any fields: what a target or hub takes whose events are not typed. */
export interface AnyEvent extends StreamEvent {
  // oxlint-disable-next-line typescript/no-explicit-any -- Only so are events of interfaces, such as spans, such events too.
  readonly [field: string]: any;
}

/** The events of this type among those of a target or hub; where their types are not known, any of them. */
export type EventOfType<E extends StreamEvent, T extends string> = string extends E["type"]
  ? E
  : Extract<E, { readonly type: T }>;

/**
 * The field of an event whose data is that field's value alone. An event's data is otherwise an object, made of its fields.
 * @see DataEvent
 */
export const DATA_FIELD = "ssetarget:data";

/**
 * An event whose `data:` is one JSON value, whatever it is: a string, a number, a list, `null`, an object with a `type` of its own.
 * In a browser `JSON.parse(event.data)` is that value. Its `key` is not sent, and it has no further fields.
 */
export interface DataEvent<T extends string = string, D = unknown> extends StreamEvent {
  readonly type: T;
  readonly [DATA_FIELD]: D;
}

/** Makes a {@link DataEvent}. Nothing is sent as `null`, for JSON has no other word for it. */
export function dataEvent<T extends string, D>(type: T, value: D, key?: string): DataEvent<T, D> {
  const data = value === undefined ? (null as D) : value;
  return key === undefined ? { type, [DATA_FIELD]: data } : { type, key, [DATA_FIELD]: data };
}

/** An event that a store has given its place in the stream. */
export type StoredEvent<E extends StreamEvent> = E & { readonly id: number };

/**
 * A place in a stream: "I have everything up to and including `id`".
 *
 * `epoch` names the history the id belongs to; a store that can lose its history has one that changes when it does.
 */
export interface Cursor {
  readonly id: number;
  readonly epoch?: string;
}

/** Event types with this prefix belong to the protocol (PROTOCOL.md) and are refused from users. */
export const RESERVED_TYPE_PREFIX = "ssetarget:";
/** The type of the last, stored event of a stream that was completed. */
export const END_EVENT_TYPE = "ssetarget:end";
/** The type of the unstored event that says that history is missing. */
export const GAP_EVENT_TYPE = "ssetarget:gap";

/** The largest `key`, in UTF-16 code units. */
export const MAX_KEY_LENGTH = 512;
/** The largest `type`, in UTF-16 code units. */
export const MAX_TYPE_LENGTH = 256;

/** Why history is missing. PROTOCOL.md says what a client does with each. */
export type GapReason = "trimmed" | "reset" | "overflow" | "unknown-cursor";

/** What the last event of a stream may say of why the stream has ended. Clients are told it as it is. */
export interface EndData {
  /** One word for programs, such as `completed`, `stopped` or `failed`. */
  readonly reason?: string;
  /** A sentence for people. */
  readonly message?: string;
}

/** The data of a `ssetarget:gap` event. */
export interface GapData {
  readonly reason: GapReason;
  /** The last id before the gap: the cursor, or what the connection had come to; `null` where the cursor could not be read. */
  readonly after: number | null;
  /** No event before this id will follow. */
  readonly resumesAt: number;
}

/**
 * Whether a text survives UTF-8. One that holds half a surrogate pair does not: every half becomes U+FFFD, so that two names or keys
 * become one. Such types, keys and names are refused everywhere; inside an event's data JSON escapes them, and they come back.
 *
 * @see https://tc39.es/ecma262/#sec-string.prototype.iswellformed
 */
export function isWellFormed(text: string): boolean {
  return !HALF_PAIR.test(text);
}

const HALF_PAIR = /\p{Surrogate}/u;

/** Refuses a text that UTF-8 would make another one. What is no text is somebody else's to refuse. */
export function checkWellFormed(
  text: unknown,
  code: "invalid-type" | "invalid-key" | "invalid-id",
  name: string,
): void {
  if (typeof text !== "string" || isWellFormed(text)) return;
  throw new SSETargetError(
    code,
    `${name} must be well-formed Unicode, got half a surrogate pair in ${describeValue(text)}; send whole characters`,
  );
}

/** Constructs whatever it is given, so that a class below it can put a private field on an object of any kind. */
// oxlint-disable-next-line typescript/no-extraneous-class, no-constructor-return -- It is for its constructor only.
class Given {
  constructor(object: object) {
    return object;
  }
}

/**
 * Remembers the JSON text of an event that has already been made into it: an event is turned into text once per process.
 * A private field, because it can neither be seen nor copied, and costs nothing beside an entry in a `WeakMap`.
 */
class KnownText extends Given {
  readonly #text: string;

  constructor(event: object, text: string) {
    super(event);
    this.#text = text;
  }

  static of(event: object): string | undefined {
    return #text in event ? event.#text : undefined;
  }
}

function mark<E extends object>(event: E, text: string): E {
  // oxlint-disable-next-line no-new -- The constructor marks the event.
  new KnownText(event, text);
  // Last, for nothing can be put on an object that is frozen.
  return Object.freeze(event);
}

/** The JSON text of an event's fields: the event without `type` and `id`. Never holds a raw CR or LF. */
export function dataText(event: StreamEvent): string {
  const known = KnownText.of(event);
  if (known !== undefined) return known;
  const { type: _type, id: _id, ...data } = event;
  return JSON.stringify(data);
}

/** What stands in the event's `data:` line: its text, or that of its {@link DATA_FIELD}. Never holds a raw CR or LF. */
export function wireText(event: StreamEvent): string {
  const text = dataText(event);
  if (!(DATA_FIELD in event)) return text;
  // From the text and not from the event, for the event may hold something that has changed since the text was made.
  const data = (JSON.parse(text) as Partial<DataEvent>)[DATA_FIELD];
  return JSON.stringify(data ?? null);
}

/**
 * The event with its text made, so that nothing that is done to it or to what it holds afterwards reaches the wire.
 * The copy is shallow: a store that keeps events keeps their text ({@link dataText}).
 *
 * @throws SSETargetError `unserializable-data` where JSON cannot carry it; `invalid-type`, `invalid-key` where UTF-8 cannot.
 */
export function snapshotEvent<E extends StreamEvent>(event: E): E {
  if (KnownText.of(event) !== undefined) return event;
  const { type, key } = event;
  checkWellFormed(type, "invalid-type", "an event's `type`");
  checkWellFormed(key, "invalid-key", "an event's `key`");
  return sealEvent({ ...event });
}

/** {@link snapshotEvent} of an event that is a copy already: nobody else holds it. */
export function sealEvent<E extends StreamEvent>(event: E): E {
  const { type: _type, id: _id, ...data } = event;
  const text = isPlainJson(data) ? JSON.stringify(data) : oddText(data, event.type);
  // A `toJSON` of the caller's may turn the whole event into something that is not an object.
  if (text.startsWith("{")) return mark(event, text);
  throw new SSETargetError(
    "unserializable-data",
    `an event's JSON must be an object, that of type ${describeValue(event.type)} is not; dispatch what its \`toJSON\` returns`,
  );
}

/** The text of data that has to be looked at closely; an error names the place in it. */
function oddText(data: object, type: string): string {
  try {
    // What somebody gave is the value, not the field that carries it.
    if (DATA_FIELD in data) exactJson(data[DATA_FIELD], "data");
    return exactJson(data, "data");
  } catch (error) {
    const { code, message, cause } = error as SSETargetError;
    throw new SSETargetError(code, `event of type ${describeValue(type)}: ${message}`, { cause });
  }
}

/** The event at its place in the stream; keeps the text that was already made. Stores may use it, none has to. */
export function withId<E extends StreamEvent>(event: E, id: number): StoredEvent<E> {
  const text = KnownText.of(event);
  return text === undefined ? Object.freeze({ ...event, id }) : mark({ ...event, id }, text);
}

/** A stored event as stores keep it: what its line of the wire is made of. */
export interface EventRecord {
  readonly id: number;
  readonly type: string;
  readonly key: string | undefined;
  /** See {@link dataText}. */
  readonly text: string;
}

/** The event that was stored, from its record. */
export function reviveEvent<E extends StreamEvent>({ id, type, text }: EventRecord): StoredEvent<E> {
  const event = { ...(JSON.parse(text) as object), type, id };
  return mark(event as unknown as StoredEvent<E>, text);
}
