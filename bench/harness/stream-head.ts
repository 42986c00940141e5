/** The headers of a stream, for servers that have no library to make them. */
export const STREAM_HEAD = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
} as const;
