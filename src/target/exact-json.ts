import { SSETargetError } from "../errors.ts";
import { describeThrown, describeValue } from "../options.ts";

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
    if (held === undefined && parent !== undefined && !Array.isArray(this)) return undefined;
    const isNumber = typeof held === "number";
    if (isNumber ? !Number.isFinite(held) : UNFIT_TYPES.has(typeof held)) refuse(path, describeValue(held));
    // Its `toJSON` has been asked already.
    if (held === null && (this as Record<string, unknown>)[key] instanceof Date) refuse(path, "an invalid Date");
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
  const kind = Object.prototype.toString.call(held).slice("[object ".length, -1);
  if (kind === "Object" || kind === "Array") return undefined;
  // A class of the user's may have a name of its own there; its fields are written.
  const hasFields = Object.keys(held).length > 0 && !(held instanceof Error) && !ArrayBuffer.isView(held);
  return hasFields ? undefined : `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
}

const UNFIT_TYPES = new Set(["undefined", "bigint", "function", "symbol"]);

function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
