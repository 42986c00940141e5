import { reviveEvent, type StreamEvent, type StoredEvent } from "../../event/event.ts";
import type { AppendNotice } from "../../store/event-log.ts";

/** Names of a stream's keys and channel in Redis. */
export interface StreamKeys {
  /** A stream: the events, each under its own id. */
  readonly events: string;
  /** A hash: what describes the history as a whole. */
  readonly meta: string;
  /** A sorted set: idempotency keys by the ids of their events. */
  readonly keys: string;
  /** Prefix of a string for each store that writes: what its last call has done. */
  readonly writer: string;
  /** Where appends and changes are published. */
  readonly channel: string;
}

/**
 * The keys of a stream. The braces make a cluster keep them all in one slot, so braces in the prefix are escaped.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function streamKeys(prefix: string, channelPrefix: string): StreamKeys {
  const tag = prefix.replaceAll(/[%{}]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  return {
    events: `{${tag}}:events`,
    meta: `{${tag}}:meta`,
    keys: `{${tag}}:keys`,
    writer: `{${tag}}:writer:`,
    channel: `${channelPrefix}{${tag}}:live`,
  };
}

/** A type or key as Redis keeps it: as inside a JSON string, so that it is one line. */
export function encodeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The event from what Redis keeps of it. */
export function decodeEvent<E extends StreamEvent>(id: number, type: string, data: string): StoredEvent<E> {
  const text = type.includes("\\") ? (JSON.parse(`"${type}"`) as string) : type;
  return reviveEvent({ id, type: text, key: undefined, text: data });
}

/** Of 40 hexadecimal digits: one restart in 16 million goes unnoticed, and every `id:` line carries them. */
const RUN_LENGTH = 6;

/**
 * The name of a history: chosen with its first event, and followed by a part that changes whenever Redis may have lost
 * the history's end. That part is left out if Redis loses nothing that it acknowledges.
 */
export function epochOf(epoch: string, run: string, isDurable: boolean): string | undefined {
  if (epoch === "") return undefined;
  return isDurable ? epoch : epoch + run.slice(0, RUN_LENGTH);
}

/** The message of a trim or delete. */
export const CHANGED = "changed";

/**
 * The message of an append: epoch, run, first and last id, and unless they are too large, type and data of each event.
 * Undefined if it is anything else.
 */
export function decodeNotice<E extends StreamEvent>(message: string, isDurable: boolean): AppendNotice<E> | undefined {
  const [head = "", ...lines] = message.split("\n");
  const [epoch = "", run = "", first] = head.split(" ");
  const firstId = Number(first);
  if (!(firstId > 0)) return undefined;
  const events: StoredEvent<E>[] = [];
  try {
    for (let index = 0; index + 1 < lines.length; index += 2) {
      events.push(decodeEvent(firstId + index / 2, lines[index] as string, lines[index + 1] as string));
    }
  } catch {
    return undefined;
  }
  return {
    afterId: firstId - 1,
    events: events.length > 0 ? events : undefined,
    epoch: epochOf(epoch, run, isDurable),
  };
}
