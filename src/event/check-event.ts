import {
  MAX_KEY_LENGTH,
  MAX_TYPE_LENGTH,
  RESERVED_TYPE_PREFIX,
  checkWellFormed,
  dataText,
  sealEvent,
  type StreamEvent,
} from "./event.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";

/** What would end a line of the wire early, or be cut off by some reader. */
const LINE_BREAKS = /[\r\n\0]/;
const encoder = new TextEncoder();

/** An event that has been looked through: a copy nothing outside can change, and the size of its JSON. */
export interface CheckedEvent<E extends StreamEvent> {
  readonly event: E;
  readonly bytes: number;
}

/**
 * Looks an event through before anything is done with it. The event is not trusted.
 *
 * @throws SSETargetError `invalid-event`, `invalid-type`, `reserved-type`, `invalid-id`, `invalid-key`, `unserializable-data`, `event-too-large`
 */
export function checkEvent<E extends StreamEvent>(event: E, maxEventBytes: number): CheckedEvent<E> {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw new SSETargetError(
      "invalid-event",
      `an event must be an object with a \`type\`, got ${describeValue(event)}`,
    );
  }
  if (event instanceof Event) {
    throw new SSETargetError(
      "invalid-event",
      "an event that is stored must be a plain object, got an `Event`, whose data would not be stored; dispatch `{ type, … }`, or what `dataEvent(type, data)` makes",
    );
  }
  // Read once: what is checked must be what is sent, whatever getters there are.
  const copy: object = { ...event, type: event.type };
  const { type, id, key, toJSON } = copy as { type: unknown; id?: unknown; key?: unknown; toJSON?: unknown };
  checkType(type);
  if (typeof toJSON === "function") {
    throw new SSETargetError(
      "unserializable-data",
      `an event must not define \`toJSON\`, but the one of type ${describeValue(type)} does; dispatch what it returns`,
    );
  }
  if (id !== undefined && !(Number.isSafeInteger(id) && (id as number) >= 0)) {
    throw new SSETargetError(
      "invalid-id",
      `an event's \`id\` must be left out (the store assigns it) or a whole number, got ${describeValue(id)}`,
    );
  }
  const isKey = typeof key === "string" && key !== "" && key.length <= MAX_KEY_LENGTH;
  if (key !== undefined && (!isKey || key.startsWith(RESERVED_TYPE_PREFIX))) {
    throw new SSETargetError(
      "invalid-key",
      `an event's \`key\` must be a string of 1 to ${MAX_KEY_LENGTH} characters that does not begin with "${RESERVED_TYPE_PREFIX}", got ${describeValue(key)}`,
    );
  }
  checkWellFormed(key, "invalid-key", "an event's `key`");
  const snapshot = sealEvent(copy as E);
  const text = dataText(snapshot);
  // UTF-8 needs at most three bytes for a UTF-16 code unit, so most texts need not be encoded to know that they fit.
  const bytes = text.length * 3 <= maxEventBytes ? text.length : encoder.encode(text).byteLength;
  if (bytes > maxEventBytes) {
    throw new SSETargetError(
      "event-too-large",
      `the event of type ${describeValue(type)} has ${bytes} bytes of JSON; send less, or raise \`maxEventBytes\` (${maxEventBytes})`,
    );
  }
  return { event: snapshot, bytes };
}

/** @throws SSETargetError `invalid-type`, `reserved-type` */
export function checkType(type: unknown, name = "an event's `type`"): asserts type is string {
  if (typeof type !== "string" || type === "" || type.length > MAX_TYPE_LENGTH || LINE_BREAKS.test(type)) {
    throw new SSETargetError(
      "invalid-type",
      `${name} must be a string of 1 to ${MAX_TYPE_LENGTH} characters without CR, LF or NUL, got ${describeValue(type)}`,
    );
  }
  checkWellFormed(type, "invalid-type", name);
  if (type.startsWith(RESERVED_TYPE_PREFIX)) {
    throw new SSETargetError(
      "reserved-type",
      `${name} must not begin with "${RESERVED_TYPE_PREFIX}", which belongs to the protocol, got ${describeValue(type)}; choose another name`,
    );
  }
}
