export {
  type AnyEvent,
  type DataEvent,
  dataEvent,
  type EndData,
  type StoredEvent,
  type StreamEvent,
} from "./event/event.ts";
export type { CorsOptions } from "./http/cors.ts";
export type { Authorization, Authorize } from "./http/endpoint.ts";
export { DispatchedEvent, type DispatchListener } from "./stream/listeners.ts";
export type { EventStream } from "./hub/event-stream.ts";
export type { CloseOptions, SSETargetOptions } from "./hub/options.ts";
export { SSEHub, type SSEHubOptions } from "./hub/sse-hub.ts";
export { SSETarget } from "./hub/sse-target.ts";
export { ServerSentEvent, type ServerSentEventInit } from "./per-request/event.ts";
export { sendEvents, type SendEventsOptions } from "./per-request/send-events.ts";
export { ServerSentEventTarget, type ServerSentEventTargetOptions } from "./per-request/target.ts";
export type { EventStore } from "./store/event-log.ts";
export { MemoryEventStore, type MemoryEventStoreOptions } from "./store/memory-event-store.ts";
export { NullEventStore } from "./store/null-event-store.ts";
export { type ErrorListener, SSETargetError, type SSETargetErrorCode } from "./util/errors.ts";
export type { ListenerOptions } from "./util/listener-options.ts";
export type { Source } from "./util/source-reader.ts";
