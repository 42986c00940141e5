export { criticalPath, type CriticalPath, type CriticalPathOptions, type CriticalSegment } from "./critical-path.ts";
export { estimateRemaining, type EstimateOptions, type RemainingEstimate } from "./estimate-remaining.ts";
export { progressOf, type ProgressOptions } from "./progress-of.ts";
export { recordRun, type RunHistory, type SpanHistory } from "./run-history.ts";
export { ServerClock, type ServerClockOptions } from "./server-clock.ts";
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
export { type SpanTimeline, type SpanTimes, timelineOf, type TimelineOptions } from "./span-timeline.ts";
export { type IgnoredEvents, SpanTree, type SpanTreeOptions } from "./span-tree.ts";
export { type StepEvent, toStepEvent } from "./step-event.ts";
export { Tracer, type TracerOptions } from "./tracer.ts";
export { visibleText } from "./visible-text.ts";
