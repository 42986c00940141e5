import { firstIndex } from "../../util/search.ts";
import { compareEntries, type SpanEntry } from "./entry.ts";
import {
  addCounts,
  NO_NODES,
  noCounts,
  type SpanCounts,
  type SpanNode,
  type SpanState,
  worseState,
  worstOf,
} from "./node.ts";

/** Largest size of a chunk: inserting an entry moves at most this many. */
const MAX_CHUNK = 256;
/** Groups of up to this size are summed up from scratch whenever a member has changed. */
const MAX_SMALL = 8;

/** Sums over the members of a larger group, from their views. */
interface Sums {
  readonly totals: SpanCounts;
  /** Number of members that roll up to each state. */
  readonly rollups: SpanCounts;
  open: number;
}

/**
 * Spans side by side: the children of one span, its attempts, or the roots; and their views.
 *
 * Members are sorted when their order is first needed, which is cheaper than keeping them sorted while a history is
 * folded. From then on they stay sorted, in chunks: adding, removing, moving or finding one costs O(log n) and moves part
 * of a chunk. A change of one member is applied to the sums as a difference, so unchanged siblings are not visited.
 */
export class SpanGroup {
  /** The members' views in order, as of the last `refresh`. */
  nodes: readonly SpanNode[] = NO_NODES;
  readonly #areAttempts: boolean;
  #size = 0;
  /** One unsorted chunk until `#isOrdered`. */
  #chunks: SpanEntry[][] = [];
  #isOrdered = false;
  /** Since the last `refresh`, members have come or gone elsewhere than at the end. */
  #isReordered = true;
  #sums: Sums | undefined;
  /** The highest rank at the last `refresh`. Of attempts, only those with the highest count. */
  #top = 0;
  /** Undefined: all. */
  #touched: SpanEntry[] | undefined;

  constructor(areAttempts = false) {
    this.#areAttempts = areAttempts;
  }

  get last(): SpanEntry | undefined {
    this.order();
    return this.#chunks.at(-1)?.at(-1);
  }

  /** Number of open spans among the members and below them. */
  get open(): number {
    if (this.#sums !== undefined) return this.#sums.open;
    let open = 0;
    for (const entry of this.#all) open += entry.open;
    return open;
  }

  /** The worst rollup of the members. For attempts, the worst state below them: their step speaks for them. */
  get worst(): SpanState {
    if (this.#sums !== undefined) return worstOf(this.#sums.rollups);
    let worst: SpanState = "done";
    for (const entry of this.#all) if (entry.rank === this.#top) worst = worseState(worst, this.#worstOf(entry));
    return worst;
  }

  /** Members to visit, including all that are stale. Some may have left. */
  get touched(): readonly SpanEntry[] {
    return this.#touched ?? this.#all;
  }

  /** Adds the totals of all members that count. */
  addTotals(counts: SpanCounts): void {
    if (this.#sums !== undefined) addCounts(counts, this.#sums.totals, 1);
    else {
      for (const { rank, node } of this.#all) if (rank === this.#top) addCounts(counts, (node as SpanNode).totals, 1);
    }
  }

  /** Marks a member to be visited. */
  touch(entry: SpanEntry): void {
    this.#touched?.push(entry);
  }

  /** Marks all members with open spans, because the decision above them has changed. */
  touchOpen(): void {
    for (const entry of this.#all) if (entry.open > 0) this.touch(entry);
  }

  /** If the highest rank has changed, marks the members that had it or have it now. */
  touchNewest(): void {
    const top = this.last?.rank ?? 0;
    if (top === this.#top) return;
    const minRank = Math.min(top, this.#top);
    for (const chunk of this.#chunks.toReversed()) {
      for (let place = chunk.length - 1; place >= 0; place -= 1) {
        const entry = chunk[place] as SpanEntry;
        if (entry.rank < minRank) return;
        this.touch(entry);
      }
    }
  }

  add(entry: SpanEntry): void {
    entry.group = this;
    this.touch(entry);
    this.#insert(entry);
  }

  remove(entry: SpanEntry): void {
    entry.group = undefined;
    this.#takeOut(entry);
    this.#count(entry, undefined);
  }

  /** Gives a member another place. True if its position among the others has changed, or may have while they are unsorted. */
  move(entry: SpanEntry, time: number, id: number): boolean {
    const [previous, next] = this.#isOrdered ? this.#neighborsOf(entry) : [];
    if (this.#isOrdered) this.#takeOut(entry);
    entry.time = time;
    entry.id = id;
    if (!this.#isOrdered) return true;
    this.#insert(entry);
    const isAfter = previous === undefined || compareEntries(previous, entry) < 0;
    return !isAfter || (next !== undefined && compareEntries(entry, next) > 0);
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

  /** Applies the new views of touched members. True if `nodes` is a different list now. */
  refresh(): boolean {
    this.order();
    this.#top = this.last?.rank ?? 0;
    const { nodes } = this;
    // Finding the places of many members costs more than visiting all.
    const isWhole = this.#isReordered || this.#touched === undefined || this.#touched.length * 8 > this.#size;
    let next: SpanNode[] | undefined = isWhole ? this.#allNodes() : undefined;
    if (this.#size > MAX_SMALL) this.#sums ??= { totals: noCounts(), rollups: noCounts(), open: 0 };
    if (this.#sums !== undefined) {
      for (const entry of this.touched) {
        const { node } = entry;
        if (entry.group !== this || node === undefined) continue;
        if (!isWhole) {
          const at = this.#indexOf(entry);
          // Spread, because `slice` is slow if a list is frozen.
          if (nodes[at] !== node) (next ??= [...nodes])[at] = node;
        }
        this.#count(entry, node);
      }
      this.#touched = [];
    }
    this.#isReordered = false;
    if (next === undefined || (isWhole && isSameList(next, nodes))) return false;
    this.nodes = Object.freeze(next);
    return true;
  }

  /** All members; in order if they have been sorted. */
  get #all(): readonly SpanEntry[] {
    return this.#chunks.length === 1 ? (this.#chunks[0] as SpanEntry[]) : this.#chunks.flat();
  }

  #allNodes(): SpanNode[] {
    if (this.#size < 2) return this.#all.map(({ node }) => node as SpanNode);
    const nodes: SpanNode[] = [];
    // Not `map`: engines then treat the list as one with holes, and copy it more slowly.
    for (const chunk of this.#chunks) for (const { node } of chunk) nodes.push(node as SpanNode);
    return nodes;
  }

  /** Replaces what the sums contain of a member. */
  #count(entry: SpanEntry, node: SpanNode | undefined): void {
    const { counted } = entry;
    const sums = this.#sums;
    if (sums === undefined) return;
    const open = node === undefined ? 0 : entry.open;
    sums.open += open - entry.countedOpen;
    entry.countedOpen = open;
    const next = entry.rank === this.#top ? node : undefined;
    if (next === counted) return;
    if (counted !== undefined) {
      addCounts(sums.totals, counted.totals, -1);
      sums.rollups[entry.countedWorst] -= 1;
    }
    if (next !== undefined) {
      entry.countedWorst = this.#worstOf(entry);
      addCounts(sums.totals, next.totals, 1);
      sums.rollups[entry.countedWorst] += 1;
    }
    entry.counted = next;
  }

  #worstOf({ node, below }: SpanEntry): SpanState {
    return this.#areAttempts ? below : (node as SpanNode).rollup;
  }

  #insert(entry: SpanEntry): void {
    const chunks = this.#chunks;
    const last = chunks.at(-1);
    this.#size += 1;
    if (last === undefined) {
      entry.index = 0;
      // A literal takes no more room than it must: most groups are small, and a chain has one for each span.
      this.#chunks = [[entry]];
    } else if (!this.#isOrdered) {
      entry.index = last.length;
      last.push(entry);
    } else if (compareEntries(last.at(-1) as SpanEntry, entry) < 0) {
      if (last.length < MAX_CHUNK) last.push(entry);
      else chunks.push([entry]);
    } else {
      this.#isReordered = true;
      const at = this.#chunkOf(entry);
      const chunk = chunks[at] as SpanEntry[];
      chunk.splice(placeIn(chunk, entry), 0, entry);
      if (chunk.length > MAX_CHUNK) chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
    }
  }

  #takeOut(entry: SpanEntry): void {
    this.#isReordered = true;
    this.#size -= 1;
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

  /** Number of members before this one. */
  #indexOf(entry: SpanEntry): number {
    const at = this.#chunkOf(entry);
    let index = placeIn(this.#chunks[at] as SpanEntry[], entry);
    for (let before = 0; before < at; before += 1) index += (this.#chunks[before] as SpanEntry[]).length;
    return index;
  }

  #neighborsOf(entry: SpanEntry): readonly [SpanEntry | undefined, SpanEntry | undefined] {
    const at = this.#chunkOf(entry);
    const chunk = this.#chunks[at] as SpanEntry[];
    const index = placeIn(chunk, entry);
    return [chunk[index - 1] ?? this.#chunks[at - 1]?.at(-1), chunk[index + 1] ?? this.#chunks[at + 1]?.[0]];
  }

  /** Index of the chunk that contains the entry, or would. */
  #chunkOf(entry: SpanEntry): number {
    const chunks = this.#chunks;
    const isAtOrAfter = (at: number): boolean => compareEntries(chunks[at]?.at(-1) as SpanEntry, entry) >= 0;
    return Math.min(firstIndex(chunks.length, isAtOrAfter), chunks.length - 1);
  }
}

/** Index of the entry in the chunk, or where it would be. */
function placeIn(chunk: readonly SpanEntry[], entry: SpanEntry): number {
  return firstIndex(chunk.length, (at) => compareEntries(chunk[at] as SpanEntry, entry) >= 0);
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
