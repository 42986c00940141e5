export type {
  JsonObject,
  JsonValue,
  LogLevel,
  SpanEndedEvent,
  SpanEvent,
  SpanKind,
  SpanLogEvent,
  SpanProgress,
  SpanStartedEvent,
  SpanStatus,
  SpanUpdatedEvent,
} from "./span-event.ts";
export type { AttributesInput, ManualSpan, SpanHandle, SpanOptions, SpanUpdate, TimeInput } from "./span-handle.ts";
export type { SpanEventSink } from "./span-delivery.ts";
export { randomSpanId, spanEventKey, type SpanEventKeyParts } from "./span-ids.ts";
export type { SpanLogLine, SpanNode, SpanState, SpanTotals } from "./span-node.ts";
export { type IgnoredEvents, SpanTree, type SpanTreeOptions } from "./span-tree.ts";
export { type StepEvent, toStepEvent } from "./step-event.ts";
export { Tracer, type TracerOptions } from "./tracer.ts";
