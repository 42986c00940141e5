import {
  GAP_EVENT_TYPE,
  wireText,
  type Cursor,
  type GapData,
  type StreamEvent,
  type StoredEvent,
} from "../event/event.ts";
import { formatCursor } from "../event/cursor.ts";
import { encodeText, shareText, type SharedBytes } from "./shared-bytes.ts";

/**
 * One event as `text/event-stream`: `id:`, `event:`, one `data:` line. JSON has no raw CR or LF, so one line is enough.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function eventFrame<E extends StreamEvent>(event: StoredEvent<E>, epoch: string | undefined): string {
  return `id: ${formatCursor({ id: event.id, epoch })}\nevent: ${event.type}\ndata: ${wireText(event)}\n\n`;
}

/** A gap. It has no `id:`, so that the client's cursor stays where it was until an event has really arrived. */
export function encodeGap(gap: GapData): Uint8Array {
  return encodeText(`event: ${GAP_EVENT_TYPE}\ndata: ${JSON.stringify(gap)}\n\n`);
}

/**
 * A cursor without an event: a browser takes it for its last event id and dispatches nothing. It says where a client
 * stands that does not begin with the history's first event, so that it does not miss what comes before its first one.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
 */
export function encodeCursor(cursor: Cursor): Uint8Array {
  return encodeText(`id: ${formatCursor(cursor)}\n\n`);
}

/** How long the client waits before it connects again, in milliseconds. */
export function encodeRetry(delayMs: number): SharedBytes {
  return shareText(`retry: ${Math.max(0, Math.round(delayMs))}\n\n`);
}

/** A comment that browsers ignore; it keeps proxies from closing a quiet connection. */
export const KEEP_ALIVE: SharedBytes = shareText(":keepalive\n\n");

/** The first bytes of a stream, so that proxies and browsers see at once that it is open. `null`: without `retry:`. */
export function openingFrame(retryMs: number | null): SharedBytes {
  return retryMs === null ? KEEP_ALIVE : encodeRetry(retryMs);
}
