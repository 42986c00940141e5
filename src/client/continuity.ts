import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { END_EVENT_TYPE, GAP_EVENT_TYPE, RESERVED_TYPE_PREFIX, type Cursor, type GapData } from "../event/event.ts";
import { parseCursor } from "../event/cursor.ts";
import type { ReceivedEvent, WireMessage } from "./client-event.ts";
import { isSendable } from "./connect-options.ts";

/**
 * Turns what came over the wire into events. Those of a stream that is surely ours are told apart by their cursors (PROTOCOL.md,
 * sections 3 to 8): each once, from however many connections. Those of any other are all handed over, as an `EventSource` does, for its
 * ids may mean anything: a counter that restarts with each connection, one id for all, a version. What came is not trusted.
 */
export interface Continuity {
  /** What the server is to be told. Stays where it was until an event follows a gap, as the server expects. */
  readonly cursor: () => string;
  /**
   * The place that has been come to: two tabs with the same have been told the same, gaps included. For streams that are ours.
   */
  readonly position: () => string;
  readonly begin: (cursor: string) => void;
  /** The events that a message comes to; undefined where it tells nothing new. */
  readonly take: (message: WireMessage) => ReceivedEvent[] | undefined;
}

export function createContinuity(
  parse: (data: string, type: string) => unknown,
  onError: ErrorListener,
  maxCursorBytes: number,
): Continuity {
  /** The last event's place; undefined before the first of a history. */
  let last: Cursor | undefined;
  let cursor = "";
  let gapMark = "";

  return {
    cursor: () => cursor,
    position: () => cursor + gapMark,
    begin(text) {
      cursor = text;
      last = parseCursor(text);
    },
    take({ id: text, type, data, isOurs: isMarked }) {
      let id = text;
      if (id !== undefined && !isSendable(id, maxCursorBytes)) {
        onError(
          new SSETargetError(
            "invalid-event",
            `an id of ${id.length} characters cannot be sent back as a header, within \`maxCursorBytes\`; the cursor stays where it was`,
          ),
        );
        id = undefined;
      }
      const events: ReceivedEvent[] = [];
      const at = parseCursor(id ?? "");
      const isReserved = type.startsWith(RESERVED_TYPE_PREFIX);
      const isNext = at && last && !at.epoch && isSure(last) && at.id > last.id;
      const isOurs = isMarked || isSure(at) || isNext;
      if (!isOurs && id !== undefined && data !== undefined && !isReserved) last = undefined;
      if (isOurs && at && data !== undefined) {
        if (last && !isSameHistory(at, last)) {
          // The server says so itself, unless that was lost with a connection which had moved the cursor already.
          const reset: GapData = { reason: "reset", after: last.id, resumesAt: at.id };
          events.push({ type: GAP_EVENT_TYPE, id: undefined, lastEventId: cursor, data: reset });
        } else if (last && at.id <= last.id) {
          return undefined;
        }
        last = { epoch: last?.epoch, ...at };
      }
      if (id !== undefined) {
        cursor = id;
        gapMark = "";
        if (!id) last = undefined;
      }
      if (data === undefined) return events;
      try {
        const value = isReserved ? (JSON.parse(data) as GapData) : parse(data, type);
        if (isReserved && Object(value) !== value) throw new TypeError("its data is no object");
        if (type === GAP_EVENT_TYPE) {
          const { reason, resumesAt } = value as GapData;
          const mark = `!${resumesAt}`;
          // Told again by the next connection, as nothing has followed it yet.
          if (mark === gapMark) return undefined;
          gapMark = mark;
          if (reason === "reset" || reason === "unknown-cursor") last = undefined;
        }
        if (!isReserved || type === GAP_EVENT_TYPE || type === END_EVENT_TYPE) {
          const place = isOurs || !at?.epoch ? at?.id : undefined;
          events.push({ type, id: place, lastEventId: cursor, data: value });
        }
      } catch (cause) {
        onError(new SSETargetError("invalid-event", `event ${id} cannot be read`, { cause }));
      }
      return events;
    },
  };
}

/** Whether it is surely a cursor: with digits alone behind the dot it may be a number of some other kind. */
function isSure(cursor: Cursor | undefined): boolean {
  return /\D/.test(cursor?.epoch ?? "");
}

/** A cursor that names no history is taken to be of the one that is at hand. */
function isSameHistory(a: Cursor, b: Cursor): boolean {
  return (a.epoch ?? b.epoch) === (b.epoch ?? a.epoch);
}

/** Whether one position is the other, or surely after it. Ids alone say nothing: another history may have come to be since. */
export function isAtLeast(position: string, other: string): boolean {
  const a = parseCursor(position);
  const b = parseCursor(other);
  return position === other || (!!a?.epoch && a.epoch === b?.epoch && a.id >= b.id);
}
