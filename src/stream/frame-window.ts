import { shareBytes, type SharedBytes } from "../wire/shared-bytes.ts";

/** A run of frames as one piece of bytes: everything after `afterId` up to and including `lastId`. */
export interface Chunk {
  readonly afterId: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly piece: SharedBytes;
}

/**
 * The newest frames of a stream, bounded in number and bytes: what connections that are a little behind read from.
 *
 * It covers every event after `startAfterId`, so a cursor at or past it finds all that it lacks here.
 */
export class FrameWindow {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #ids: number[] = [];
  #frames: Uint8Array[] = [];
  #offset = 0;
  #bytes = 0;
  #startAfterId = 0;
  /** The chunk made last: many connections at one place share one join. */
  #recent: Chunk | undefined;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  get startAfterId(): number {
    return this.#startAfterId;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  /** Forgets everything; what comes next is after `afterId`. */
  reset(afterId: number): void {
    this.#ids = [];
    this.#frames = [];
    this.#offset = 0;
    this.#bytes = 0;
    this.#startAfterId = afterId;
    this.#recent = undefined;
  }

  push(id: number, frame: Uint8Array): void {
    this.#ids.push(id);
    this.#frames.push(frame);
    this.#bytes += frame.byteLength;
    // The newest frame always stays: it may not have been delivered yet.
    while (
      this.#ids.length - this.#offset > 1 &&
      (this.#ids.length - this.#offset > this.#maxEvents || this.#bytes > this.#maxBytes)
    ) {
      this.#forgetFirst();
    }
  }

  /** Up to about `maxBytes` of what follows the cursor (one frame at least); `undefined` where the window does not reach back that far or has nothing. */
  chunkAfter(cursor: number, maxBytes: number): Chunk | undefined {
    if (cursor < this.#startAfterId) return undefined;
    const from = this.#indexAfter(cursor);
    let to = from;
    let bytes = 0;
    while (to < this.#frames.length) {
      bytes += (this.#frames[to] as Uint8Array).byteLength;
      if (to > from && bytes > maxBytes) break;
      to++;
    }
    if (to === from) return undefined;
    const lastId = this.#ids[to - 1] as number;
    if (this.#recent?.afterId === cursor && this.#recent.lastId === lastId) return this.#recent;
    const firstId = this.#ids[from] as number;
    this.#recent = { afterId: cursor, firstId, lastId, piece: shareBytes(this.#frames.slice(from, to)) };
    return this.#recent;
  }

  /** First index whose id is greater than the cursor; ids may have holes, so this is a search. */
  #indexAfter(cursor: number): number {
    let low = this.#offset;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] as number) > cursor) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #forgetFirst(): void {
    this.#startAfterId = this.#ids[this.#offset] as number;
    this.#bytes -= (this.#frames[this.#offset] as Uint8Array).byteLength;
    this.#frames[this.#offset] = EMPTY;
    this.#offset++;
    if (this.#offset > 256 && this.#offset * 2 > this.#ids.length) {
      this.#ids = this.#ids.slice(this.#offset);
      this.#frames = this.#frames.slice(this.#offset);
      this.#offset = 0;
    }
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
