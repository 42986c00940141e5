import type { SpanActions } from "./action-button.ts";
import type { ViewStatus, WatchView } from "./connection.ts";
import type { ProgressLabels, TraceLabels } from "./labels.ts";
import type { SSETargetProgressElement } from "./progress-element.ts";
import type { SSETargetTraceElement } from "./trace-element.ts";
import type { SpanNode, SpanState } from "../trace/tree/node.ts";

/** The detail of `ssetarget-state`. */
export interface TraceStateDetail {
  /** The state of the connection. */
  readonly status: ViewStatus;
  /** The span of the run. Undefined until its first event. */
  readonly run: SpanNode | undefined;
  /** The name of the run as the element shows it: one line, without invisible characters. */
  readonly name: string | undefined;
  /** The state of the run: waiting if everything that is open waits. */
  readonly state: SpanState | undefined;
}

/** The detail of `ssetarget-select`. */
export interface TraceSelectDetail {
  /** The selected span. Undefined if the selection was cleared. */
  readonly span: SpanNode | undefined;
}

/** What both elements take in JSX. React sets what is a property of the element as one, so objects and functions are fine. */
export interface WatchAttributes {
  readonly src?: string | undefined;
  readonly theme?: "light" | "dark" | undefined;
  readonly watch?: WatchView | undefined;
}

/** `<ssetarget-trace>` in JSX. */
export interface TraceAttributes extends WatchAttributes {
  readonly follow?: boolean | undefined;
  readonly collapseFinished?: boolean | undefined;
  readonly labels?: Partial<TraceLabels> | undefined;
  readonly action?: SpanActions | undefined;
  readonly highlight?: ((span: SpanNode) => boolean) | undefined;
  readonly linkFor?: ((span: SpanNode) => string) | undefined;
  readonly "onssetarget-state"?: ((event: CustomEvent<TraceStateDetail>) => void) | undefined;
  readonly "onssetarget-select"?: ((event: CustomEvent<TraceSelectDetail>) => void) | undefined;
}

/** `<ssetarget-progress>` in JSX. */
export interface ProgressAttributes extends WatchAttributes {
  readonly labels?: Partial<ProgressLabels> | undefined;
  readonly steps?: readonly string[] | undefined;
}

/** @ts-ignore React need not be there. */
type OfReact<E> = import("react").DetailedHTMLProps<import("react").HTMLAttributes<E>, E>;

/** @ts-ignore React need not be there. */
declare module "react" {
  // oxlint-disable-next-line typescript/no-namespace -- React has its types of elements in one.
  namespace JSX {
    interface IntrinsicElements {
      "ssetarget-trace": OfReact<SSETargetTraceElement> & TraceAttributes;
      "ssetarget-progress": OfReact<SSETargetProgressElement> & ProgressAttributes;
    }
  }
}
