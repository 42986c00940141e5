import type { Chunk } from "./frame-window.ts";

/** One read of what follows a cursor. `isGap`: events between `chunk.afterId` and `chunk.firstId` are gone. */
export interface Reading {
  readonly chunk: Chunk;
  readonly isGap: boolean;
}

/**
 * Pages of the history, read and encoded for one connection and kept a while for others at the same place: when a
 * thousand clients come back at once, the store is read once and not a thousand times. Bounded in bytes; what was put in
 * first goes first. History does not change, so a page stays right for as long as its epoch lasts.
 */
export class PageCache {
  readonly #maxBytes: number;
  readonly #pages = new Map<number, Reading>();
  /** One read in flight per place, however many connections stand there. */
  readonly #reads = new Map<number, Promise<Reading>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(afterId: number, read: (afterId: number) => Promise<Reading>): Reading | Promise<Reading> {
    return this.#pages.get(afterId) ?? this.#reads.get(afterId) ?? this.#read(afterId, read);
  }

  clear(): void {
    this.#pages.clear();
    this.#reads.clear();
    this.#bytes = 0;
  }

  #read(afterId: number, read: (afterId: number) => Promise<Reading>): Promise<Reading> {
    const reading = read(afterId);
    this.#reads.set(afterId, reading);
    const settle = (page?: Reading) => {
      // Cleared in the meantime: then it belongs to another history.
      if (this.#reads.get(afterId) !== reading) return;
      this.#reads.delete(afterId);
      // Where a gap ends is another place the next time: more may be gone by then.
      if (page?.isGap === false) this.#keep(afterId, page);
    };
    reading.then(settle, () => settle());
    return reading;
  }

  #keep(afterId: number, page: Reading): void {
    this.#pages.set(afterId, page);
    this.#bytes += page.chunk.piece.chunked.byteLength;
    for (const [place, oldest] of this.#pages) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#pages.delete(place);
      this.#bytes -= oldest.chunk.piece.chunked.byteLength;
    }
  }
}
