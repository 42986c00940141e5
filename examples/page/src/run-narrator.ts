import type { SpanNode, SpanState, SpanTotals, SpanTree } from "ssetarget/workflows";
import { isOpen, nameOf } from "./span-text.ts";

const maxNames = 3;

/**
 * The span that stands for the whole run: the latest root, since a run may be started anew. While no root is known,
 * because the history that told of it is gone, one is made up above what there is.
 */
export function runOf(roots: readonly SpanNode[], isCompleted: boolean): SpanNode | undefined {
  const root = roots.findLast((node) => !node.isOrphan);
  const [first] = roots;
  if (root !== undefined || first === undefined) return root;
  const starts = roots.flatMap((node) => node.startTime ?? []);
  const startTime = starts.length > 0 ? Math.min(...starts) : undefined;
  const state = !isCompleted ? "running" : roots.some((node) => node.rollup === "failed") ? "failed" : "done";
  return {
    ...first,
    name: "Run",
    kind: "workflow",
    state,
    startTime,
    durationMs: undefined,
    children: roots,
    attempts: [],
  };
}

/** The state of a run as a whole: open while its root is, and waiting when all it does is wait. */
export function runState(root: SpanNode): SpanState {
  if (root.state !== "running") return root.state;
  // A step that failed does not end the run; the run may well deal with it.
  return openLeaves(root).every((leaf) => leaf.state === "waiting") ? "waiting" : "running";
}

/** How many steps are in each state: without the runs themselves, for a run with one step running is not two. */
export function stepTotals(tree: Pick<SpanTree, "roots" | "totals">): SpanTotals {
  const totals = { ...tree.totals };
  for (const root of tree.roots) if (!root.isOrphan) totals[root.state] -= 1;
  return totals;
}

/** One sentence about what a run is doing, or how it ended. */
export function runHeadline(root: SpanNode): string {
  switch (root.state) {
    case "done":
      return "Finished";
    case "failed":
      return root.error ?? "Failed";
    case "abandoned":
      return "Its end was never reported";
    case "running":
    case "waiting":
      return whatIsOpen(openLeaves(root));
  }
}

function whatIsOpen(leaves: readonly SpanNode[]): string {
  const waiting = leaves.filter((leaf) => leaf.kind === "wait" && leaf.state === "waiting");
  // What somebody has to do comes first.
  if (waiting.length > 0) return `Waiting for ${listed(waiting.map((leaf) => leaf.waitingFor ?? nameOf(leaf)))}`;
  const running = leaves.filter((leaf) => leaf.state === "running");
  if (running.length > 0) return `Running ${listed(running.map(nameOf))}`;
  return leaves.length > 0 ? `Sleeping: ${listed(leaves.map(nameOf))}` : "Running";
}

/** The innermost open spans below a root, attempts seen as their step; none when the root alone is open. */
function openLeaves(root: SpanNode): readonly SpanNode[] {
  const leaves: SpanNode[] = [];
  const pending: { readonly node: SpanNode; readonly step: SpanNode }[] = [{ node: root, step: root }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, step } = next;
    const below = [
      ...node.children.filter(isOpen).map((child) => ({ node: child, step: child })),
      ...node.attempts.filter(isOpen).map((attempt) => ({ node: attempt, step })),
    ];
    if (below.length === 0 && step !== root) leaves.push(step);
    pending.push(...below.toReversed());
  }
  return leaves;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).join(", ");
  return names.length > maxNames ? `${shown} and ${names.length - maxNames} more` : shown;
}

/**
 * Finds what is worth saying aloud between two states of a tree: failures, waits, and the end; not every step.
 * Unchanged subtrees are the same objects, so they are passed over.
 */
export function changesToTell(before: readonly SpanNode[], after: readonly SpanNode[]): string[] {
  const known = new Map<string, SpanNode>();
  for (const node of before) known.set(node.spanId, node);
  return after.flatMap((node) => {
    const old = known.get(node.spanId);
    if (old === node) return [];
    const told = node.kind === "attempt" ? [] : changesToTell(old?.children ?? [], node.children);
    if (old?.state === node.state) return told;
    if (node.kind === "workflow" || node.parentSpanId === null) {
      return isOpen(node) ? told : [...told, `${nameOf(node)} ${node.state === "done" ? "finished" : node.state}.`];
    }
    if (node.state === "failed")
      told.push(`${nameOf(node)} failed${node.error === undefined ? "" : `: ${node.error}`}.`);
    if (node.state === "waiting" && node.kind === "wait")
      told.push(`${nameOf(node)} is waiting for ${node.waitingFor ?? "an event"}.`);
    return told;
  });
}
