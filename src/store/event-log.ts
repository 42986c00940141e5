import type { StreamEvent, StoredEvent } from "../event/event.ts";

/**
 * The smallest store: two methods, as an application may write it itself. Everything that it lacks is made up for by
 * `EventStoreLog`, as far as two methods can carry it.
 *
 * - `storeEvent` assigns the event an id greater than all earlier ones in the stream: 1, 2, 3 … without holes if the
 *   engine can. Once it has resolved, every later `getEvents` returns the event.
 * - `getEvents(afterId)` returns all retained events whose id is greater than `afterId`, in ascending order.
 *
 * Such a store must be written to by one process only.
 */
export interface EventStore<E extends StreamEvent> {
  storeEvent(event: E): Promise<StoredEvent<E>>;
  getEvents(afterId: number): Promise<readonly StoredEvent<E>[]>;
  /** Releases what the store holds. Idempotent. */
  close?(): Promise<void>;
}

/**
 * The whole contract: the ordered events of one stream, shared by any number of processes.
 *
 * A log stores, reads and reports that something was appended. Continuity is not its business: the feed compares what it
 * is notified of with what it already has, and reads whatever is missing.
 */
export interface EventLog<E extends StreamEvent> {
  /**
   * Whether every change goes through this object, so that no notification is ever lost. The feed then never checks on
   * its own. @defaultValue false
   */
  readonly isLocal?: boolean;
  /**
   * Stores events in the given order and returns them in that order, each with its id. Ids are strictly increasing per
   * stream, and an id is visible only when all smaller ones are. After it resolves, every read sees the events.
   * An event whose `key` is retained is not stored again; the retained event is returned instead.
   * Several events are stored all or none, next to one another, if the engine can.
   *
   * @throws SSETargetError (as a rejection) `stream-completed` for a new event after `ssetarget:end`,
   *   `unserializable-data`, `invalid-key`, `invalid-type`, `store-unavailable`, `closed`
   */
  append(events: readonly E[]): Promise<readonly StoredEvent<E>[]>;
  /** The first retained events after `afterId`, ascending, in one consistent look; empty if there are none. */
  read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]>;
  /** The extent of the retained history. Calling it stores nothing. */
  bounds(): Promise<EventBounds>;
  /**
   * Notifies the listener of everything that is appended or changed after the promise resolves, whichever process did it.
   * It may notify too often, repeatedly and with overlaps. A lost notification costs latency (20 s at most), never an
   * event: the feed also checks the bounds of quiet streams every 5 to 10 s.
   *
   * The log mends its own connection, and calls `changed` when it has.
   */
  watch(listener: LogListener<E>): Promise<LogWatch>;
  /** Drops every event whose id is smaller than `beforeId`. Ids continue, the epoch stays, and watchers get `changed`. */
  trim?(beforeId: number): Promise<void>;
  /** Drops the whole stream, its keys and its end. What is appended next has another epoch. Watchers get `changed`. */
  delete?(): Promise<void>;
  /** Releases what the log holds. Idempotent. Nothing is notified afterwards; other calls reject with `closed`. */
  close?(): Promise<void>;
}

/** How much of the history a page may hold. It ends at whichever limit is reached first. */
export interface PageLimits {
  /** In events, at least 1. */
  readonly maxEvents: number;
  /** In bytes of the events' JSON, approximately; a page holds at least one event even if that is larger. */
  readonly maxBytes: number;
}

/** What a log reports. Neither method throws, and both may be called synchronously during an `append`. */
export interface LogListener<E extends StreamEvent> {
  /** Something was appended. */
  appended(notice: AppendNotice<E>): void;
  /** Anything else happened, or the log cannot tell: trimmed, deleted, another epoch, a connection that was mended. */
  changed(): void;
}

/** Events that have become visible. */
export interface AppendNotice<E extends StreamEvent> {
  /** The id of the last event before the new ones, or any smaller id from which on `events` leaves nothing out. */
  readonly afterId: number;
  /** Every event after `afterId` up to the last of these, ascending. Without them the feed reads. */
  readonly events?: readonly StoredEvent<E>[] | undefined;
  /** The epoch that the events belong to, as in the bounds. Undefined only if the log has none. */
  readonly epoch: string | undefined;
}

/** A listener's registration. */
export interface LogWatch {
  /** Idempotent. Nothing is notified after it. */
  close(): void;
  /**
   * Called when the feed found events that it had not been notified of. If notifications travel over a connection, that
   * connection may be of no use anymore.
   */
  missed?(): void;
}

/** The extent of the retained history. */
export interface EventBounds {
  /**
   * Every event from this id on is retained: 1 until something is dropped, then usually the smallest retained id;
   * `lastId + 1` if nothing is retained.
   */
  readonly firstId: number;
  /** The greatest id ever assigned in this epoch; 0 before the first. */
  readonly lastId: number;
  /**
   * Names this history: letters, digits, `_` and `-`, at most 64. It changes when any part of the history's end was lost.
   * No other history may have it, not even a part of this one (such as what one user may see of it): clients would take
   * the two for the same. May be absent while nothing is stored.
   */
  readonly epoch?: string;
  /** Whether the last event is `ssetarget:end`. */
  readonly completed: boolean;
  /**
   * `false` if the log deliberately keeps no events: a client without a cursor starts at what is new, and that is no gap.
   * @defaultValue true
   */
  readonly keepsEvents?: boolean;
  /**
   * Whether a cursor without an epoch belongs to another history. True for logs that took over the events of a program
   * with such ids: its clients would otherwise silently skip that many events. @defaultValue false
   */
  readonly refusesBareIds?: boolean;
}

/** The streams of one database, file or connection. */
export interface EventStorage<E extends StreamEvent> {
  /** The stream of this name. Calling it stores nothing. */
  stream(name: string): EventLog<E> | EventStore<E>;
  /**
   * Names of the streams that hold events and start with `prefix`, in pages. `next` continues behind the page when passed
   * as `cursor`; it is absent on the last page. Streams that come or go in between may be missing or listed.
   */
  list?(prefix: string, cursor?: string): Promise<{ readonly names: readonly string[]; readonly next?: string }>;
}
