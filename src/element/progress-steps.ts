import { progressOf } from "../trace/analysis/progress.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import { isOpen } from "../trace/view/shape.ts";
import { shownState } from "./open-work.ts";
import { type ShownState } from "./span-text.ts";

/** More lines than this nobody reads; the others are counted. */
const MAX_STEPS = 40;
/** So many of the lines come before the one that matters now. */
const MAX_BEFORE = 20;

/** A line of the checklist. */
export interface ProgressStep {
  readonly name: string;
  readonly state: ShownState | "pending";
  readonly node: SpanNode | undefined;
}

/** The top-level steps of a run as far as they are shown, and what matters of all of them. */
export interface ProgressSteps {
  readonly shown: readonly ProgressStep[];
  /** How many more there are above and below those that are shown. */
  readonly before: number;
  readonly after: number;
  /** The step that is spoken of: one that waits for somebody, else one that runs, else one that sleeps. */
  readonly current: ProgressStep | undefined;
  /** The last one that failed. */
  readonly failed: ProgressStep | undefined;
}

/** The steps of a run, and after them those that are expected and have not begun. */
export function stepsOf(run: SpanNode | undefined, expected: readonly string[]): ProgressSteps {
  const begun = run?.children ?? [];
  const wanted = run === undefined || isOpen(run) ? expected : [];
  const toCome = new Set(wanted);
  const firstOpen: Partial<Record<ShownState, number>> = {};
  let failedAt = -1;
  // There may be a hundred thousand, and this is done with every frame: one walk, which makes nothing.
  for (let index = 0; index < begun.length; index++) {
    const node = begun[index] as SpanNode;
    if (toCome.size > 0) toCome.delete(node.name);
    if (isOpen(node)) firstOpen[shownState(node)] ??= index;
    else if (node.state === "failed") failedAt = index;
  }
  const pending = wanted.filter((name) => toCome.has(name));
  const stepAt = (index: number): ProgressStep | undefined => {
    const node = begun[index];
    if (node !== undefined) return { name: node.name, state: shownState(node), node };
    const name = pending[index - begun.length];
    return name === undefined ? undefined : { name, state: "pending", node: undefined };
  };
  const { waiting, running, sleeping } = firstOpen;
  const currentAt = waiting ?? running ?? sleeping;
  const count = begun.length + pending.length;
  const focus = currentAt ?? (failedAt === -1 ? begun.length - 1 : failedAt);
  const from = Math.max(0, Math.min(focus - MAX_BEFORE, count - MAX_STEPS));
  const to = Math.min(count, from + MAX_STEPS);
  const shown: ProgressStep[] = [];
  for (let index = from; index < to; index++) shown.push(stepAt(index) as ProgressStep);
  const known = (at: number | undefined): ProgressStep | undefined =>
    at === undefined ? undefined : (shown[at - from] ?? stepAt(at));
  return { shown, before: from, after: count - to, current: known(currentAt), failed: known(failedAt) };
}

/** How far the run is, from 0 to 1: by what it tells, else by the steps that are expected; undefined where neither is known. */
export function runFraction(run: SpanNode | undefined, expected: readonly string[]): number | undefined {
  const expectedOf = (node: SpanNode): unknown =>
    (node === run && expected.length) || node.attributes["ssetarget.expected"];
  return run && progressOf(run, { expectedOf });
}
