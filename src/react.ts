export { type EventStream, type EventStreamOptions, useEventStream } from "./react/use-event-stream.ts";
export { type Trace, type TraceOptions, type TraceSource, useSpan, useTrace } from "./react/use-trace.ts";
export { dehydrateTrace, type TraceSnapshot } from "./trace/view/snapshot.ts";
