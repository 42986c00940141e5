import { ifAllowed } from "./util/if-allowed.ts";
import { SSETargetProgressElement } from "./element/progress-element.ts";
import type { TraceSelectDetail, TraceStateDetail } from "./element/jsx.ts";
import { SSETargetTraceElement } from "./element/trace-element.ts";

export { watchTrace } from "./client/watch-trace.ts";
export type { SpanAction, SpanActions } from "./element/action-button.ts";
export type { ViewStatus, WatchView } from "./element/connection.ts";
export type { ProgressAttributes, TraceAttributes } from "./element/jsx.ts";
export type { ProgressLabels, TraceLabels } from "./element/labels.ts";
export { SSETargetProgressElement, SSETargetTraceElement, type TraceSelectDetail, type TraceStateDetail };

declare global {
  interface HTMLElementTagNameMap {
    "ssetarget-trace": SSETargetTraceElement;
    "ssetarget-progress": SSETargetProgressElement;
  }
  interface HTMLElementEventMap {
    "ssetarget-state": CustomEvent<TraceStateDetail>;
    "ssetarget-select": CustomEvent<TraceSelectDetail>;
  }
}

// A server that renders pages has no elements; a page may load this twice.
const registry = ifAllowed(() => customElements);
for (const [name, element] of [
  ["ssetarget-trace", SSETargetTraceElement],
  ["ssetarget-progress", SSETargetProgressElement],
] as const) {
  if (registry && !registry.get(name)) registry.define(name, element);
}
