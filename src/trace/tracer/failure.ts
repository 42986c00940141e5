import type { AttributesInput } from "./handle.ts";

/** How much of an error goes on the wire. */
export interface FailureOptions {
  readonly includeStacks: boolean;
  readonly errorMessage: (error: unknown) => string | undefined;
}

/** The error's own message, where it has one. Never throws. */
export function messageOf(error: unknown): string | undefined {
  if (typeof error === "object" && error !== null) return readText(error, "message");
  // A function's text would be its source.
  return error === undefined || error === null || typeof error === "function" ? undefined : String(error);
}

/**
 * The attributes that tell of a failure; the message is the one that was let through.
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/
 * @see https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
 */
export function failureAttributes(
  error: unknown,
  message: string | undefined,
  includeStacks: boolean,
): AttributesInput {
  const name = readText(error, "name");
  // A code is what programs branch on; `name` is mostly just "Error".
  const type = readText(error, "code") || name || "_OTHER";
  if (!includeStacks) return { "error.type": type };
  return {
    "error.type": type,
    "exception.type": name,
    "exception.message": message,
    "exception.stacktrace": readText(error, "stack"),
  };
}

/** A field of an untrusted object, which may have getters that throw. */
function readText(owner: unknown, field: "message" | "name" | "code" | "stack"): string | undefined {
  if (typeof owner !== "object" || owner === null) return undefined;
  try {
    const value = (owner as Readonly<Record<string, unknown>>)[field];
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
