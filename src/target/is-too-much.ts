import { SSETargetError } from "../util/errors.ts";

/** Whether events were refused for being too many or too large together: nothing was stored, and fewer of them may be taken. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof SSETargetError && (error.code === "event-too-large" || error.code === "too-many-pending");
}
