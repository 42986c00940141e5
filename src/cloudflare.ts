export {
  batchedDispatchEvent,
  synchronousDispatchEvent,
  type DispatchContext,
  type EventDispatcher,
  type DispatchEventOptions,
} from "./cloudflare/dispatch-event.ts";
export { DurableObjectEventStore } from "./cloudflare/durable-object-event-store.ts";
export type { EventQueueOptions } from "./cloudflare/event-queue.ts";
export type {
  RollbackContext,
  ShouldDispatch,
  StepContext,
  StepRollbackOptions,
  WorkflowEventStepOptions,
} from "./cloudflare/step-types.ts";
export { WorkflowEventStep } from "./cloudflare/workflow-event-step.ts";
export { WorkflowEvents } from "./cloudflare/workflow-events.ts";
export type { WorkflowEventsOptions } from "./cloudflare/workflow-events-options.ts";
