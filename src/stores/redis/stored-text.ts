import { reviveEvent, type StreamEvent, type StoredEvent } from "../../event/event.ts";

/** A type or key as Redis keeps it: as inside a JSON string, so that it is one line. */
export function encodeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The event from what Redis keeps of it. */
export function decodeEvent<E extends StreamEvent>(id: number, type: string, data: string): StoredEvent<E> {
  const text = type.includes("\\") ? (JSON.parse(`"${type}"`) as string) : type;
  return reviveEvent({ id, type: text, key: undefined, text: data });
}

/**
 * The name of a history: drawn with its first event, and followed by a part that changes where Redis may have lost its end.
 * Whoever says that it loses nothing it acknowledges has the first part only.
 */
export function epochOf(epoch: string, run: string, isDurable: boolean): string | undefined {
  if (epoch === "") return undefined;
  return isDurable ? epoch : epoch + run.slice(0, RUN_LENGTH);
}

/** Of 40 hexadecimal digits: one restart in 16 million is not noticed, and every `id:` line carries them. */
const RUN_LENGTH = 6;
