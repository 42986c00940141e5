/** What came of a paced run. */
export interface Paced {
  readonly turns: number;
  readonly ms: number;
}

/**
 * Calls `turn` once per turn of the event loop: `turns` times, `intervalMs` apart, reckoned from the start so that a late
 * turn does not shift those after it. It stops early after `maxMs`, once `mayStop` says so.
 *
 * A timer for every turn, never `setImmediate`: what a library puts off to the end of the turn must have run before the
 * next one begins, or two turns would be sent as one.
 */
export function pace(
  { turns, intervalMs, maxMs }: { readonly turns: number; readonly intervalMs: number; readonly maxMs: number },
  turn: () => void,
  mayStop: () => boolean,
): Promise<Paced> {
  return new Promise((resolve) => {
    const start = performance.now();
    let done = 0;
    const next = () => {
      turn();
      done++;
      const ms = performance.now() - start;
      if (done >= turns || (ms > maxMs && mayStop())) resolve({ turns: done, ms });
      else setTimeout(next, Math.max(0, done * intervalMs - ms));
    };
    next();
  });
}
