/** Longest delay that timers take: beyond it (2^31 - 1 ms, 24.8 days) they fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;

/** Lets the process exit while the timer waits, on Node. Other runtimes have nothing to do here. */
export function unref<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** Resolves after `delayMs`. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

/**
 * The promise's result, or what `onTimeout` returns or throws if the promise takes longer than `timeoutMs`.
 * `null` waits without a limit.
 */
export async function within<T, L>(promise: Promise<T>, timeoutMs: number | null, onTimeout: () => L): Promise<T | L> {
  if (timeoutMs === null) return promise;
  let stopTimer = () => {};
  const timeout = new Promise<L>((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(onTimeout());
      } catch (error) {
        reject(error as Error);
      }
    }, timeoutMs);
    stopTimer = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    stopTimer();
  }
}

/** A promise with the functions that settle it: `Promise.withResolvers`, which Node 20 and older browsers lack. */
export interface Deferred<T = void> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function withResolvers<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
