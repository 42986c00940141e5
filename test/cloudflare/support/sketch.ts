import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import type { WireEvent } from "./watch.ts";

/** The tree that these events make, as text: a line a span, `kind name state`, tries and children indented. */
export function sketch(events: readonly WireEvent[]): readonly string[] {
  const tree = new SpanTree();
  tree.applyAll(events);
  return tree.roots.flatMap((root) => sketchNode(root, ""));
}

function sketchNode(node: SpanNode, indent: string): readonly string[] {
  const label = node.kind === "attempt" ? `attempt ${node.attempt}` : `${node.kind} ${node.name}`;
  const error = node.error === undefined ? "" : `: ${node.error}`;
  const below = [...node.attempts, ...node.children].flatMap((child) => sketchNode(child, `${indent}  `));
  return [`${indent}${label} ${node.state}${error}`, ...below];
}

/** Spans that have not begun once and ended once, an attempt. */
export function unevenSpans(events: readonly WireEvent[]): readonly string[] {
  const counts = new Map<string, { started: number; ended: number }>();
  for (const { type, name, spanId, attempt = 1 } of events) {
    if (type !== "started" && type !== "ended") continue;
    const span = `${name} ${spanId} ${attempt}`;
    const count = counts.get(span) ?? { started: 0, ended: 0 };
    count[type] += 1;
    counts.set(span, count);
  }
  return [...counts]
    .filter(([, { started, ended }]) => started !== 1 || ended !== 1)
    .map(([span, { started, ended }]) => `${span}: started ${started} times, ended ${ended} times`);
}
