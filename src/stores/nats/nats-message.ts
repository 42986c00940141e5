import { dataText, reviveEvent, type ServerSentEvent, type StoredEvent } from "../../event/event.ts";
import type { JetStreamMessage } from "./jetstream-like.ts";

/** An event as it is kept: a line of JSON that says what it is, and below it its own JSON as it goes over the wire. */
export function encodeEvent(event: ServerSentEvent, epoch: string): string {
  return `${JSON.stringify({ epoch, type: event.type })}\n${dataText(event)}`;
}

export function decodeEvent<E extends ServerSentEvent>(
  message: JetStreamMessage,
): { readonly event: StoredEvent<E>; readonly epoch: string } {
  const text = message.string();
  const end = text.indexOf("\n");
  const { epoch, type } = JSON.parse(text.slice(0, end)) as { epoch: string; type: string };
  return { event: reviveEvent<E>({ id: message.seq, type, key: undefined, text: text.slice(end + 1) }), epoch };
}
