type Scheduler = (callback: () => void) => void;

/**
 * Runs the callback on the next turn of the event loop, after all that this turn still dispatches.
 *
 * Node, Deno and Bun have `setImmediate`, which does not wait for a timer tick; elsewhere a timer of 0 ms does.
 */
export function nextTurn(callback: () => void): void {
  const immediate = (globalThis as { setImmediate?: Scheduler }).setImmediate;
  if (immediate !== undefined) immediate(callback);
  else setTimeout(callback, 0);
}
