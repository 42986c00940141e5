import type { SpanNode, SpanState } from "../workflows/span-node.ts";
import type { SpanTree } from "../workflows/span-tree.ts";
import type { Formats } from "./formats.ts";
import type { TraceLabels } from "./labels.ts";
import { isOpen, nameOf, shortText, shownState } from "./span-text.ts";

const MAX_NAMES = 3;

/** How a run stands, in the words of its page. */
export interface RunStory {
  /** The span that stands for the run. */
  readonly run: SpanNode;
  readonly name: string;
  /** Waiting where all that is open waits. */
  readonly state: SpanState;
  /** One sentence about what it is doing, or how it ended. */
  readonly headline: string;
}

/** Tells how the run stands; undefined while nothing is known of it. */
export function tellRun(tree: SpanTree, labels: TraceLabels, formats: Formats): RunStory | undefined {
  const run = runOf(tree);
  if (run === undefined) return undefined;
  const leaves = isOpen(run) ? openLeaves(run) : [];
  // A step that failed does not end the run: the run may well deal with it.
  const isWaiting = run.state === "running" && leaves.length > 0 && leaves.every((leaf) => leaf.state === "waiting");
  const state = isWaiting ? "waiting" : run.state;
  const name = run.isOrphan ? labels.run : nameOf(run, labels);
  return { run, name, state, headline: headlineOf(run, leaves, labels, formats) };
}

/**
 * The span that stands for the whole run: the latest root, since a run may be started anew; a part of it while no root is
 * known, because the history that told of it is gone.
 */
export function runOf({ roots }: SpanTree): SpanNode | undefined {
  return roots.findLast((node) => !node.isOrphan) ?? roots.at(-1);
}

function headlineOf(run: SpanNode, leaves: readonly SpanNode[], labels: TraceLabels, formats: Formats): string {
  if (run.state === "done") return labels.finished;
  if (run.state === "failed") return failureOf(run, labels);
  if (run.state === "abandoned") return labels.neverEnded;
  // What somebody has to do comes first.
  for (const state of ["waiting", "running", "sleeping"] as const) {
    const names = leaves.filter((leaf) => shownState(leaf) === state).map((leaf) => awaited(leaf, labels));
    const list = names.slice(0, MAX_NAMES).join(", ");
    const more = names.length - MAX_NAMES;
    if (names.length > 0) return labels.now(state, more > 0 ? labels.andMore(list, formats.count(more)) : list);
  }
  return labels[run.state];
}

/** Which step failed and why: the innermost failure says it best. */
function failureOf(run: SpanNode, labels: TraceLabels): string {
  let at = run;
  for (let next: SpanNode | undefined = run; next !== undefined;) {
    at = next;
    next = at.children.findLast((child) => child.state === "failed");
  }
  const message = shortText(at.error ?? run.error ?? "") || labels.failedSilently;
  return at === run ? message : labels.failedWith(nameOf(at, labels), message);
}

/** What a span waits for, in words; its name where it waits for nothing. */
export function awaited(node: SpanNode, labels: TraceLabels): string {
  return node.waitingFor === undefined ? nameOf(node, labels) : shortText(node.waitingFor);
}

/** The innermost open spans below a root, attempts seen as their step; none where the root alone is open. */
export function openLeaves(root: SpanNode): readonly SpanNode[] {
  const leaves: SpanNode[] = [];
  const pending: { readonly node: SpanNode; readonly step: SpanNode }[] = [{ node: root, step: root }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, step } = next;
    const { length } = pending;
    for (const attempt of node.attempts.toReversed()) if (isOpen(attempt)) pending.push({ node: attempt, step });
    for (const child of node.children.toReversed()) if (isOpen(child)) pending.push({ node: child, step: child });
    if (pending.length === length && step !== root) leaves.push(step);
  }
  return leaves;
}
