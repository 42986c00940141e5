import type { SpanNode } from "./node.ts";

/** The spans right below: children, and after them the tries. */
export function spansBelow({ children, attempts }: SpanNode): readonly SpanNode[] {
  return attempts.length === 0 ? children : [...children, ...attempts];
}

/** The span and all below it, each before those below it. Not by recursion: how deep spans nest is the sender's choice. */
export function walkSpans(root: SpanNode): readonly SpanNode[] {
  const spans = [root];
  // The list grows while it is gone through.
  for (const span of spans) for (const below of spansBelow(span)) spans.push(below);
  return spans;
}
