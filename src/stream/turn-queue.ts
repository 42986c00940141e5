type Scheduler = (callback: () => void) => void;

/** Something that collects what one turn of the event loop brings, and hands it on together. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes on the next turn of the event loop, after all that this turn still dispatches. One callback of the loop serves
 * all feeds that share the queue: with thousands of small streams the loop's own cost would be the most of it.
 */
export class TurnQueue {
  #due: Flushable[] = [];

  add(flushable: Flushable): void {
    if (this.#due.push(flushable) === 1) onNextTurn(this.#run);
  }

  readonly #run = (): void => {
    const due = this.#due;
    this.#due = [];
    for (const flushable of due) flushable.flush();
  };
}

/** Node, Deno and Bun have `setImmediate`, which does not wait for a timer tick; elsewhere a timer of 0 ms does. */
function onNextTurn(callback: () => void): void {
  const immediate = (globalThis as { setImmediate?: Scheduler }).setImmediate;
  if (immediate !== undefined) immediate(callback);
  else setTimeout(callback, 0);
}
