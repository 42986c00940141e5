import type { SpanNode } from "../trace/tree/node.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { onlyAttempt, shownBelow } from "../trace/view/shape.ts";
import { firstIndex } from "../util/search.ts";
import { TreeFold } from "./tree-fold.ts";

/** One line of the tree as it is shown. */
export interface TraceRow {
  /** Tells the row from all others: ids of spans are unique within their trace only. */
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

/** What decides about which spans have a row. */
export interface RowPolicy {
  readonly isExpanded: (node: SpanNode) => boolean;
  /** Spans that match nothing, and have nothing below them that does, have no row. Undefined: all match. */
  readonly matches: ((node: SpanNode) => boolean) | undefined;
}

/** A list of siblings and how many rows they take, each with what is shown below it. */
interface Siblings {
  readonly nodes: readonly SpanNode[];
  /** For each of them the number of rows up to its last one. */
  readonly ends: Uint32Array;
}

interface Layout extends Siblings {
  /** Its own row and those below; 0 where it has none. */
  readonly rows: number;
  readonly isExpanded: boolean;
  readonly hasChildren: boolean;
  /** Of the spans that have a row, the one that began last. */
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
 * Which rows a tree has, without making them: any window of them can be had, and the place of any span.
 *
 * An update costs as much as what it has changed, a window as much as it has rows, and neither more for a larger tree
 * (but for the siblings of what has changed, which are counted).
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

  /** Of the spans that have a row, the one that began last. */
  get newest(): SpanNode | undefined {
    let newest: SpanNode | undefined;
    for (const root of this.#top.nodes) newest = later(newest, this.#layouts.of(root).newest);
    return newest;
  }

  /** Takes in the tree as it is now. */
  update(roots: readonly SpanNode[]): void {
    if (roots === this.#roots) return;
    this.#roots = roots;
    this.#top = this.#arrange(roots, (root) => this.#layouts.of(root));
  }

  /** Decides anew which spans have a row. */
  apply(policy: RowPolicy): void {
    this.#policy = policy;
    this.#layouts.clear();
    this.#top = this.#arrange(this.#roots, (root) => this.#layouts.of(root));
  }

  /** The rows from `start` to before `end`, as far as there are any. */
  slice(start: number, end: number): TraceRow[] {
    const rows: TraceRow[] = [];
    const frames: Frame[] = [];
    let skip = Math.max(0, start);
    let siblings = this.#top;
    // Down to the first row of the window, past all that is above it.
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
   * The row of a span, or of the nearest one above it that has one. Undefined where there is none.
   * @param path - The span and all above it, the root first: {@link pathTo}
   */
  find(path: readonly SpanNode[]): { readonly index: number; readonly isItself: boolean } | undefined {
    let siblings = this.#top;
    let index = -1;
    for (const [depth, node] of path.entries()) {
      const at = siblings.nodes.indexOf(node);
      if (at === -1) {
        // An only attempt is shown as part of its step.
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
    // What is below a folded span is not even looked at, unless something is searched for.
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

/** A span and all above it, the root first; empty where the tree does not have it. */
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
