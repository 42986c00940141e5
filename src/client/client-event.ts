import type {
  DATA_FIELD,
  DataEvent,
  END_EVENT_TYPE,
  EndData,
  GAP_EVENT_TYPE,
  GapData,
  StreamEvent,
} from "../event/event.ts";

/**
 * An event as a connection hands it over, in the form of the DOM's `MessageEvent`: what the wire says of the event stands beside its
 * data, and the data is whole, also if it has a `type` or an `id` of its own.
 */
export interface ReceivedEvent<T extends string = string, D = unknown> {
  /** The text of its `event:`; `message` if it had none. */
  readonly type: T;
  /** Its place in the stream: the number of its cursor. Undefined if it has no `id:`, or one that is no cursor. */
  readonly id: number | undefined;
  /** The text of its `id:`; without one, that of the last event that had one, or empty. */
  readonly lastEventId: string;
  /** What `parse` made of its `data:`. For events of ssetarget: the event without `type` and `id`; for a `dataEvent` its value. */
  readonly data: D;
}

/** History is missing, or begins again: `data.reason` says which. PROTOCOL.md, section 6, says what to do with each. */
export type GapEvent = ReceivedEvent<typeof GAP_EVENT_TYPE, GapData>;

/** The stream has ended; nothing follows. */
export type EndEvent = ReceivedEvent<typeof END_EVENT_TYPE, EndData>;

/** The form of events if nobody has said more about them. */
export type UnknownEvent = DataEvent;

/** What an event of this form is sent as, and so its `data`. */
export type DataOf<E extends StreamEvent> = E extends { readonly [DATA_FIELD]: infer D } ? D : Omit<E, "type" | "id">;

/** Events of this form as they are handed over, discriminated by `type`. */
export type ReceivedOf<E extends StreamEvent> = E extends unknown ? ReceivedEvent<E["type"], DataOf<E>> : never;

/** Everything that a connection hands over, discriminated by `type`. */
export type ClientEvent<E extends StreamEvent> = ReceivedOf<E> | GapEvent | EndEvent;

/** What can be listened to: an event's type, or `"*"` for all of them. */
export type ClientEventType<E extends StreamEvent> = ClientEvent<E>["type"] | "*";

/** The events that a listener for this type is called with. */
export type ClientEventOf<E extends StreamEvent, T> = T extends "*"
  ? ClientEvent<E>
  : T extends typeof GAP_EVENT_TYPE
    ? GapEvent
    : T extends typeof END_EVENT_TYPE
      ? EndEvent
      : ReceivedOf<[Extract<E, { readonly type: T }>] extends [never] ? E : Extract<E, { readonly type: T }>>;

/** An event as it came over the wire, or over a channel from another tab. */
export interface WireMessage {
  /** The text of its `id:`; undefined where it had none. */
  readonly id?: string;
  /** Its `event:`; `message` where it had none. */
  readonly type: string;
  /** Its `data:`; undefined where there was an `id:` and nothing else, which moves the cursor. */
  readonly data?: string;
  /** Whether the server has named the history (`SSETarget-Stream`), so that ids are cursors. */
  readonly isOurs?: boolean;
}

/**
 * The event as it was dispatched: its data's fields with `type` and `id`, which is what a `SpanTree` takes. Data that is no object of
 * fields has none.
 */
export function toDispatched({ type, id, data }: ReceivedEvent): {
  readonly type: string;
  readonly id: number | undefined;
} {
  return { ...(data === Object(data) && !Array.isArray(data) ? (data as object) : undefined), type, id };
}
