import { SSETargetError } from "../../util/errors.ts";
import { messageOf, plainError } from "../../util/plain-error.ts";
import { retry } from "../../util/retry.ts";
import { within } from "../../util/timers.ts";

/** Error replies of Redis start with a code in capitals; every other error is about the connection. */
const REPLY_CODE = /^([A-Z][A-Z0-9_]+) /;
/** Refusals that pass: the server is starting, being replaced, or busy. */
const PASSING = new Set(["LOADING", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "MASTERDOWN", "NOREPLICAS", "BUSY"]);
const BACKOFF = { minMs: 50, maxMs: 1_000 };

/** The code of an error reply, or undefined if Redis did not reply. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? REPLY_CODE.exec(error.message)?.[1] : undefined;
}

/**
 * The result of the first attempt that succeeds. Attempts are repeated while the failure may pass and `forMs` is not over;
 * one that hangs fails then.
 *
 * @throws SSETargetError `store-unavailable`
 */
export function withRetries<T>(attempt: () => Promise<T>, forMs: number): Promise<T> {
  return retry((leftMs) => inTime(attempt(), leftMs), {
    forMs,
    backoff: BACKOFF,
    isTransient: (error) => !isFinal(error),
    onGiveUp: (error) => unavailable(error, forMs),
  });
}

/** The promise, or a rejection if it takes longer. */
export function inTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return within(promise, timeoutMs, () => {
    throw new Error("there was no answer in time");
  });
}

/** Whether Redis refused, and would refuse again. */
export function isFinal(error: unknown): boolean {
  const code = replyCode(error);
  return code !== undefined && !PASSING.has(code);
}

/** The error for callers after a final refusal, or after retries for `forMs`. */
export function unavailable(cause: unknown, forMs: number): SSETargetError {
  const why = messageOf(cause);
  const message = isFinal(cause)
    ? `Redis refused: ${why}`
    : `Redis could not be reached for ${forMs} ms (\`retryForMs\`): ${why}`;
  return new SSETargetError("store-unavailable", message, { cause: plainError(cause) });
}
