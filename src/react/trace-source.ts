import type { SpanNode } from "../trace/tree/node.ts";
import { SharedStream } from "./shared-stream.ts";
import type { TraceFold, TraceView } from "./trace-fold.ts";

/** A trace as something to subscribe to, in the form of React's external stores. */
export class TraceSource extends SharedStream<TraceView, TraceFold> {
  getSpan(spanId: string, traceId?: string): SpanNode | undefined {
    return this.fold.tree.get(spanId, traceId);
  }

  /** The span as it was when the page was made. Looked for, as this is asked once. */
  getServerSpan(spanId: string, traceId?: string): SpanNode | undefined {
    const pending = [...this.getServerSnapshot().roots];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node.spanId === spanId && (traceId ?? node.traceId) === node.traceId) return node;
      pending.push(...node.children, ...node.attempts);
    }
    return undefined;
  }
}
