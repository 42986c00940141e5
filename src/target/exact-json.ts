import { SSETargetError } from "../errors.ts";
import { describeValue } from "../options.ts";

/**
 * The JSON of a value that JSON carries as it is: reading it gives the value again. Where `JSON.stringify` would write something else
 * in silence (`null` for `NaN`, `{}` for a `Map`, nothing for a function in an object) this refuses. Fields that are `undefined` are left out.
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
    if (held instanceof Map || held instanceof Set) refuse(path, held instanceof Map ? "a Map" : "a Set");
    if (typeof held === "object" && held !== null) paths.set(held, path);
    return held;
  };
  try {
    return JSON.stringify(value, check);
  } catch (error) {
    if (error instanceof SSETargetError) throw error;
    return refuse(name, `${describeValue(value)} that cannot be written (${(error as Error).message})`, error);
  }
}

const UNFIT_TYPES = new Set(["undefined", "bigint", "function", "symbol"]);

function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
