export { dehydrateTrace, type TraceSnapshot } from "./dehydrate-trace.ts";
export { type EventStream, type EventStreamOptions, useEventStream } from "./use-event-stream.ts";
export { useSpan } from "./use-span.ts";
export { type Trace, type TraceOptions, useTrace } from "./use-trace.ts";
export type { TraceSource } from "./trace-source.ts";
