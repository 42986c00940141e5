import { SSETargetError } from "./errors.ts";
import { MAX_TIMER_MS } from "./timers.ts";

/** The option's value, or its default where it is absent; throws `invalid-option` where it is not a whole number in range. */
export function wholeNumberOption(
  name: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new SSETargetError(
    "invalid-option",
    `\`${name}\` must be a whole number ${range}, got ${describeValue(value)}; leave it out for the default, ${fallback}`,
  );
}

/** Like {@link wholeNumberOption} for a delay in milliseconds that `null` turns off. */
export function delayOption(name: string, value: number | null | undefined, fallback: number | null): number | null {
  if (value === undefined) return fallback;
  if (value === null) return null;
  if (Number.isFinite(value) && value > 0 && value <= MAX_TIMER_MS) return value;
  throw new SSETargetError(
    "invalid-option",
    `\`${name}\` must be a positive number of milliseconds up to ${MAX_TIMER_MS}, got ${describeValue(value)}; pass null to turn it off`,
  );
}

/** Like {@link wholeNumberOption} for an age or a lifetime in milliseconds that `null` leaves without a limit. */
export function ageOption(
  name: string,
  value: number | null | undefined,
  fallback: number | null,
  min: 0 | 1 = 1,
): number | null {
  if (value === undefined) return fallback;
  if (value === null) return null;
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new SSETargetError(
    "invalid-option",
    `\`${name}\` must be a whole number of milliseconds of at least ${min}, got ${describeValue(value)}; pass null for no limit`,
  );
}

/** @throws SSETargetError `invalid-option` */
export function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new SSETargetError("invalid-option", `\`${name}\` must be a function, got ${describeValue(value)}`);
}

/** The names of all options that there are: as many as the type has, or it does not compile. */
export type OptionNames<O> = { readonly [K in keyof O]-?: true };

/**
 * Options as they were given, each read once. Whoever misspells one, or hands in something else, hears of it also in JavaScript, where it would
 * otherwise just not count.
 *
 * @param owner whose options they are, as error messages name it
 * @throws SSETargetError `invalid-option`
 */
export function readOptions<O extends object>(owner: string, options: O | undefined, names: OptionNames<O>): O {
  if (options === undefined) return {} as O;
  // Lists, maps, promises and the platform's objects would all count as options without any.
  const kind = Object.prototype.toString.call(options);
  if (typeof options !== "object" || (kind !== "[object Object]" && kind !== "[object Module]")) {
    const got =
      options !== null && typeof options === "object" ? kind.slice("[object ".length, -1) : describeValue(options);
    throw new SSETargetError(
      "invalid-option",
      `the options of \`${owner}\` must be an object, got ${got}; leave them out for the defaults`,
    );
  }
  const read: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(names), ...Object.keys(options)])) {
    const value = valueOf(options, name, owner);
    if (value === undefined) continue;
    if (!Object.hasOwn(names, name)) throw unknownOption(owner, name, Object.keys(names));
    read[name] = value;
  }
  return read as O;
}

function valueOf(options: object, name: string, owner: string): unknown {
  try {
    return (options as Readonly<Record<string, unknown>>)[name];
  } catch (cause) {
    throw new SSETargetError(
      "invalid-option",
      `the option \`${name}\` of \`${owner}\` could not be read (${describeThrown(cause)}); give a value`,
      { cause },
    );
  }
}

function unknownOption(owner: string, name: string, names: readonly string[]): SSETargetError {
  const [nearest] = names
    .map((known) => ({ known, missing: known.length - sharedLetters(name.toLowerCase(), known.toLowerCase()) }))
    .filter(({ known, missing }) => missing <= known.length / 2)
    .toSorted((a, b) => a.missing - b.missing);
  const help = nearest === undefined ? `use one of ${names.join(", ")}` : `did you mean \`${nearest.known}\`?`;
  const shown = describeValue(name).slice(1, -1);
  return new SSETargetError("invalid-option", `\`${owner}\` has no option \`${shown}\`; ${help}`);
}

/** How many letters two names begin and end with alike. */
function sharedLetters(one: string, other: string): number {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < one.length - start && end < other.length - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  return start + end;
}

/** A value as error messages show it: short, on one line, and never throwing. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}

/** What was thrown, which may be anything, as error messages show it. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describeValue(thrown);
}
