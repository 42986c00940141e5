import type { SpanNode } from "../trace/tree/node.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { onlyAttempt, shownBelow } from "../trace/view/shape.ts";
import { firstIndex } from "../util/search.ts";
import { TreeFold } from "./tree-fold.ts";

/** One visible line of the tree. */
export interface TraceRow {
  /** Unique among rows: span ids are unique only within their trace. */
  readonly key: string;
  readonly index: number;
  readonly node: SpanNode;
  /** From 1, as `aria-level`, `aria-posinset` and `aria-setsize` count. */
  readonly level: number;
  readonly position: number;
  readonly setSize: number;
  readonly hasChildren: boolean;
  readonly isExpanded: boolean;
}

/** Decides which spans have a row. */
export interface RowPolicy {
  readonly isExpanded: (node: SpanNode) => boolean;
  /** Spans that do not match, and have no match below them, have no row. Undefined: all match. */
  readonly matches: ((node: SpanNode) => boolean) | undefined;
}

/** Siblings, and how many rows they take, each with everything below it. */
interface Siblings {
  readonly nodes: readonly SpanNode[];
  /** For each sibling, the number of rows up to its last one. */
  readonly ends: Uint32Array;
}

interface Layout extends Siblings {
  /** Its own row and those below; 0 if it has none. */
  readonly rows: number;
  readonly isExpanded: boolean;
  readonly hasChildren: boolean;
  /** The span with a row that started last. */
  readonly newest: SpanNode;
}

interface Frame {
  readonly siblings: Siblings;
  readonly level: number;
  at: number;
}

const NONE: Siblings = { nodes: [], ends: new Uint32Array() };

export const keyOf = ({ traceId, spanId }: Pick<SpanNode, "traceId" | "spanId">): string => `${traceId}\n${spanId}`;

/**
 * The rows of a tree, without creating them: gives any window of rows, and the index of any span.
 *
 * The cost of an update depends on what it changes and on the siblings of that, and the cost of a window on its rows, not
 * on the size of the tree.
 */
export class TraceRows {
  #policy: RowPolicy;
  #roots: readonly SpanNode[] = [];
  #top: Siblings = NONE;
  readonly #layouts = new TreeFold<Layout>(
    (node) => (this.#policy.matches !== undefined || this.#policy.isExpanded(node) ? shownBelow(node) : NONE.nodes),
    (node, of) => this.#layOut(node, of),
  );

  constructor(policy: RowPolicy) {
    this.#policy = policy;
  }

  get count(): number {
    return this.#top.ends.at(-1) ?? 0;
  }

  /** The span with a row that started last. */
  get newest(): SpanNode | undefined {
    let newest: SpanNode | undefined;
    for (const root of this.#top.nodes) newest = later(newest, this.#layouts.of(root).newest);
    return newest;
  }

  /** Applies the current tree. */
  update(roots: readonly SpanNode[]): void {
    if (roots === this.#roots) return;
    this.#roots = roots;
    this.#top = this.#arrange(roots, (root) => this.#layouts.of(root));
  }

  /** Decides again which spans have a row. */
  apply(policy: RowPolicy): void {
    this.#policy = policy;
    this.#layouts.clear();
    this.#top = this.#arrange(this.#roots, (root) => this.#layouts.of(root));
  }

  /** The rows from `start` up to, but not including, `end`. */
  slice(start: number, end: number): TraceRow[] {
    const rows: TraceRow[] = [];
    const frames: Frame[] = [];
    let skip = Math.max(0, start);
    let siblings = this.#top;
    // Descends to the first row of the window, past everything above it.
    for (let isAbove = true; isAbove;) {
      const at = skip === 0 ? 0 : placeOf(siblings.ends, skip);
      const frame = { siblings, level: frames.length + 1, at };
      frames.push(frame);
      skip -= at === 0 ? 0 : (siblings.ends[at - 1] ?? 0);
      const above = siblings.nodes[at];
      isAbove = skip > 0 && above !== undefined;
      if (!isAbove || above === undefined) break;
      frame.at += 1;
      skip -= 1;
      siblings = this.#layouts.of(above);
    }
    for (let frame = frames.at(-1); frame !== undefined && rows.length < end - start; frame = frames.at(-1)) {
      const node = frame.siblings.nodes[frame.at];
      if (node === undefined) {
        frames.pop();
        continue;
      }
      frame.at += 1;
      const layout = this.#layouts.of(node);
      rows.push({
        key: keyOf(node),
        index: start + rows.length,
        node,
        level: frame.level,
        position: frame.at,
        setSize: frame.siblings.nodes.length,
        hasChildren: layout.hasChildren,
        isExpanded: layout.isExpanded,
      });
      if (layout.nodes.length > 0) frames.push({ siblings: layout, level: frame.level + 1, at: 0 });
    }
    return rows;
  }

  /**
   * The row of a span, or of the nearest span above it with a row. Undefined if there is none.
   * @param path the span and all above it, the root first: {@link pathTo}
   */
  find(path: readonly SpanNode[]): { readonly index: number; readonly isItself: boolean } | undefined {
    let siblings = this.#top;
    let index = -1;
    for (const [depth, node] of path.entries()) {
      const at = siblings.nodes.indexOf(node);
      if (at === -1) {
        // A single attempt is shown as part of its step.
        const above = path[depth - 1];
        if (above !== undefined && onlyAttempt(above) === node) continue;
        return index === -1 ? undefined : { index, isItself: false };
      }
      index += 1 + (at === 0 ? 0 : (siblings.ends[at - 1] ?? 0));
      siblings = this.#layouts.of(node);
    }
    return index === -1 ? undefined : { index, isItself: true };
  }

  #layOut(node: SpanNode, of: (below: SpanNode) => Layout): Layout {
    const { matches } = this.#policy;
    const isExpanded = this.#policy.isExpanded(node);
    const children = shownBelow(node);
    const folded = { ...NONE, rows: 1, isExpanded: false, hasChildren: children.length > 0, newest: node };
    // Spans below a folded one are visited only in a search.
    if (!isExpanded && matches === undefined) return folded;
    const below = this.#arrange(children, of);
    const hasChildren = below.nodes.length > 0;
    if (!hasChildren && matches?.(node) === false) return { ...folded, rows: 0 };
    if (!isExpanded) return { ...folded, hasChildren };
    let newest = node;
    for (const child of below.nodes) newest = later(newest, of(child).newest);
    return { ...below, rows: 1 + (below.ends.at(-1) ?? 0), isExpanded: hasChildren, hasChildren, newest };
  }

  #arrange(nodes: readonly SpanNode[], of: (node: SpanNode) => Layout): Siblings {
    if (nodes.length === 0) return NONE;
    const shown = this.#policy.matches === undefined ? nodes : nodes.filter((node) => of(node).rows > 0);
    const ends = new Uint32Array(shown.length);
    let end = 0;
    for (let index = 0; index < shown.length; index++) ends[index] = end += of(shown[index] as SpanNode).rows;
    return { nodes: shown, ends };
  }
}

/** A span and all above it, the root first; empty if the tree does not have it. */
export function pathTo(tree: SpanTree, spanId: string, traceId?: string): SpanNode[] {
  const path: SpanNode[] = [];
  let node = tree.get(spanId, traceId);
  while (node !== undefined) {
    path.push(node);
    node = node.isOrphan || node.parentSpanId === null ? undefined : tree.get(node.parentSpanId, node.traceId);
  }
  return path.toReversed();
}

function later(a: SpanNode | undefined, b: SpanNode): SpanNode {
  return a === undefined || (b.startTime ?? -Infinity) >= (a.startTime ?? -Infinity) ? b : a;
}

/** The first place whose end is greater than `row`. */
function placeOf(ends: Uint32Array, row: number): number {
  return firstIndex(ends.length, (at) => (ends[at] ?? 0) > row);
}
