import { compareEntries, type SpanEntry } from "./entry.ts";

/** Once in order, entries are kept in chunks of at most this many, so that to put one between others moves few. */
const MAX_CHUNK = 256;

/**
 * Entries in order. They are put in order when that is first asked for, which is cheaper than to keep them so while a history is folded, and are
 * kept in order from then on: to add, remove, move or find one then costs O(log n) and the moving of part of a chunk.
 */
export class EntryList {
  size = 0;
  /** Entries have come or gone elsewhere than at the end. Whoever has taken note of it sets it back. */
  isReordered = true;
  /** One, and in no order, until `isOrdered`. */
  #chunks: SpanEntry[][] = [];
  #isOrdered = false;

  get last(): SpanEntry | undefined {
    this.order();
    return this.#chunks.at(-1)?.at(-1);
  }

  /** All entries; in order if they have been put in order. */
  get all(): readonly SpanEntry[] {
    return this.#chunks.length === 1 ? (this.#chunks[0] as SpanEntry[]) : this.#chunks.flat();
  }

  /** All entries, in parts. */
  protected get parts(): readonly (readonly SpanEntry[])[] {
    return this.#chunks;
  }

  /** The entries of at least this rank, the last one first. */
  *fromEnd(minRank: number): IterableIterator<SpanEntry> {
    this.order();
    for (let at = this.#chunks.length - 1; at >= 0; at -= 1) {
      const chunk = this.#chunks[at] as SpanEntry[];
      for (let place = chunk.length - 1; place >= 0; place -= 1) {
        const entry = chunk[place] as SpanEntry;
        if (entry.rank < minRank) return;
        yield entry;
      }
    }
  }

  order(): void {
    if (this.#isOrdered) return;
    this.#isOrdered = true;
    const all = this.#chunks[0];
    if (all === undefined || all.length < 2) return;
    all.sort(compareEntries);
    if (all.length <= MAX_CHUNK) return;
    this.#chunks = [];
    for (let from = 0; from < all.length; from += MAX_CHUNK) this.#chunks.push(all.slice(from, from + MAX_CHUNK));
  }

  /** Gives an entry another place. True if it then stands elsewhere among the others, or may, as they are in no order yet. */
  move(entry: SpanEntry, time: number, id: number): boolean {
    const [previous, next] = this.#isOrdered ? this.#neighboursOf(entry) : [];
    if (this.#isOrdered) this.takeOut(entry);
    entry.time = time;
    entry.id = id;
    if (!this.#isOrdered) return true;
    this.insert(entry);
    const isAfter = previous === undefined || compareEntries(previous, entry) < 0;
    return !isAfter || (next !== undefined && compareEntries(entry, next) > 0);
  }

  /** How many entries come before this one. */
  indexOf(entry: SpanEntry): number {
    this.order();
    const at = this.#chunkOf(entry);
    let index = placeIn(this.#chunks[at] as SpanEntry[], entry);
    for (let before = 0; before < at; before += 1) index += (this.#chunks[before] as SpanEntry[]).length;
    return index;
  }

  protected insert(entry: SpanEntry): void {
    const chunks = this.#chunks;
    const last = chunks.at(-1);
    this.size += 1;
    if (last === undefined) {
      entry.index = 0;
      // Literals take no more room than they must: most lists are short, and in a chain of spans there is one for each.
      this.#chunks = [[entry]];
    } else if (!this.#isOrdered) {
      entry.index = last.length;
      last.push(entry);
    } else if (compareEntries(last.at(-1) as SpanEntry, entry) < 0) {
      if (last.length < MAX_CHUNK) last.push(entry);
      else chunks.push([entry]);
    } else {
      this.isReordered = true;
      const at = this.#chunkOf(entry);
      const chunk = chunks[at] as SpanEntry[];
      chunk.splice(placeIn(chunk, entry), 0, entry);
      if (chunk.length > MAX_CHUNK) chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
    }
  }

  protected takeOut(entry: SpanEntry): void {
    this.isReordered = true;
    this.size -= 1;
    const at = this.#isOrdered ? this.#chunkOf(entry) : 0;
    const chunk = this.#chunks[at] as SpanEntry[];
    if (this.#isOrdered) chunk.splice(placeIn(chunk, entry), 1);
    else {
      const last = chunk.pop() as SpanEntry;
      if (last !== entry) {
        chunk[entry.index] = last;
        last.index = entry.index;
      }
    }
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  #neighboursOf(entry: SpanEntry): readonly [SpanEntry | undefined, SpanEntry | undefined] {
    const at = this.#chunkOf(entry);
    const chunk = this.#chunks[at] as SpanEntry[];
    const index = placeIn(chunk, entry);
    return [chunk[index - 1] ?? this.#chunks[at - 1]?.at(-1), chunk[index + 1] ?? this.#chunks[at + 1]?.[0]];
  }

  /** The chunk that the entry is in, or would be. */
  #chunkOf(entry: SpanEntry): number {
    const isBefore = (chunk: SpanEntry[]): boolean => compareEntries(chunk.at(-1) as SpanEntry, entry) < 0;
    return Math.min(firstNot(this.#chunks, isBefore), this.#chunks.length - 1);
  }
}

/** Where in the chunk the entry is, or would be. */
function placeIn(chunk: readonly SpanEntry[], entry: SpanEntry): number {
  return firstNot(chunk, (other) => compareEntries(other, entry) < 0);
}

/** The index of the first of which that does not hold, where it holds of all before; the length if it holds of all. */
function firstNot<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
