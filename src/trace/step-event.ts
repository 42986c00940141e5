import type { StreamEvent } from "../event/event.ts";
import type { SpanEvent } from "./events.ts";

interface StepEventBase extends StreamEvent {
  /** The step's name. */
  readonly step: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
}

/** The flat form of progress, for pages that want a list of steps and no tree. */
export type StepEvent =
  | (StepEventBase & { readonly type: "started" })
  | (StepEventBase & { readonly type: "completed" })
  | (StepEventBase & { readonly type: "failed"; readonly error?: string });

/**
 * The step event that a span event amounts to, or undefined where it amounts to none: workflows, attempts,
 * updates and log lines have no flat form, nor has an `ended` that does not say its span's name.
 *
 * Keeps `id`, not `key`: two streams may carry the two forms of one event.
 */
export function toStepEvent(event: SpanEvent): StepEvent | undefined {
  if (event.kind === "workflow" || event.kind === "attempt") return undefined;
  if (event.type !== "started" && event.type !== "ended") return undefined;
  const { id, name: step, timestamp } = event;
  if (step === undefined) return undefined;
  const place = id === undefined ? { step, timestamp } : { step, timestamp, id };
  if (event.type === "started") return { type: "started", ...place };
  const { status } = event;
  if (status.code === "OK") return { type: "completed", ...place };
  return status.message === undefined
    ? { type: "failed", ...place }
    : { type: "failed", ...place, error: status.message };
}
