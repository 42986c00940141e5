import type { ServerSentEvent, StoredEvent } from "../event/event.ts";

/**
 * Where a stream's events are kept, and what gives them their order. These two methods are all that a store must have;
 * everything else is an optional interface below, found by its guard.
 *
 * - `storeEvent` gives each event of the stream an id, strictly greater than all before it: 1, 2, 3 … without holes
 *   wherever the engine can. Once it has resolved, every later `getEvents` sees the event.
 * - An id is visible to readers only when every smaller one is. A store that cannot promise this for concurrent calls
 *   is still safe under one process: without {@link FollowableEventStore} calls are made one at a time.
 * - `getEvents(afterId)` answers with every retained event whose id is greater than `afterId`, ascending, ids included.
 */
export interface EventStore<E extends ServerSentEvent> {
  storeEvent(event: E): Promise<StoredEvent<E>>;
  getEvents(afterId: number): Promise<readonly StoredEvent<E>[]>;
}

/** A store that appends many events at once: all of them or none, in the order given, next to one another. */
export interface AppendableEventStore<E extends ServerSentEvent> {
  /** Answers with the stored events in the order given; a known key is answered with the event stored for it. */
  storeEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]>;
}

/** How much of the history one page may hold. Reaching either limit ends the page. */
export interface PageLimits {
  /** In events, at least 1. */
  readonly maxEvents: number;
  /** In bytes of the events' JSON, approximately; a page holds at least one event even if that is larger. */
  readonly maxBytes: number;
}

/** A store that reads its history in pages, so that a long one is never in memory whole. */
export interface PageableEventStore<E extends ServerSentEvent> {
  /** The first events after `afterId`, ascending, as one consistent look at the history; empty where there are none. */
  getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]>;
}

/** What a store tells those who follow it. Neither method may throw. */
export interface EventFollower<E extends ServerSentEvent> {
  /**
   * Events that have become visible, in order, none left out and none twice. `epoch`: the history they belong to, from
   * a store that names its histories and does not do so before a stream's first event.
   */
  onEvents(events: readonly StoredEvent<E>[], epoch?: string): void;
  /**
   * Continuity can no longer be promised (the history was lost or trimmed past this follower, its epoch changed).
   * What follows goes on from wherever the store is now; the follower reads the bounds anew.
   */
  onInterrupted(): void;
}

/** An open subscription. `close` is idempotent; nothing is delivered after it. */
export interface EventSubscription {
  close(): void;
}

/** A store that says what is appended to it, whichever process appended it. */
export interface FollowableEventStore<E extends ServerSentEvent> {
  /**
   * Delivers every event after `afterId`, first those that are there and then those that come, without a hole between.
   * The store mends its own connection; where it cannot do so without loss it calls `onInterrupted`.
   */
  subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription>;
}

/** The extent of what a store retains. */
export interface EventBounds {
  /**
   * Every event from this id on is retained: 1 until something is forgotten, then mostly the smallest retained id;
   * `lastId + 1` where nothing is retained.
   */
  readonly firstId: number;
  /** The greatest id ever assigned in this epoch; 0 before the first. */
  readonly lastId: number;
  /**
   * Names this history: letters, digits, `_` and `-`, at most 64. Changes when the history was lost, even the end of it.
   * No other history may have it, not even a part of this one (what one user may see of it): clients take the two for the same.
   * May be absent as long as nothing has been stored; `onEvents` then tells it.
   */
  readonly epoch?: string;
  /** Whether the last event is `ssetarget:end`. */
  readonly completed: boolean;
  /**
   * `false` from a store that keeps no events on purpose: a client that brings no cursor begins with what is new, and has missed
   * nothing. @defaultValue true
   */
  readonly keepsEvents?: boolean;
  /**
   * Whether a cursor without an epoch is one of another history. True for stores that follow a program which gave such ids:
   * its clients would otherwise skip as many events of this history in silence. @defaultValue false
   */
  readonly refusesBareIds?: boolean;
}

/**
 * A store that knows the extent of its history, so that what was trimmed or lost is told and never guessed.
 * Such a store also refuses appends to a completed stream, with `stream-completed`.
 */
export interface BoundedEventStore {
  getBounds(): Promise<EventBounds>;
}

/** A store that can forget its oldest events. */
export interface TrimmableEventStore {
  /** Forgets every event whose id is smaller than `beforeId`. */
  trim(beforeId: number): Promise<void>;
}

/** A store that keeps events with a `key` once: `storeEvent` answers a repeat with the event that is already there. */
export interface KeyedEventStore<E extends ServerSentEvent> {
  /** The retained event with this key, if there is one. */
  getEventByKey(key: string): Promise<StoredEvent<E> | undefined>;
}

/** A store that holds resources of its own. `close` is idempotent. */
export interface ClosableEventStore {
  close(): Promise<void>;
}

/** Stores of many streams, in one file or behind one connection. */
export interface EventStores<E extends ServerSentEvent> {
  /** The store of the stream of this name. Asking stores nothing. */
  stream(name: string): EventStore<E>;
}

function has(store: object, method: string): boolean {
  return typeof (store as Readonly<Record<string, unknown>>)[method] === "function";
}

export function isAppendable<E extends ServerSentEvent>(
  store: EventStore<E>,
): store is EventStore<E> & AppendableEventStore<E> {
  return has(store, "storeEvents");
}

export function isPageable<E extends ServerSentEvent>(
  store: EventStore<E>,
): store is EventStore<E> & PageableEventStore<E> {
  return has(store, "getEventsPage");
}

export function isFollowable<E extends ServerSentEvent>(
  store: EventStore<E>,
): store is EventStore<E> & FollowableEventStore<E> {
  return has(store, "subscribe");
}

export function isBounded<E extends ServerSentEvent>(store: EventStore<E>): store is EventStore<E> & BoundedEventStore {
  return has(store, "getBounds");
}

export function isTrimmable<E extends ServerSentEvent>(
  store: EventStore<E>,
): store is EventStore<E> & TrimmableEventStore {
  return has(store, "trim");
}

export function isKeyed<E extends ServerSentEvent>(store: EventStore<E>): store is EventStore<E> & KeyedEventStore<E> {
  return has(store, "getEventByKey");
}

export function isClosable<E extends ServerSentEvent>(
  store: EventStore<E>,
): store is EventStore<E> & ClosableEventStore {
  return has(store, "close");
}
