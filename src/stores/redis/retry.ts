import { SSETargetError } from "../../util/errors.ts";
import { messageOf, plainError } from "../../util/plain-error.ts";

/** What Redis itself answers begins with a code in capitals; everything else is about the connection. */
const REPLY_CODE = /^([A-Z][A-Z0-9_]+) /;
/** Refusals that pass: the server is starting, being replaced, or busy. */
const PASSING = new Set(["LOADING", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "MASTERDOWN", "NOREPLICAS", "BUSY"]);
const MIN_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;

/** The code of what Redis answered, or `undefined` where the error is not an answer of Redis. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? REPLY_CODE.exec(error.message)?.[1] : undefined;
}

/**
 * The attempt's result. It is made again, with growing and jittered pauses, as long as its failure may pass and `forMs` is
 * not over; one that hangs is given up then.
 *
 * @throws SSETargetError `store-unavailable`
 */
export async function withRetries<T>(attempt: () => Promise<T>, forMs: number): Promise<T> {
  const endMs = performance.now() + forMs;
  for (let delayMs = MIN_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      return await within(attempt(), endMs - performance.now());
    } catch (error) {
      const pauseMs = jitter(delayMs);
      if (isFinal(error) || performance.now() + pauseMs >= endMs) throw unavailable(error, forMs);
      await pause(pauseMs);
    }
  }
}

/** The promise, but rejected where it takes longer. */
export function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("there was no answer in time")), timeoutMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

/** Half of the delay up to all of it, so that processes that failed together do not come back together. */
export function jitter(delayMs: number): number {
  return delayMs * (0.5 + Math.random() / 2);
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** Whether Redis has refused, and would again. */
export function isFinal(error: unknown): boolean {
  const code = replyCode(error);
  return code !== undefined && !PASSING.has(code);
}

/** What is said where something has failed for good, or for too long. */
export function unavailable(cause: unknown, forMs: number): SSETargetError {
  const why = messageOf(cause);
  const message = isFinal(cause)
    ? `Redis refused: ${why}`
    : `Redis could not be reached for ${forMs} ms (\`retryForMs\`): ${why}`;
  return new SSETargetError("store-unavailable", message, { cause: plainError(cause) });
}
