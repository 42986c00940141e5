import type { SpanNode } from "../trace/tree/node.ts";
import { isOpen } from "../trace/view/shape.ts";
import { ownState, type ShownState } from "./span-text.ts";
import { TreeFold } from "./tree-fold.ts";

/** States of open spans. Those that need people come first. */
export const OPEN_STATES = ["waiting", "running", "sleeping"] as const;
export type OpenState = (typeof OPEN_STATES)[number];

/** Number of open spans that are named. */
export const MAX_NAMED = 3;

/** What goes on in a span and below it. */
export interface OpenWork {
  /** The innermost open spans, attempts seen as their step: how many are in each state. */
  readonly counts: Readonly<Record<OpenState, number>>;
  /** The first of these. */
  readonly first: Readonly<Record<OpenState, readonly SpanNode[]>>;
  /** How many open spans are shown in each state, attempts apart. */
  readonly shown: Readonly<Record<OpenState, number>>;
}

const none = (): Record<OpenState, number> => ({ waiting: 0, running: 0, sleeping: 0 });
const NOTHING: OpenWork = { counts: none(), first: { waiting: [], running: [], sleeping: [] }, shown: none() };

const works = new TreeFold<OpenWork>(openBelow, (node, of) => {
  const counts = none();
  const shown = none();
  const first: Record<OpenState, SpanNode[]> = { waiting: [], running: [], sleeping: [] };
  const isStep = isOpen(node) && node.kind !== "attempt";
  let isLeaf = true;
  for (const child of openBelow(node)) {
    const work = of(child);
    if (work === NOTHING) continue;
    isLeaf = false;
    for (const state of OPEN_STATES) {
      counts[state] += work.counts[state];
      shown[state] += work.shown[state];
      if (first[state].length < MAX_NAMED)
        first[state].push(...work.first[state].slice(0, MAX_NAMED - first[state].length));
    }
  }
  if (isLeaf && !isStep) return NOTHING;
  const own = ownState(node) as OpenState;
  if (isLeaf) {
    counts[own] = 1;
    first[own].push(node);
  }
  if (isStep) shown[own === "running" ? stateOf(counts) : own] += 1;
  return { counts, first, shown };
});

/** What goes on in a span and below it. */
export function workOf(node: SpanNode): OpenWork {
  return works.of(node);
}

/** The state a span is shown in: an open span whose open spans below all wait is shown as waiting. */
export function shownState(node: SpanNode): ShownState {
  return node.state === "running" ? stateOf(workOf(node).counts) : ownState(node);
}

/** How many of all spans below these roots are shown in each state. */
export function shownCounts(
  roots: readonly SpanNode[],
  totals: SpanNode["totals"],
): Readonly<Record<ShownState, number>> {
  const counts = { ...totals, ...none() };
  for (const root of roots) for (const state of OPEN_STATES) counts[state] += workOf(root).shown[state];
  return counts;
}

function stateOf(counts: OpenWork["counts"]): OpenState {
  if (counts.running > 0) return "running";
  return OPEN_STATES.find((state) => counts[state] > 0) ?? "running";
}

function openBelow({ attempts, children }: SpanNode): readonly SpanNode[] {
  const open = children.filter(isOpen);
  return attempts.length === 0 ? open : [...attempts.filter(isOpen), ...open];
}
