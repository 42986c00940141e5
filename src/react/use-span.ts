"use client";

import { useSyncExternalStore } from "react";
import type { SpanNode } from "../trace/tree/node.ts";
import type { TraceSource } from "./trace-source.ts";

/**
 * One span of a trace; undefined as long as nothing has been heard of it. The component renders again only when this span,
 * or one below it, has changed.
 *
 * @param trace what `useTrace` gave, or its `source`
 * @param traceId needed only where traces of one stream share span ids
 */
export function useSpan(
  trace: TraceSource | { readonly source: TraceSource },
  spanId: string,
  traceId?: string,
): SpanNode | undefined {
  const source = "source" in trace ? trace.source : trace;
  return useSyncExternalStore(
    source.subscribe,
    () => source.getSpan(spanId, traceId),
    () => source.getServerSpan(spanId, traceId),
  );
}
