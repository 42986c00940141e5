import {
  END_EVENT_TYPE,
  dataText,
  reviveEvent,
  snapshotEvent,
  withId,
  type EventRecord,
  type ServerSentEvent,
  type StoredEvent,
} from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { readOptions, wholeNumberOption } from "../util/options.ts";
import type {
  AppendableEventStore,
  BoundedEventStore,
  EventBounds,
  EventFollower,
  EventStore,
  EventSubscription,
  FollowableEventStore,
  KeyedEventStore,
  PageableEventStore,
  PageLimits,
  TrimmableEventStore,
} from "./event-store.ts";
import { Followers } from "./followers.ts";
import { randomEpoch } from "./random-epoch.ts";

export interface MemoryEventStoreOptions {
  /** The id after which this history begins: what came before it is gone, and clients are told so. @defaultValue 0 */
  readonly startAfterId?: number;
  /** How many events are kept; the oldest are forgotten first. @defaultValue 100_000 */
  readonly maxEvents?: number;
  /** How much JSON is kept, in bytes (UTF-16 code units of it, to be exact); the newest event always is. @defaultValue 67_108_864 (64 MiB) */
  readonly maxBytes?: number;
}

/**
 * Keeps events in this process. Its history is lost with the process, which is why its epoch is new every time:
 * a client that comes back after a restart is told so instead of missing events in silence.
 *
 * What is stored is a copy. A key is remembered as long as its event is retained.
 */
export class MemoryEventStore<E extends ServerSentEvent>
  implements
    EventStore<E>,
    AppendableEventStore<E>,
    PageableEventStore<E>,
    FollowableEventStore<E>,
    BoundedEventStore,
    TrimmableEventStore,
    KeyedEventStore<E>
{
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #epoch = randomEpoch();
  readonly #followers = new Followers<E>();
  readonly #keys = new Map<string, EventRecord>();
  /** Retained events, ids without holes. The first `#offset` places are forgotten ones not yet cut off. */
  #records: (EventRecord | undefined)[] = [];
  #offset = 0;
  #bytes = 0;
  #lastId = 0;
  #completed = false;

  /** @throws SSETargetError `invalid-option` */
  constructor(given?: MemoryEventStoreOptions) {
    const names = { startAfterId: true, maxEvents: true, maxBytes: true } as const;
    const options = readOptions("MemoryEventStore", given, names);
    this.#maxEvents = wholeNumberOption("maxEvents", options.maxEvents, 100_000, 1);
    this.#maxBytes = wholeNumberOption("maxBytes", options.maxBytes, 64 * 1024 * 1024, 1);
    this.#lastId = wholeNumberOption("startAfterId", options.startAfterId, 0, 0);
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data` */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    const snapshot = snapshotEvent(event);
    const known = this.#known(snapshot);
    if (known !== undefined) return known;
    const stored = this.#append(snapshot);
    this.#followers.tell([stored]);
    return stored;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`; nothing is stored then */
  async storeEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    const snapshots = events.map((event) => snapshotEvent(event));
    const end = snapshots.findIndex((event) => event.type === END_EVENT_TYPE);
    // All or nothing: what would be refused half-way is refused before anything is appended.
    if (end !== -1 && snapshots.slice(end + 1).some((event) => this.#known(event) === undefined)) refuseCompleted();
    if (this.#completed && snapshots.some((event) => this.#known(event) === undefined)) refuseCompleted();
    const fresh: StoredEvent<E>[] = [];
    const answers = snapshots.map((event) => {
      const known = this.#known(event);
      if (known !== undefined) return known;
      const stored = this.#append(event);
      fresh.push(stored);
      return stored;
    });
    this.#followers.tell(fresh);
    return answers;
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.#eventsAfter(afterId);
  }

  async getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    const page: StoredEvent<E>[] = [];
    let bytes = 0;
    for (let index = this.#indexAfter(afterId); index < this.#records.length; index++) {
      const record = this.#records[index] as EventRecord;
      bytes += record.text.length;
      if (page.length > 0 && bytes > limits.maxBytes) break;
      page.push(reviveEvent(record));
      if (page.length === limits.maxEvents) break;
    }
    return page;
  }

  async subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    // No await in here: an event stored between the look and the subscription would be lost.
    if (afterId + 1 < this.#firstId || afterId > this.#lastId) follower.onInterrupted();
    const earlier = this.#eventsAfter(afterId);
    if (earlier.length > 0) follower.onEvents(earlier);
    return this.#followers.add(follower);
  }

  async getBounds(): Promise<EventBounds> {
    return this.bounds;
  }

  /** What `getBounds` answers, at once. */
  get bounds(): EventBounds {
    return { firstId: this.#firstId, lastId: this.#lastId, epoch: this.#epoch, completed: this.#completed };
  }

  async getEventByKey(key: string): Promise<StoredEvent<E> | undefined> {
    const record = this.#keys.get(key);
    return record === undefined ? undefined : reviveEvent<E>(record);
  }

  async trim(beforeId: number): Promise<void> {
    while (this.#firstId < beforeId && this.#firstId <= this.#lastId) this.#forgetFirst();
  }

  get #firstId(): number {
    return this.#lastId - (this.#records.length - this.#offset) + 1;
  }

  #eventsAfter(afterId: number): StoredEvent<E>[] {
    return this.#records.slice(this.#indexAfter(afterId)).map((record) => reviveEvent(record as EventRecord));
  }

  #indexAfter(afterId: number): number {
    return this.#offset + Math.max(0, afterId + 1 - this.#firstId);
  }

  #known(event: E): StoredEvent<E> | undefined {
    const record = event.key === undefined ? undefined : this.#keys.get(event.key);
    return record === undefined ? undefined : reviveEvent<E>(record);
  }

  #append(snapshot: E): StoredEvent<E> {
    if (this.#completed) refuseCompleted();
    const stored = withId(snapshot, this.#lastId + 1);
    const { id, type, key } = stored;
    const record = { id, type, key, text: dataText(stored) };
    this.#lastId = id;
    this.#records.push(record);
    this.#bytes += record.text.length;
    if (key !== undefined) this.#keys.set(key, record);
    if (type === END_EVENT_TYPE) this.#completed = true;
    while (
      this.#records.length - this.#offset > this.#maxEvents ||
      (this.#bytes > this.#maxBytes && this.#firstId < this.#lastId)
    ) {
      this.#forgetFirst();
    }
    return stored;
  }

  #forgetFirst(): void {
    const forgotten = this.#records[this.#offset] as EventRecord;
    this.#records[this.#offset] = undefined;
    this.#offset++;
    this.#bytes -= forgotten.text.length;
    if (forgotten.key !== undefined) this.#keys.delete(forgotten.key);
    // Cutting off only when half is waste keeps an append O(1) on average.
    if (this.#offset > 1024 && this.#offset * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#offset);
      this.#offset = 0;
    }
  }
}

function refuseCompleted(): never {
  throw new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it");
}
