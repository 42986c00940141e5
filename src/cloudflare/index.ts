export {
  batchedDispatchEvent,
  synchronousDispatchEvent,
  type DispatchContext,
  type DispatchEvent,
  type DispatchEventOptions,
} from "./dispatch-event.ts";
export { DurableObjectEventStore } from "./durable-object-event-store.ts";
export type { EventQueueOptions } from "./event-queue.ts";
export type {
  RollbackContext,
  ShouldDispatch,
  StepContext,
  StepRollbackOptions,
  WorkflowEventStepOptions,
} from "./step-types.ts";
export { WorkflowEventStep } from "./workflow-event-step.ts";
export { WorkflowEvents } from "./workflow-events.ts";
export type { WorkflowEventsOptions } from "./workflow-events-options.ts";
