import type { SpanNode } from "../trace/tree/node.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { onlyAttempt } from "../trace/view/shape.ts";
import { showJson } from "./bounded-text.ts";
import { shownState } from "./open-work.ts";
import type { ShownState } from "./span-text.ts";
import { TraceExtent } from "./trace-extent.ts";
import { keyOf, pathTo, type RowPolicy, TraceRows } from "./trace-rows.ts";

/** Length up to which a text, and all attributes together, are searched. */
const MAX_SEARCHED_LENGTH = 5_000;

/** Identifies a span in a tree. */
export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

/** Which spans of a tree are shown: folded, filtered and selected. Independent of the DOM. */
export class TraceModel {
  readonly extent = new TraceExtent();
  readonly rows: TraceRows;
  /** What the user has folded or unfolded. */
  #expanded = new Map<string, boolean>();
  /** The same during a search, which unfolds everything else. */
  #expandedInFilter = new Map<string, boolean>();
  #isAllCollapsed = false;
  #collapsesFinished = false;
  #states: readonly ShownState[] = [];
  #query = "";
  #needle = "";
  #tree: SpanTree | undefined;
  #selected: SpanRef | undefined;

  constructor() {
    this.rows = new TraceRows(this.#policy());
  }

  get tree(): SpanTree | undefined {
    return this.#tree;
  }

  get roots(): readonly SpanNode[] {
    return this.#tree?.roots ?? [];
  }

  get query(): string {
    return this.#query;
  }

  /** Only these states are shown; empty: all. */
  get states(): readonly ShownState[] {
    return this.#states;
  }

  /** The selected span's current view; undefined if there is none, or it has left the tree. */
  get selected(): SpanNode | undefined {
    return this.#selected && this.#tree?.get(this.#selected.spanId, this.#selected.traceId);
  }

  get #isFiltered(): boolean {
    return this.#needle !== "" || this.#states.length > 0;
  }

  /** Applies the tree's changes. */
  update(tree: SpanTree | undefined): void {
    this.#tree = tree;
    this.rows.update(this.roots);
    this.extent.update(this.roots);
  }

  /** Index of a span's row, or of the nearest row above it; -1 if there is neither. */
  indexOf(ref: SpanRef): number {
    return this.rows.find(this.#pathTo(ref))?.index ?? -1;
  }

  select(ref: SpanRef | undefined): void {
    this.#selected = ref;
  }

  /** Resets selection, folding and search for another tree. */
  clear(): void {
    this.#selected = undefined;
    this.#isAllCollapsed = false;
    this.#expanded.clear();
    this.filter("", []);
  }

  /** Folds or unfolds a row. */
  setExpanded(ref: SpanRef, isExpanded: boolean): void {
    (this.#isFiltered ? this.#expandedInFilter : this.#expanded).set(keyOf(ref), isExpanded);
    this.#apply();
  }

  /** Folds or unfolds all rows. Folded roots still show their children. */
  setAllExpanded(isExpanded: boolean): void {
    this.#isAllCollapsed = !isExpanded;
    this.#expanded.clear();
    this.#expandedInFilter.clear();
    this.#apply();
  }

  /** Whether finished branches fold automatically. */
  setCollapsesFinished(collapses: boolean): void {
    if (collapses === this.#collapsesFinished) return;
    this.#collapsesFinished = collapses;
    this.#apply();
  }

  /** Shows only spans in one of these states (empty: any) that contain the text. */
  filter(query: string, states: readonly ShownState[]): void {
    this.#query = query;
    this.#needle = query.trim().toLowerCase().slice(0, MAX_SEARCHED_LENGTH);
    this.#states = states;
    this.#expandedInFilter.clear();
    this.#apply();
  }

  /** Makes sure that a span has a row: unfolds everything above it, and drops a filter that hides it. */
  reveal(ref: SpanRef): void {
    const path = this.#pathTo(ref);
    if (this.rows.find(path)?.isItself) return;
    this.#query = this.#needle = "";
    this.#states = [];
    for (const above of path.slice(0, -1)) this.#expanded.set(keyOf(above), true);
    this.#apply();
  }

  #pathTo({ spanId, traceId }: SpanRef): readonly SpanNode[] {
    return this.#tree === undefined ? [] : pathTo(this.#tree, spanId, traceId);
  }

  #apply(): void {
    this.rows.apply(this.#policy());
  }

  #policy(): RowPolicy {
    if (this.#isFiltered) {
      return {
        isExpanded: (node: SpanNode) => this.#expandedInFilter.get(keyOf(node)) ?? true,
        matches: (node: SpanNode) => this.#matches(node),
      };
    }
    return { isExpanded: (node: SpanNode) => this.#isExpanded(node), matches: undefined };
  }

  #isExpanded(node: SpanNode): boolean {
    const byHand = this.#expanded.get(keyOf(node));
    if (byHand !== undefined) return byHand;
    // A tree folded into its root would show nothing.
    if (node.parentSpanId === null || node.isOrphan) return true;
    return !this.#isAllCollapsed && !(this.#collapsesFinished && node.state === "done" && node.rollup === "done");
  }

  #matches(node: SpanNode): boolean {
    if (this.#states.length > 0 && !this.#states.includes(shownState(node))) return false;
    const attempt = onlyAttempt(node);
    return hasText(node, this.#needle) || (attempt !== undefined && hasText(attempt, this.#needle));
  }
}

function hasText(node: SpanNode, query: string): boolean {
  if (query === "") return true;
  const { name, spanId, error = "", waitingFor = "", attributes } = node;
  const has = (text: string): boolean => text.slice(0, MAX_SEARCHED_LENGTH).toLowerCase().includes(query);
  if (has(name) || has(spanId) || has(error) || has(waitingFor)) return true;
  return Object.keys(attributes).length > 0 && has(showJson(attributes, MAX_SEARCHED_LENGTH));
}
