import type { SpanNode } from "../tree/node.ts";

export function isOpen(node: SpanNode): boolean {
  return node.state === "running" || node.state === "waiting";
}

/** Whether nothing is open in the node or below it. */
export function isSettled(node: SpanNode): boolean {
  return !isOpen(node) && node.totals.running === 0 && node.totals.waiting === 0;
}

/** The node's single attempt, which is shown as part of it: a step that succeeded at once is one line. */
export function onlyAttempt(node: SpanNode): SpanNode | undefined {
  const [attempt, second] = node.attempts;
  if (attempt === undefined || second !== undefined) return undefined;
  // Another attempt will follow, so this one is shown as the first of several.
  const isToBeRetried = attempt.state === "failed" && node.state === "running";
  return isToBeRetried ? undefined : attempt;
}

/** What is shown below a node: first its attempts, if there are several, then its children. */
export function shownBelow(node: SpanNode): readonly SpanNode[] {
  if (node.attempts.length === 0) return node.children;
  const attempt = onlyAttempt(node);
  return [...(attempt === undefined ? node.attempts : attempt.children), ...node.children];
}

/** Number of the newest attempt of a step that was tried more than once; undefined for others, and for attempts. */
export function attemptCount(node: SpanNode): number | undefined {
  const count = Math.max(node.attempts.length, node.attempts.at(-1)?.attempt ?? node.attempt);
  return node.kind === "attempt" || count < 2 ? undefined : count;
}

/** Number of spans below a node, as its totals count them: without attempts. */
export function countBelow({ kind, totals }: SpanNode): number {
  const count = totals.running + totals.waiting + totals.done + totals.failed + totals.abandoned;
  return kind === "attempt" ? count : count - 1;
}
