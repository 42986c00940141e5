import { SSETargetError } from "../util/errors.ts";
import { within } from "./timers.ts";

/**
 * The promise, or a rejection with `timeout` once it has taken too long. `what` is a sentence: "the store did not read events".
 * A result that comes too late is handed to `onLate`, so that it can be released.
 */
export async function withTimeout<T>(
  given: Promise<T>,
  timeoutMs: number | null,
  what: string,
  onLate?: (result: T) => void,
): Promise<T> {
  // A store written in JavaScript may return anything.
  const promise = Promise.resolve(given);
  let isLate = false;
  // A late failure has been reported as a timeout already.
  promise.then(
    (result) => isLate && onLate?.(result),
    () => {},
  );
  return within(promise, timeoutMs, () => {
    isLate = true;
    throw new SSETargetError("timeout", `${what} within ${timeoutMs} ms (\`storeTimeoutMs\`)`);
  });
}
