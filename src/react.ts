export { dehydrateTrace, type TraceSnapshot } from "./react/dehydrate-trace.ts";
export { type EventStream, type EventStreamOptions, useEventStream } from "./react/use-event-stream.ts";
export { useSpan } from "./react/use-span.ts";
export { type Trace, type TraceOptions, useTrace } from "./react/use-trace.ts";
export type { TraceSource } from "./react/trace-source.ts";
