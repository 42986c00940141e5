import { SSETargetError } from "./errors.ts";
import { describeThrown, describeValue } from "./options.ts";

/** How deep the quick look goes. What is deeper may be a circle. */
const MAX_QUICK_DEPTH = 64;

/** Whether JSON surely carries a value as it is. A quick look for what is dispatched the most: `false` says that a closer one is needed. */
export function isPlainJson(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth > MAX_QUICK_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isPlainJson(value[index], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name in value) {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    if (field !== undefined && !isPlainJson(field, depth + 1)) return false;
  }
  return true;
}

/**
 * The JSON of a value that JSON carries as it is: reading it gives the value again. Where `JSON.stringify` would write something else
 * in silence (`null` for `NaN`, `{}` for a `Map` or a promise, nothing for a function in an object) this refuses. Fields that are `undefined` are left out.
 *
 * @param name what the value is called in the error's message
 * @throws SSETargetError `unserializable-data`
 */
export function exactJson(value: unknown, name: string): string {
  const paths = new Map<unknown, string>();
  const refuse = (path: string, what: string, cause?: unknown): never => {
    throw new SSETargetError(
      "unserializable-data",
      `\`${path}\` must be what JSON can carry, got ${what}; send a string, a number, true, false, null, or lists and objects of these`,
      { cause },
    );
  };
  const check = function (this: unknown, key: string, held: unknown): unknown {
    const parent = paths.get(this);
    const path = parent === undefined ? name : parent + step(key, Array.isArray(this));
    const given = (this as Readonly<Record<string, unknown>>)[key];
    if (held === undefined) {
      if (given !== undefined) refuse(path, "undefined from its `toJSON`");
      if (parent !== undefined && !Array.isArray(this)) return undefined;
    }
    // Some bytes have a `toJSON`, which makes a list of numbers of them.
    if (ArrayBuffer.isView(given)) refuse(path, kindOf(given));
    const isNumber = typeof held === "number";
    if (isNumber ? !Number.isFinite(held) : UNFIT_TYPES.has(typeof held)) refuse(path, describeValue(held));
    // Its `toJSON` has been asked already.
    if (held === null && given instanceof Date) refuse(path, "an invalid Date");
    if (typeof held === "object" && held !== null) {
      const kind = lossyKind(held);
      if (kind !== undefined) refuse(path, kind);
      paths.set(held, path);
    }
    return held;
  };
  try {
    return JSON.stringify(value, check);
  } catch (error) {
    if (error instanceof SSETargetError) throw error;
    return refuse(name, `${describeValue(value)} that cannot be written (${describeThrown(error)})`, error);
  }
}

/** What an object is that holds more, or something else, than its fields: a `Map`, an `Error`, a promise, a list of bytes. */
function lossyKind(held: object): string | undefined {
  const tag = Object.prototype.toString.call(held);
  if (tag === "[object Object]" || tag === "[object Array]") return undefined;
  // A class of the user's may have a name of its own there; its fields are written.
  const isKnown = KNOWN_KINDS.some((kind) => held instanceof kind);
  return Object.keys(held).length > 0 && !isKnown ? undefined : kindOf(held);
}

const KNOWN_KINDS = [Error, Map, Set, WeakMap, WeakSet, Promise, ArrayBuffer, RegExp];

function kindOf(held: object): string {
  const kind = Object.prototype.toString.call(held).slice("[object ".length, -1);
  return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
}

const UNFIT_TYPES = new Set(["undefined", "bigint", "function", "symbol"]);

function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
