export { formatCursor, parseCursor } from "./event/cursor.ts";
export {
  type Cursor,
  DATA_FIELD,
  type EndData,
  END_EVENT_TYPE,
  GAP_EVENT_TYPE,
  type GapData,
  type GapReason,
  type StoredEvent,
  type StreamEvent,
} from "./event/event.ts";
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
export { type ErrorListener, SSETargetError, type SSETargetErrorCode } from "./util/errors.ts";
