import type { SpanNode } from "ssetarget/workflows";

/** One line of the tree as it is shown. */
export interface TreeRow {
  /** Tells the row from all others: ids of spans are unique within their trace only. */
  readonly key: string;
  readonly node: SpanNode;
  /** The node's one and only attempt, which is shown as part of it: a step that went well at once is one line. */
  readonly attempt: SpanNode | undefined;
  /** The trace's beginning on the server's clock, in milliseconds since 1970: where the row's timeline starts. */
  readonly origin: number;
  readonly parentKey: string | undefined;
  /** From 1, as `aria-level`, `aria-posinset` and `aria-setsize` count. */
  readonly level: number;
  readonly position: number;
  readonly setSize: number;
  readonly hasChildren: boolean;
  readonly isExpanded: boolean;
}

/** Lays the tree out in lines, leaving out what is below a collapsed one. */
export function toRows(roots: readonly SpanNode[], isCollapsed: (key: string) => boolean): TreeRow[] {
  const origins = traceOrigins(roots);
  const rows: TreeRow[] = [];
  // An own stack: how deep spans nest is the sender's choice, and must not be able to overflow ours.
  const pending: Omit<TreeRow, "attempt" | "hasChildren" | "isExpanded">[] = [];
  const push = (nodes: readonly SpanNode[], parent: TreeRow | undefined): void => {
    for (let index = nodes.length - 1; index >= 0; index--) {
      const node = nodes[index];
      if (node === undefined) continue;
      const origin = parent?.origin ?? origins.get(node.traceId) ?? 0;
      const level = parent === undefined ? 1 : parent.level + 1;
      const place = { level, position: index + 1, setSize: nodes.length };
      pending.push({ node, key: `${node.traceId}\n${node.spanId}`, origin, parentKey: parent?.key, ...place });
    }
  };
  push(roots, undefined);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const attempt = onlyAttempt(next.node);
    const children = shownChildren(next.node, attempt);
    const hasChildren = children.length > 0;
    const row = { ...next, attempt, hasChildren, isExpanded: hasChildren && !isCollapsed(next.key) };
    rows.push(row);
    if (row.isExpanded) push(children, row);
  }
  return rows;
}

function onlyAttempt(node: SpanNode): SpanNode | undefined {
  const [attempt, second] = node.attempts;
  if (attempt === undefined || second !== undefined) return undefined;
  // Another will follow, so it is shown as the first of several at once.
  const isToBeRetried = attempt.state === "failed" && node.state === "running";
  return isToBeRetried ? undefined : attempt;
}

function shownChildren(node: SpanNode, attempt: SpanNode | undefined): readonly SpanNode[] {
  // Several attempts come first: they are what happened, the rest is what they did.
  if (attempt === undefined) return node.attempts.length === 0 ? node.children : [...node.attempts, ...node.children];
  return [...attempt.children, ...node.children];
}

/** Each trace begins with its earliest root: a run that was started anew is drawn from its own beginning. */
function traceOrigins(roots: readonly SpanNode[]): Map<string, number> {
  const origins = new Map<string, number>();
  for (const root of roots) {
    const start = root.startTime;
    if (start !== undefined) origins.set(root.traceId, Math.min(start, origins.get(root.traceId) ?? start));
  }
  return origins;
}
