import { pause } from "./timers.ts";

/** Delays between attempts: the first at most `minMs`, each further one twice as long, up to `maxMs`. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * The delay before attempt `failures + 1`. Its second half is random, so that processes that failed together do not come
 * back together.
 */
export function backoffDelay(failures: number, { minMs, maxMs }: Backoff): number {
  return jitter(Math.min(maxMs, minMs * 2 ** failures));
}

/** Half of the delay up to all of it. */
export function jitter(delayMs: number): number {
  return delayMs * (0.5 + Math.random() / 2);
}

export interface RetryOptions {
  /** No attempt starts later than this after the first one. */
  readonly forMs: number;
  readonly backoff: Backoff;
  /** Whether another attempt may succeed. By default it always may. */
  readonly isTransient?: (error: unknown) => boolean;
  /** What to reject with after the last attempt. By default its error. */
  readonly onGiveUp?: (error: unknown, attempts: number) => unknown;
}

/** The result of the first attempt that succeeds. */
export async function retry<T>(attempt: (leftMs: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { forMs, backoff, isTransient = () => true, onGiveUp = (error) => error } = options;
  const endMs = performance.now() + forMs;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt(endMs - performance.now());
    } catch (error) {
      const delayMs = backoffDelay(failures, backoff);
      if (!isTransient(error) || performance.now() + delayMs > endMs) throw onGiveUp(error, failures + 1);
      await pause(delayMs);
    }
  }
}
