import { shareBytes, type SharedBytes } from "../wire/shared-bytes.ts";

/** A run of frames as one piece of bytes: everything after `afterId` up to and including `lastId`. */
export interface Chunk {
  readonly afterId: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly piece: SharedBytes;
}

/** What one turn of the event loop brought: a chunk, and the ids of its frames in their order. */
export interface TurnChunk extends Chunk {
  readonly ids: readonly number[];
}

const LF = 10;

/**
 * The newest turns of a stream, bounded in events and bytes: what connections that are a little behind read from.
 *
 * It covers every event after `startAfterId`, so a cursor at or past it finds all that it lacks here.
 */
export class FrameWindow {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #turns: TurnChunk[] = [];
  /** The first places of `#turns` are forgotten ones not yet cut off. */
  #offset = 0;
  #events = 0;
  #bytes = 0;
  #startAfterId = 0;
  /** The chunk that was put together last: many connections at one place share it. */
  #recent: Chunk | undefined;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Forgets everything; what comes next is after `afterId`. */
  reset(afterId: number): void {
    this.#turns = [];
    this.#offset = 0;
    this.#events = 0;
    this.#bytes = 0;
    this.#startAfterId = afterId;
    this.#recent = undefined;
  }

  push(turn: TurnChunk): void {
    this.#turns.push(turn);
    this.#events += turn.ids.length;
    this.#bytes += turn.piece.chunked.byteLength;
    // The newest turn always stays, however large: a sink that fills up in the middle of it goes on from here.
    while (this.#turns.length - this.#offset > 1 && (this.#events > this.#maxEvents || this.#bytes > this.#maxBytes)) {
      this.#forgetFirst();
    }
  }

  /** Up to about `maxBytes` of what follows the cursor, one turn at least; `undefined` where the window does not reach back that far or has nothing. */
  chunkAfter(cursor: number, maxBytes: number): Chunk | undefined {
    if (cursor < this.#startAfterId) return undefined;
    const from = this.#indexAfter(cursor);
    const first = this.#turns[from];
    if (first === undefined) return undefined;
    if (this.#recent?.afterId === cursor) return this.#recent;
    let to = from + 1;
    let bytes = first.piece.byteLength;
    for (let next = this.#turns[to]; next !== undefined; next = this.#turns[++to]) {
      bytes += next.piece.byteLength;
      if (bytes > maxBytes) break;
    }
    const isWhole = cursor <= first.afterId || cursor < first.firstId;
    if (isWhole && to === from + 1) return first;
    const turns = this.#turns.slice(from, to);
    const pieces = turns.map(({ piece }) => piece.bytes);
    const known = isWhole ? 0 : first.ids.findIndex((id) => id > cursor);
    if (known > 0) pieces[0] = first.piece.bytes.subarray(frameStart(first.piece.bytes, known));
    this.#recent = {
      afterId: cursor,
      firstId: first.ids[known] as number,
      lastId: (turns.at(-1) as TurnChunk).lastId,
      piece: shareBytes(pieces),
    };
    return this.#recent;
  }

  /** First turn that has something after the cursor; ids may have holes, so this is a search. */
  #indexAfter(cursor: number): number {
    let low = this.#offset;
    let high = this.#turns.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#turns[middle] as TurnChunk).lastId > cursor) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #forgetFirst(): void {
    const forgotten = this.#turns[this.#offset] as TurnChunk;
    this.#startAfterId = forgotten.lastId;
    this.#events -= forgotten.ids.length;
    this.#bytes -= forgotten.piece.chunked.byteLength;
    this.#turns[this.#offset] = FORGOTTEN;
    this.#offset++;
    if (this.#offset > 256 && this.#offset * 2 > this.#turns.length) {
      this.#turns = this.#turns.slice(this.#offset);
      this.#offset = 0;
    }
  }
}

/** Where frame number `index` begins: a frame ends with an empty line, and has none in it. */
function frameStart(bytes: Uint8Array, index: number): number {
  let at = 0;
  for (let frame = 0; frame < index; frame++) {
    at = bytes.indexOf(LF, at);
    while (bytes[at + 1] !== LF) at = bytes.indexOf(LF, at + 1);
    at += 2;
  }
  return at;
}

const FORGOTTEN: TurnChunk = { afterId: 0, firstId: 0, lastId: 0, ids: [], piece: shareBytes([]) };
