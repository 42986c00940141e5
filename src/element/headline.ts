import type { SpanNode, SpanState } from "../trace/tree/node.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import type { Formats } from "./formats.ts";
import type { SpanLabels, TraceLabels } from "./labels.ts";
import { MAX_NAMED, OPEN_STATES, shownState, workOf } from "./open-work.ts";
import { nameOf, phrase, shortText, type ShownState, spokenName } from "./span-text.ts";

/** How a run stands, in the words of its page. */
export interface RunSummary {
  /** The span that stands for the run. */
  readonly run: SpanNode;
  readonly name: string;
  /** Waiting if all that is open waits. */
  readonly state: SpanState;
  /** The same, with sleeps told apart from waits. */
  readonly shown: ShownState;
  /** One sentence about what it is doing, or how it ended. */
  readonly headline: string;
}

/** Tells how the run stands; undefined while nothing is known of it. */
export function summarizeRun(tree: SpanTree, labels: TraceLabels, formats: Formats): RunSummary | undefined {
  const run = runOf(tree);
  if (run === undefined) return undefined;
  // A step that failed does not end the run: the run may well deal with it.
  const shown = shownState(run);
  const state = shown === "sleeping" ? "waiting" : shown;
  const name = run.isOrphan ? labels.run : nameOf(run, labels);
  return { run, name, state, shown, headline: headlineOf(run, labels, formats) };
}

/**
 * The span that stands for the whole run: the latest root, since a run may be started anew; a part of it while no root is
 * known, because the history that told of it is gone.
 */
export function runOf({ roots }: SpanTree): SpanNode | undefined {
  return roots.findLast((node) => !node.isOrphan) ?? roots.at(-1);
}

function headlineOf(run: SpanNode, labels: TraceLabels, formats: Formats): string {
  if (run.state === "done") return labels.finished;
  if (run.state === "failed") return failureOf(run, labels);
  if (run.state === "abandoned") return labels.neverEnded;
  const { counts, first } = workOf(run);
  // What somebody has to do comes first.
  const state = OPEN_STATES.find((each) => counts[each] > 0);
  if (state === undefined || first[state][0] === run) return labels[run.state];
  const list = first[state].map((leaf) => awaited(leaf, labels)).join(", ");
  const more = counts[state] - MAX_NAMED;
  return labels.now(state, more > 0 ? labels.andMore(list, formats.count(more)) : list);
}

/** Which step failed and why: the innermost failure says it best. */
function failureOf(run: SpanNode, labels: TraceLabels): string {
  let at = run;
  for (let next: SpanNode | undefined = run; next !== undefined;) {
    at = next;
    next = at.children.findLast((child) => child.state === "failed");
  }
  if (at === run) return failureText(run.error, labels);
  return labels.failedWith(spokenName(at, labels), phrase(at.error ?? run.error ?? "") || labels.failedSilently);
}

/** What was said of a failure, or that nothing was. */
export function failureText(error: string | undefined, labels: Pick<TraceLabels, "failedSilently">): string {
  return shortText(error ?? "") || labels.failedSilently;
}

/** What a span waits for, in words; its name if it waits for nothing. */
export function awaited(node: SpanNode, labels: Pick<SpanLabels, "noName">): string {
  return phrase(node.waitingFor ?? "") || spokenName(node, labels);
}
