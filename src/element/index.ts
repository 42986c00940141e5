import { SSETargetProgressElement } from "./progress-element.ts";
import { SSETargetTraceElement } from "./trace-element.ts";

export { watchTrace } from "../client/watch-trace.ts";
export type { SpanAction, SpanActions } from "./action-button.ts";
export type { ViewStatus, WatchView } from "./connection.ts";
export type { ProgressLabels, TraceLabels } from "./labels.ts";
export type { TraceSelectDetail, TraceStateDetail } from "./trace-element.ts";
export { SSETargetProgressElement, SSETargetTraceElement };

declare global {
  interface HTMLElementTagNameMap {
    "ssetarget-trace": SSETargetTraceElement;
    "ssetarget-progress": SSETargetProgressElement;
  }
}

// A server that renders pages has no elements; a page may load this twice.
const registry = globalThis.customElements;
if (registry && !registry.get("ssetarget-trace")) {
  registry.define("ssetarget-trace", SSETargetTraceElement);
  registry.define("ssetarget-progress", SSETargetProgressElement);
}
