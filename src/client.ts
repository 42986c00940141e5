export { SSETargetError, type ErrorListener, type SSETargetErrorCode } from "./util/errors.ts";
export type { Attempt, Transport } from "./client/attempt.ts";
export type {
  ClientEvent,
  ClientEventOf,
  ClientEventType,
  DataOf,
  EndEvent,
  GapEvent,
  ReceivedEvent,
  ReceivedOf,
  UnknownEvent,
  WireMessage,
} from "./client/client-event.ts";
export { connect } from "./client/connect.ts";
export type {
  ConnectOptions,
  CursorStorage,
  FetchInit,
  Given,
  ResolvedOptions,
  TokenRequest,
} from "./client/connect-options.ts";
export { ConnectionError } from "./client/connection-error.ts";
export type { ConnectionState, ConnectionStatus } from "./client/connection-state.ts";
export type { EventConnection } from "./client/event-connection.ts";
export { viaEventSource } from "./client/via-event-source.ts";
export { watchTrace, type TraceWatch, type WatchTraceOptions } from "./client/watch-trace.ts";
export type { TraceSnapshot } from "./trace/view/snapshot.ts";
export type { ListenerOptions } from "./util/listener-options.ts";
