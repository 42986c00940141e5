import { EntryList } from "./entry-list.ts";
import { addCounts, noCounts, type SpanCounts, worstOf } from "./totals.ts";
import type { SpanEntry } from "./entry.ts";
import { type SpanNode, type SpanState, worseState } from "./node.ts";

export const NO_NODES: readonly SpanNode[] = Object.freeze([]);

/** Of a group with no more members than this, all are looked at whenever one has changed. */
const MAX_SMALL = 8;

/** What the members of a larger group add up to, as their views say. */
interface Sums {
  readonly totals: SpanCounts;
  /** How many of the members roll up to each state. */
  readonly rollups: SpanCounts;
  open: number;
}

/**
 * Spans that stand side by side: the children of one, its attempts, or the roots; and their views.
 *
 * What one of many has changed is worked in as a difference: siblings that have not changed are not looked at.
 */
export class SpanGroup extends EntryList {
  /** The members' views in order, as of the last `refresh`. */
  nodes: readonly SpanNode[] = NO_NODES;
  readonly #areAttempts: boolean;
  #sums: Sums | undefined;
  /** The highest rank at the last `refresh`: of attempts only those with the highest count. */
  #top = 0;
  /** Undefined: all. */
  #touched: SpanEntry[] | undefined;

  constructor(areAttempts = false) {
    super();
    this.#areAttempts = areAttempts;
  }

  /** How many spans are open, of the members and below them. */
  get open(): number {
    if (this.#sums !== undefined) return this.#sums.open;
    let open = 0;
    for (const entry of this.all) open += entry.open;
    return open;
  }

  /** The worst state that members roll up to. For attempts their step speaks: of them the worst that is below counts. */
  get worst(): SpanState {
    if (this.#sums !== undefined) return worstOf(this.#sums.rollups);
    let worst: SpanState = "done";
    for (const entry of this.all) if (entry.rank === this.#top) worst = worseState(worst, this.#worstOf(entry));
    return worst;
  }

  /** Members that have to be looked at, all that are stale among them. Some may have left. */
  get touched(): readonly SpanEntry[] {
    return this.#touched ?? this.all;
  }

  /** Adds the totals of all members that count. */
  addTotals(counts: SpanCounts): void {
    if (this.#sums !== undefined) addCounts(counts, this.#sums.totals, 1);
    else {
      for (const { rank, node } of this.all) if (rank === this.#top) addCounts(counts, (node as SpanNode).totals, 1);
    }
  }

  /** Notes that a member has to be looked at. */
  touch(entry: SpanEntry): void {
    this.#touched?.push(entry);
  }

  /** If another rank is the highest now: notes that members have to be looked at which were of the highest, or are. */
  touchNewest(): void {
    const top = this.last?.rank ?? 0;
    if (top !== this.#top) for (const entry of this.fromEnd(Math.min(top, this.#top))) this.touch(entry);
  }

  add(entry: SpanEntry): void {
    entry.group = this;
    this.touch(entry);
    this.insert(entry);
  }

  remove(entry: SpanEntry): void {
    entry.group = undefined;
    this.takeOut(entry);
    this.#count(entry, undefined);
  }

  /** Takes in the views that were made of touched members. True if `nodes` has become another list. */
  refresh(): boolean {
    this.order();
    this.#top = this.last?.rank ?? 0;
    const { nodes } = this;
    // To look for the places of many costs more than to go through all.
    const isWhole = this.isReordered || this.#touched === undefined || this.#touched.length * 8 > this.size;
    let next: SpanNode[] | undefined = isWhole ? this.#allNodes() : undefined;
    if (this.size > MAX_SMALL) this.#sums ??= { totals: noCounts(), rollups: noCounts(), open: 0 };
    if (this.#sums !== undefined) {
      for (const entry of this.touched) {
        const { node } = entry;
        if (entry.group !== this || node === undefined) continue;
        if (!isWhole) {
          const at = this.indexOf(entry);
          // Spread, because `slice` is slow if a list is frozen.
          if (nodes[at] !== node) (next ??= [...nodes])[at] = node;
        }
        this.#count(entry, node);
      }
      this.#touched = [];
    }
    this.isReordered = false;
    if (next === undefined || (isWhole && isSameList(next, nodes))) return false;
    this.nodes = Object.freeze(next);
    return true;
  }

  #allNodes(): SpanNode[] {
    const { parts } = this;
    if (this.size < 2) return this.all.map(({ node }) => node as SpanNode);
    const nodes: SpanNode[] = [];
    // Not `map`, after which engines take a list for one with holes, and copy it more slowly.
    for (const part of parts) for (const { node } of part) nodes.push(node as SpanNode);
    return nodes;
  }

  /** Counts this view of the member instead of the one that was counted before. */
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
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
