export {
  criticalPath,
  type CriticalPath,
  type CriticalPathOptions,
  type CriticalSegment,
} from "./trace/analysis/critical-path.ts";
export { estimateRemaining, type EstimateOptions, type RemainingEstimate } from "./trace/analysis/estimate.ts";
export { progressOf, type ProgressOptions } from "./trace/analysis/progress.ts";
export { recordRun, type RunHistory, type SpanHistory } from "./trace/analysis/history.ts";
export { ServerClock, type ServerClockOptions } from "./trace/analysis/server-clock.ts";
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
} from "./trace/events.ts";
export type {
  AttributesInput,
  ManualSpan,
  SpanHandle,
  SpanOptions,
  SpanUpdate,
  TimeInput,
} from "./trace/tracer/handle.ts";
export type { SpanEventSink } from "./trace/tracer/delivery.ts";
export { randomSpanId, spanEventKey, type SpanEventKeyParts } from "./trace/ids.ts";
export type { SpanLogLine, SpanNode, SpanState, SpanTotals } from "./trace/tree/node.ts";
export { type SpanTimeline, type SpanTimes, timelineOf, type TimelineOptions } from "./trace/analysis/timeline.ts";
export { type IgnoredEvents, SpanTree, type SpanTreeOptions } from "./trace/tree/tree.ts";
export { type StepEvent, toStepEvent } from "./trace/step-event.ts";
export { Tracer, type TracerOptions } from "./trace/tracer/tracer.ts";
export { dehydrateTrace, type TraceSnapshot } from "./trace/view/snapshot.ts";
export { visibleText } from "./trace/view/visible-text.ts";
