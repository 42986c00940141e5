import type { SpanNode, SpanState } from "../trace/tree/node.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import type { Formats } from "./formats.ts";
import type { SpanLabels, TraceLabels } from "./labels.ts";
import { MAX_NAMED, OPEN_STATES, shownState, workOf } from "./open-work.ts";
import { nameOf, phrase, shortText, type ShownState, spokenName } from "./span-text.ts";

/** The state of a run, in the language of its page. */
export interface RunSummary {
  /** The span that represents the run. */
  readonly run: SpanNode;
  readonly name: string;
  /** `waiting` if everything open waits. */
  readonly state: SpanState;
  /** The same, with sleeps separate from waits. */
  readonly shown: ShownState;
  /** One sentence about what it is doing, or how it ended. */
  readonly headline: string;
}

/** The state of the run; undefined until something is known of it. */
export function summarizeRun(tree: SpanTree, labels: TraceLabels, formats: Formats): RunSummary | undefined {
  const run = runOf(tree);
  if (run === undefined) return undefined;
  // A failed step does not end the run, which can handle it.
  const shown = shownState(run);
  const state = shown === "sleeping" ? "waiting" : shown;
  const name = run.isOrphan ? labels.run : nameOf(run, labels);
  return { run, name, state, shown, headline: headlineOf(run, labels, formats) };
}

/**
 * The span that represents the whole run: the latest root, because a run can be restarted. If no root is known because
 * its history is gone, the latest part.
 */
export function runOf({ roots }: SpanTree): SpanNode | undefined {
  return roots.findLast((node) => !node.isOrphan) ?? roots.at(-1);
}

function headlineOf(run: SpanNode, labels: TraceLabels, formats: Formats): string {
  if (run.state === "done") return labels.finished;
  if (run.state === "failed") return failureOf(run, labels);
  if (run.state === "abandoned") return labels.neverEnded;
  const { counts, first } = workOf(run);
  // Waiting for people comes first.
  const state = OPEN_STATES.find((each) => counts[each] > 0);
  if (state === undefined || first[state][0] === run) return labels[run.state];
  const list = first[state].map((leaf) => awaited(leaf, labels)).join(", ");
  const more = counts[state] - MAX_NAMED;
  return labels.now(state, more > 0 ? labels.andMore(list, formats.count(more)) : list);
}

/** Which step failed and why. The innermost failure is the most specific. */
function failureOf(run: SpanNode, labels: TraceLabels): string {
  let at = run;
  for (let next: SpanNode | undefined = run; next !== undefined;) {
    at = next;
    next = at.children.findLast((child) => child.state === "failed");
  }
  if (at === run) return failureText(run.error, labels);
  return labels.failedWith(spokenName(at, labels), phrase(at.error ?? run.error ?? "") || labels.failedSilently);
}

/** The message of a failure, or that there is none. */
export function failureText(error: string | undefined, labels: Pick<TraceLabels, "failedSilently">): string {
  return shortText(error ?? "") || labels.failedSilently;
}

/** What a span waits for; its name if it does not wait for anything named. */
export function awaited(node: SpanNode, labels: Pick<SpanLabels, "noName">): string {
  return phrase(node.waitingFor ?? "") || spokenName(node, labels);
}
