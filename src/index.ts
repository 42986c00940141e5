export {
  type Cursor,
  DATA_FIELD,
  type AnyEvent,
  type DataEvent,
  dataEvent,
  END_EVENT_TYPE,
  type EndData,
  GAP_EVENT_TYPE,
  type GapData,
  type GapReason,
  type StoredEvent,
} from "./event/event.ts";
export { type ErrorListener, SSETargetError, type SSETargetErrorCode } from "./util/errors.ts";
export type { CorsOptions } from "./http/cors.ts";
export type { Admission } from "./http/admission.ts";
export type { Authorization, Authorize } from "./http/endpoint.ts";
export type { RequestHead } from "./http/request-head.ts";
export type { Sink, SinkListener } from "./http/sink.ts";
export type {
  AppendNotice,
  EventBounds,
  EventLog,
  EventStorage,
  EventStore,
  LogListener,
  LogWatch,
  PageLimits,
} from "./store/event-log.ts";
export { MemoryEventStore, type MemoryEventStoreOptions } from "./store/memory-event-store.ts";
export { NullEventStore } from "./store/null-event-store.ts";
export type { StartAt } from "./stream/feed.ts";
export type { CloseOptions } from "./hub/close-options.ts";
export type { ChunkEvent } from "./generations/chunk-log.ts";
export {
  type ChannelMessage,
  type Channels,
  createDestination,
  type Destination,
  type DestinationHub,
  type DestinationOptions,
  type WorkflowContext,
  type WorkflowRun,
} from "./destinations/destination.ts";
export type { Generation, GenerationEnd } from "./generations/generation.ts";
export { type GenerationHub, Generations, type GenerationsOptions } from "./generations/generations.ts";
export { DispatchEvent, type DispatchListener, type DispatchListenerOptions } from "./hub/listeners.ts";
export {
  type RespondingTarget,
  sendEvents,
  type SendEventsArguments,
  type SendEventsOptions,
} from "./per-request/send-events.ts";
export {
  type SentEvent,
  ServerSentEvent,
  type ServerSentEventConstructor,
  type ServerSentEventInit,
} from "./per-request/event.ts";
export {
  type SentEventListener,
  ServerSentEventTarget,
  type ServerSentEventTargetOptions,
} from "./per-request/target.ts";
export type { Iterated, Source } from "./util/source-reader.ts";
export { type HubStream, SSEHub, type SSEHubOptions } from "./hub/sse-hub.ts";
export { SSETarget } from "./hub/sse-target.ts";
export type { SSETargetOptions } from "./hub/options.ts";
export { formatCursor, parseCursor } from "./event/cursor.ts";
export type { SharedBytes } from "./wire/shared-bytes.ts";
