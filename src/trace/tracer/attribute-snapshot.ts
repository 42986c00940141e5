import type { JsonObject, JsonValue, SpanProgress } from "../events.ts";

/** Values nested deeper than this are dropped. */
const MAX_DEPTH = 32;

/** Limits of a snapshot, in UTF-16 code units. */
export interface SnapshotLimits {
  readonly maxStringLength: number;
  /** A value with more parts than this is dropped: its text would be longer. */
  readonly maxValues: number;
}

/** Receives the name of what was dropped, and why. */
export type DropListener = (name: string, reason: string) => void;

/** Thrown for a value that JSON cannot carry, and that nothing can replace. */
class Unserializable {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * A deep copy of a user's attributes that JSON can carry. Never throws, whatever it is given.
 *
 * Bigints become decimal strings; NaN and the infinities the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as in Protobuf's JSON;
 * what has a `toJSON` (a Date, a URL) what that says; long strings are cut. Undefined is left out. An attribute that holds a cycle, a
 * function, a symbol, a getter that throws or far too much is dropped as a whole, and reported.
 * @see https://protobuf.dev/programming-guides/json/
 */
export function snapshotAttributes(value: unknown, limits: SnapshotLimits, onDrop: DropListener): JsonObject {
  if (value === undefined || value === null) return {};
  const entries: [string, JsonValue][] = [];
  let names: readonly string[] = [];
  try {
    if (typeof value !== "object" || Array.isArray(value)) onDrop("attributes", "they are not an object");
    else names = Object.keys(value);
  } catch (cause) {
    onDrop("attributes", `they cannot be read (${safeText(cause)})`);
  }
  for (const name of names) {
    const copy = snapshotField(value, name, limits);
    if (copy instanceof Unserializable) onDrop(name, copy.reason);
    else if (copy !== undefined) entries.push([name, copy]);
  }
  return Object.fromEntries(entries);
}

/** A copy of a user's progress that JSON can carry; undefined if it has no number. Throws what its getters throw. */
export function snapshotProgress(progress: SpanProgress, maxTextLength: number): SpanProgress | undefined {
  const { current, total, unit, message } = progress;
  if (!Number.isFinite(current)) return undefined;
  return {
    current,
    ...(Number.isFinite(total) ? { total } : {}),
    ...(unit === undefined ? {} : { unit: cutText(safeText(unit), maxTextLength) }),
    ...(message === undefined ? {} : { message: cutText(safeText(message), maxTextLength) }),
  };
}

/** The text, cut to `maxLength` with an ellipsis at the end. Never half a surrogate pair. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const cut = text.slice(0, Math.max(0, maxLength - 1));
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Text of any value. Never throws. */
export function safeText(value: unknown): string {
  try {
    return String(value instanceof Error ? value.message : value);
  } catch {
    return "unreadable";
  }
}

function snapshotField(owner: object, name: string, limits: SnapshotLimits): JsonValue | Unserializable | undefined {
  try {
    return new Snapshot(limits).copy((owner as Readonly<Record<string, unknown>>)[name], 0);
  } catch (cause) {
    return cause instanceof Unserializable ? cause : new Unserializable(`reading it failed (${safeText(cause)})`);
  }
}

/** The copying of one attribute. */
class Snapshot {
  readonly #limits: SnapshotLimits;
  readonly #above = new Set<object>();
  #values = 0;

  constructor(limits: SnapshotLimits) {
    this.#limits = limits;
  }

  copy(value: unknown, depth: number): JsonValue | undefined {
    this.#values += 1;
    if (this.#values > this.#limits.maxValues) throw new Unserializable("it holds too many values");
    switch (typeof value) {
      case "string":
        return cutText(value, this.#limits.maxStringLength);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
        return cutText(String(value), this.#limits.maxStringLength);
      case "boolean":
      case "undefined":
        return value;
      case "object":
        return value === null ? null : this.#copyObject(value, depth);
      default:
        throw new Unserializable(`JSON has no ${typeof value}s`);
    }
  }

  #copyObject(value: object, depth: number): JsonValue | undefined {
    if (depth >= MAX_DEPTH) throw new Unserializable("it is nested too deeply");
    if (this.#above.has(value)) throw new Unserializable("it contains itself");
    this.#above.add(value);
    const copy = this.#copyFields(value, depth + 1);
    this.#above.delete(value);
    return copy;
  }

  #copyFields(value: object, depth: number): JsonValue | undefined {
    if ("toJSON" in value && typeof value.toJSON === "function") return this.copy(value.toJSON(""), depth);
    if (Array.isArray(value)) {
      // Not `map`: it skips holes without counting them.
      return Array.from(value, (item: unknown) => this.copy(item, depth) ?? null);
    }
    const entries: [string, JsonValue][] = [];
    for (const name of Object.keys(value)) {
      const field = this.copy((value as Readonly<Record<string, unknown>>)[name], depth);
      if (field !== undefined) entries.push([name, field]);
    }
    return Object.fromEntries(entries);
  }
}
