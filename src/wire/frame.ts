import { GAP_EVENT_TYPE, dataText, type GapData, type ServerSentEvent, type StoredEvent } from "../event.ts";
import { formatCursor } from "./cursor-text.ts";

const encoder = new TextEncoder();

/** Bytes of the wire. They are shared between connections: nobody may change or transfer them. */
export type FrameBytes = Uint8Array;

/**
 * One event as `text/event-stream`: `id:`, `event:`, one `data:` line. JSON has no raw CR or LF, so one line is enough.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function encodeEvent<E extends ServerSentEvent>(event: StoredEvent<E>, epoch: string | undefined): FrameBytes {
  return encoder.encode(
    `id: ${formatCursor({ id: event.id, epoch })}\nevent: ${event.type}\ndata: ${dataText(event)}\n\n`,
  );
}

/** A gap. It has no `id:`, so that the client's cursor stays where it was until an event has really arrived. */
export function encodeGap(gap: GapData): FrameBytes {
  return encoder.encode(`event: ${GAP_EVENT_TYPE}\ndata: ${JSON.stringify(gap)}\n\n`);
}

/** How long the client waits before it connects again, in milliseconds. */
export function encodeRetry(delayMs: number): FrameBytes {
  return encoder.encode(`retry: ${Math.max(0, Math.round(delayMs))}\n\n`);
}

/** A comment that browsers ignore; it keeps proxies from closing a quiet connection. */
export const KEEP_ALIVE_FRAME: FrameBytes = encoder.encode(": keepalive\n\n");

/** Several frames as one. A single one is returned as it is, still shared. */
export function joinFrames(frames: readonly FrameBytes[]): FrameBytes {
  const [first] = frames;
  if (first !== undefined && frames.length === 1) return first;
  let length = 0;
  for (const frame of frames) length += frame.byteLength;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const frame of frames) {
    joined.set(frame, offset);
    offset += frame.byteLength;
  }
  return joined;
}
