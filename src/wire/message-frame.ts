/** What one frame of `text/event-stream` may hold, where the sender makes up ids and data himself. */
export interface Message {
  /** Absent or `message`: no `event:` line is needed. No CR, LF or NUL. */
  readonly type?: string;
  /** No CR, LF or NUL. */
  readonly id?: string;
  /** In milliseconds. */
  readonly retry?: number;
  /** Any text. A browser gets it with LF for every CR and CRLF in it. */
  readonly data: string;
}

/** What ends a line, for a reader of an event stream. */
const LINE_BREAK = /\r\n|\r|\n/;

/**
 * One message: a `data:` line for each line of its data, so that no line break in it ends the field. Without any data there
 * is one empty line of it, for a message without a `data:` line is not dispatched.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function messageFrame({ type, id, retry, data }: Message): string {
  let frame = id === undefined ? "" : `id: ${id}\n`;
  if (retry !== undefined) frame += `retry: ${retry}\n`;
  if (type !== undefined && type !== "message") frame += `event: ${type}\n`;
  for (const line of data.split(LINE_BREAK)) frame += `data: ${line}\n`;
  return `${frame}\n`;
}

/** A comment, which browsers ignore; each line of the text is a line of it. */
export function commentFrame(text: string): string {
  return `${text
    .split(LINE_BREAK)
    .map((line) => `: ${line}\n`)
    .join("")}\n`;
}
