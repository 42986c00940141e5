import type {
  WorkflowDelayDuration,
  WorkflowDelayFunction,
  WorkflowRollbackContext,
  WorkflowStepConfig,
  WorkflowStepContext,
  WorkflowStepRollbackConfig,
} from "cloudflare:workers";
import type { SpanHandle } from "../trace/tracer/handle.ts";
import type { TracerOptions } from "../trace/tracer/tracer.ts";

/** Whether a step, sleep or wait of this name is shown. A step that is not shown runs all the same. */
export type ShouldDispatch = (stepName: string) => boolean;

/** Options of {@link WorkflowEventStep}; those of the tracer hold for every span. */
export interface WorkflowEventStepOptions extends Omit<TracerOptions, "isInterruption"> {
  /**
   * How long the end of the run, of a rollback and the beginning of a sleep or wait are delayed at the most for events
   * that are still on their way, in milliseconds; `null`: not at all. @defaultValue 5_000
   */
  readonly flushTimeoutMs?: number | null;
}

/** What a step's callback is given: the engine's context, and the span of this try. */
export type StepContext<Delay = WorkflowDelayDuration | number> = WorkflowStepContext<Delay> & {
  /** The try's span: opens spans below it, tells progress, logs. */
  readonly span: SpanHandle;
};

/** A rollback's context and its span. */
export type RollbackContext<T = unknown, Delay = WorkflowDelayDuration | number> = WorkflowRollbackContext<T, Delay> & {
  readonly span: SpanHandle;
};

/** As the engine's `WorkflowStepRollbackOptions`; the handler is given its span as well. */
export type StepRollbackOptions<T = unknown, Delay = WorkflowDelayDuration | number> = {
  rollback: (ctx: RollbackContext<T, Delay>) => Promise<void>;
  rollbackConfig?: WorkflowStepRollbackConfig;
};

/** A step's configuration whose delay between tries is a function: the context then lacks the delay. */
export type DelayFunctionConfig = Omit<WorkflowStepConfig, "retries"> & {
  retries: Omit<NonNullable<WorkflowStepConfig["retries"]>, "delay"> & { delay: WorkflowDelayFunction };
};
