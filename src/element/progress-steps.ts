import { progressOf } from "../workflows/progress-of.ts";
import type { SpanNode } from "../workflows/span-node.ts";
import { isOpen, shownState, type ShownState } from "./span-text.ts";

/** A line of the checklist. */
export interface ProgressStep {
  readonly name: string;
  readonly state: ShownState | "pending";
  readonly node: SpanNode | undefined;
}

/** The top-level steps of a run, and after them those that are expected and have not begun. */
export function stepsOf(run: SpanNode | undefined, expected: readonly string[]): readonly ProgressStep[] {
  const begun = run?.children ?? [];
  const names = new Set(begun.map(({ name }) => name));
  const isOver = run !== undefined && !isOpen(run);
  return [
    ...begun.map((node) => ({ name: node.name, state: shownState(node), node })),
    ...(isOver ? [] : expected.filter((name) => !names.has(name))).map(
      (name) => ({ name, state: "pending", node: undefined }) as const,
    ),
  ];
}

/** How far the run is, from 0 to 1: by what it tells, else by the steps that are expected; undefined where neither is known. */
export function runFraction(run: SpanNode | undefined, expected: readonly string[]): number | undefined {
  const expectedOf = (node: SpanNode): unknown =>
    (node === run && expected.length) || node.attributes["ssetarget.expected"];
  return run && progressOf(run, { expectedOf });
}
