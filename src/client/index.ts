export { SSETargetError, type ErrorListener, type SSETargetErrorCode } from "../util/errors.ts";
export type { Attempt, Transport } from "./attempt.ts";
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
} from "./client-event.ts";
export { connect } from "./connect.ts";
export type {
  ConnectOptions,
  CursorStorage,
  FetchInit,
  Given,
  ResolvedOptions,
  TokenRequest,
} from "./connect-options.ts";
export { ConnectionError } from "./connection-error.ts";
export type { ConnectionState, ConnectionStatus } from "./connection-state.ts";
export type { EventConnection } from "./event-connection.ts";
export { viaEventSource } from "./via-event-source.ts";
export { watchTrace, type TraceSnapshotInput, type TraceWatch, type WatchTraceOptions } from "./watch-trace.ts";
