import type { SpanNode } from "../trace/tree/node.ts";

/** The node's one and only attempt, which is shown as part of it: a step that went well at once is one line. */
export function onlyAttempt(node: SpanNode): SpanNode | undefined {
  const [attempt, second] = node.attempts;
  if (attempt === undefined || second !== undefined) return undefined;
  // Another will follow, so it is shown as the first of several at once.
  const isToBeRetried = attempt.state === "failed" && node.state === "running";
  return isToBeRetried ? undefined : attempt;
}

/** What is shown below a node: several attempts first, for they are what happened; the rest is what they did. */
export function shownBelow(node: SpanNode): readonly SpanNode[] {
  if (node.attempts.length === 0) return node.children;
  const attempt = onlyAttempt(node);
  return [...(attempt === undefined ? node.attempts : attempt.children), ...node.children];
}

export function isOpen(node: SpanNode): boolean {
  return node.state === "running" || node.state === "waiting";
}

/** Whether nothing is open in the node or below it. */
export function isSettled(node: SpanNode): boolean {
  return !isOpen(node) && node.totals.running === 0 && node.totals.waiting === 0;
}

/** How many spans are below a node, as its totals count them: attempts left out. */
export function countBelow({ kind, totals }: SpanNode): number {
  const count = totals.running + totals.waiting + totals.done + totals.failed + totals.abandoned;
  return kind === "attempt" ? count : count - 1;
}
