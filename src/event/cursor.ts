import type { Cursor } from "./event.ts";

/** `<id>` or `<id>.<epoch>`; nothing else. A leading zero, a sign, a space or `12abc` is not a cursor. */
const CURSOR = /^(0|[1-9][0-9]{0,15})(?:\.([A-Za-z0-9_-]{1,64}))?$/;

/** The text of a cursor as it stands in `id:` and comes back in `Last-Event-ID`. */
export function formatCursor(cursor: Cursor): string {
  return cursor.epoch === undefined ? String(cursor.id) : `${cursor.id}.${cursor.epoch}`;
}

/** The cursor that a client sent, or `undefined` where its text is not one. The text is not trusted. */
export function parseCursor(text: string): Cursor | undefined {
  const match = CURSOR.exec(text);
  if (match === null) return undefined;
  const id = Number(match[1]);
  if (!Number.isSafeInteger(id)) return undefined;
  return match[2] === undefined ? { id } : { id, epoch: match[2] };
}
