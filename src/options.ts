import { SSETargetError } from "./errors.ts";

/** Longest delay that timers take: beyond it (2^31 - 1 ms, 24.8 days) they fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;

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
