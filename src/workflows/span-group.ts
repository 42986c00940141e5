import { EntryList } from "./entry-list.ts";
import { addCounts, noCounts, type SpanCounts, worstOf } from "./span-counts.ts";
import type { SpanEntry } from "./span-entry.ts";
import { type SpanNode, type SpanState, worseState } from "./span-node.ts";

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
  #sums: Sums | undefined;
  /** Undefined: all. */
  #touched: SpanEntry[] | undefined;

  /** How many spans are open, of the members and below them. */
  get open(): number {
    if (this.#sums !== undefined) return this.#sums.open;
    let open = 0;
    for (const entry of this.all) open += entry.open;
    return open;
  }

  /** The worst state that members roll up to. */
  get worst(): SpanState {
    if (this.#sums !== undefined) return worstOf(this.#sums.rollups);
    let worst: SpanState = "done";
    for (const { node } of this.all) worst = worseState(worst, (node as SpanNode).rollup);
    return worst;
  }

  /** Members that have to be looked at, all that are stale among them. Some may have left. */
  get touched(): readonly SpanEntry[] {
    return this.#touched ?? this.all;
  }

  /** Adds the totals of all members. */
  addTotals(counts: SpanCounts): void {
    if (this.#sums !== undefined) addCounts(counts, this.#sums.totals, 1);
    else for (const { node } of this.all) addCounts(counts, (node as SpanNode).totals, 1);
  }

  /** Notes that a member has to be looked at. */
  touch(entry: SpanEntry): void {
    this.#touched?.push(entry);
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
    const { nodes } = this;
    // To look for the places of many costs more than to go through all.
    const isWhole = this.isReordered || this.#touched === undefined || this.#touched.length * 8 > this.size;
    let next: SpanNode[] | undefined = isWhole ? this.#allNodes() : undefined;
    if (this.size > MAX_SMALL) this.#sums ??= { totals: noCounts(), rollups: noCounts(), open: 0 };
    if (this.#sums !== undefined) {
      for (const entry of this.touched) {
        const { node } = entry;
        if (entry.group !== this || node === undefined) continue;
        if (!isWhole && node !== entry.counted) {
          // Spread, because `slice` is slow where a list is frozen.
          next ??= [...nodes];
          next[this.indexOf(entry)] = node;
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
    const { all } = this;
    if (all.length < 2) return all.map(({ node }) => node as SpanNode);
    const nodes: SpanNode[] = [];
    // Not `map`, after which engines take a list for one with holes, and copy it more slowly.
    for (const { node } of all) nodes.push(node as SpanNode);
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
    if (node === counted) return;
    if (counted !== undefined) {
      addCounts(sums.totals, counted.totals, -1);
      sums.rollups[counted.rollup] -= 1;
    }
    if (node !== undefined) {
      addCounts(sums.totals, node.totals, 1);
      sums.rollups[node.rollup] += 1;
    }
    entry.counted = node;
  }
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
