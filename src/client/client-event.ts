import type { END_EVENT_TYPE, EndData, GAP_EVENT_TYPE, GapData, ServerSentEvent, StoredEvent } from "../event.ts";

/** History is missing, or begins anew: `reason` says which. PROTOCOL.md, section 6, says what to do with each. */
export interface GapEvent extends GapData {
  readonly type: typeof GAP_EVENT_TYPE;
}

/** The stream has ended; nothing follows. */
export interface EndEvent extends EndData {
  readonly type: typeof END_EVENT_TYPE;
  readonly id: number;
}

/** The form of events where nobody has said more of them. */
export type UnknownEvent = ServerSentEvent & { readonly [field: string]: unknown };

/** Everything that a connection hands over, discriminated by `type`. */
export type ClientEvent<E extends ServerSentEvent> = (E extends unknown ? StoredEvent<E> : never) | GapEvent | EndEvent;

/** What can be listened to: an event's type, or `"*"` for all of them. */
export type ClientEventType<E extends ServerSentEvent> = E["type"] | ClientEvent<E>["type"] | "*";

/** The events that a listener for this type is called with. */
export type ClientEventOf<E extends ServerSentEvent, T> = T extends "*"
  ? ClientEvent<E>
  : T extends typeof GAP_EVENT_TYPE
    ? GapEvent
    : T extends typeof END_EVENT_TYPE
      ? EndEvent
      : StoredEvent<[Extract<E, { readonly type: T }>] extends [never] ? E : Extract<E, { readonly type: T }>>;

/** An event as it came over the wire, or over a channel from another tab. */
export interface WireMessage {
  /** The text of its `id:`; undefined where it had none. */
  readonly id?: string;
  /** Its `event:`; `message` where it had none. */
  readonly type: string;
  /** Its `data:`; undefined where there was an `id:` and nothing else, which moves the cursor. */
  readonly data?: string;
}
