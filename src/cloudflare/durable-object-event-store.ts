import {
  END_EVENT_TYPE,
  dataText,
  isWellFormed,
  snapshotEvent,
  withId,
  type StreamEvent,
  type StoredEvent,
} from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import {
  Followers,
  type AppendableEventStore,
  type BoundedEventStore,
  type EventBounds,
  type EventFollower,
  type EventStore,
  type EventSubscription,
  type FollowableEventStore,
  type KeyedEventStore,
  type PageableEventStore,
  type PageLimits,
  type TrimmableEventStore,
} from "../store/followable-store.ts";
import { randomId } from "../util/random-id.ts";

/** One row of the history. A type and not an interface, because `sql.exec` asks for an index signature. */
type EventRow = { id: number; type: string; data: string };

/**
 * Keeps one stream in the SQLite of a Durable Object.
 *
 * The tables are made with the first event, so that looking at an object that holds nothing writes nothing.
 * A key is remembered as long as its event is retained. All of it is synchronous inside, so concurrent calls cannot
 * interleave, and the object's output gate keeps an event from being seen before it is on disk.
 * @see https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
 */
export class DurableObjectEventStore<E extends StreamEvent>
  implements
    EventStore<E>,
    AppendableEventStore<E>,
    PageableEventStore<E>,
    FollowableEventStore<E>,
    BoundedEventStore,
    TrimmableEventStore,
    KeyedEventStore<E>
{
  readonly #storage: DurableObjectStorage;
  readonly #followers = new Followers<E>();
  #hasTables: boolean;
  #epoch: string;
  #lastId = 0;
  #completed = false;

  /** @param storage - the storage of an object whose class is in `new_sqlite_classes`. Reads, and writes nothing. */
  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasTables =
      storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ssetarget_events'").toArray()
        .length > 0;
    this.#epoch = this.getMeta("epoch") ?? randomId();
    if (!this.#hasTables) return;
    const [last] = this.#select("ORDER BY id DESC LIMIT 1");
    // The greatest id may belong to an event that is no longer there: trimmed, or the end of a stream that was reopened.
    this.#lastId = Math.max(last?.id ?? 0, Number(this.getMeta("last_id") ?? 0));
    this.#completed = last?.type === END_EVENT_TYPE;
  }

  /** Whether anything has ever been stored here (and not been wiped since). */
  get isEmpty(): boolean {
    return !this.#hasTables;
  }

  get isCompleted(): boolean {
    return this.#completed;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data` */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    return (await this.storeEvents([event]))[0] as StoredEvent<E>;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`; nothing is stored then */
  async storeEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    const snapshots = events.map((event) => snapshotEvent(event));
    if (snapshots.length === 0) return [];
    const before = { lastId: this.#lastId, completed: this.#completed, hasTables: this.#hasTables };
    const fresh: StoredEvent<E>[] = [];
    let answers: readonly StoredEvent<E>[];
    try {
      answers = this.#storage.transactionSync(() => {
        this.#makeTables();
        return snapshots.map((event) => this.#store(event, fresh));
      });
    } catch (error) {
      this.#lastId = before.lastId;
      this.#completed = before.completed;
      this.#hasTables = before.hasTables;
      throw error;
    }
    this.#followers.tell(fresh);
    return answers;
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.#readAfter(afterId);
  }

  async getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    return this.#readAfter(afterId, limits);
  }

  async subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    // No await in here: an event stored between the look and the subscription would be lost.
    if (afterId > this.#lastId || (afterId < this.#lastId && afterId + 1 < this.#firstId())) follower.onInterrupted();
    const earlier = this.#readAfter(afterId);
    if (earlier.length > 0) follower.onEvents(earlier);
    return this.#followers.add(follower);
  }

  async getBounds(): Promise<EventBounds> {
    return {
      firstId: this.#firstId(),
      lastId: this.#lastId,
      epoch: this.#epoch,
      completed: this.#completed,
      refusesBareIds: true,
    };
  }

  async getEventByKey(key: string): Promise<StoredEvent<E> | undefined> {
    // SQLite would look for another key in its place.
    return isWellFormed(key) ? this.findByKey(key) : undefined;
  }

  /** {@link getEventByKey} without the wait. */
  findByKey(key: string): StoredEvent<E> | undefined {
    const [row] = this.#select("WHERE key = ?", key);
    return row === undefined ? undefined : parseRow<E>(row);
  }

  async trim(beforeId: number): Promise<void> {
    if (!this.#hasTables) return;
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("DELETE FROM ssetarget_events WHERE id < ?", beforeId);
      this.setMeta("last_id", String(this.#lastId));
    });
  }

  /**
   * Takes back the end of a completed stream, so that it can go on. The id of the end is not given again: a client that
   * has seen the end and comes back continues behind it. Feeds over this store must be made anew.
   */
  reopen(): void {
    if (!this.#completed) return;
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("DELETE FROM ssetarget_events WHERE id = ?", this.#lastId);
      this.setMeta("last_id", String(this.#lastId));
    });
    this.#completed = false;
  }

  /** Forgets everything, tables and epoch included. Feeds over this store must be made anew. */
  async wipe(): Promise<void> {
    await this.#storage.deleteAll();
    this.#hasTables = false;
    this.#epoch = randomId();
    this.#lastId = 0;
    this.#completed = false;
  }

  /** A small value kept beside the events. */
  getMeta(name: string): string | undefined {
    if (!this.#hasTables) return undefined;
    const [row] = this.#storage.sql
      .exec<{ value: string }>("SELECT value FROM ssetarget_meta WHERE name = ?", name)
      .toArray();
    return row?.value;
  }

  /** Keeps a small value beside the events, `undefined` removes it. Ignored while nothing has been stored. */
  setMeta(name: string, value: string | undefined): void {
    if (!this.#hasTables || this.getMeta(name) === value) return;
    if (value === undefined) this.#storage.sql.exec("DELETE FROM ssetarget_meta WHERE name = ?", name);
    else this.#storage.sql.exec("INSERT OR REPLACE INTO ssetarget_meta (name, value) VALUES (?, ?)", name, value);
  }

  #store(event: E, fresh: StoredEvent<E>[]): StoredEvent<E> {
    const known = event.key === undefined ? undefined : this.findByKey(event.key);
    if (known !== undefined) return known;
    if (this.#completed)
      throw new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it");
    const stored = withId(event, this.#lastId + 1);
    this.#storage.sql.exec(
      "INSERT INTO ssetarget_events (id, type, key, data) VALUES (?, ?, ?, ?)",
      stored.id,
      stored.type,
      stored.key ?? null,
      dataText(stored),
    );
    this.#lastId = stored.id;
    this.#completed = stored.type === END_EVENT_TYPE;
    fresh.push(stored);
    return stored;
  }

  #firstId(): number {
    const [first] = this.#select("ORDER BY id LIMIT 1");
    return first?.id ?? this.#lastId + 1;
  }

  #readAfter(afterId: number, limits?: PageLimits): StoredEvent<E>[] {
    if (!this.#hasTables) return [];
    const events: StoredEvent<E>[] = [];
    let bytes = 0;
    // The cursor reads row by row, so what lies beyond the byte limit is never in memory.
    const rows = this.#storage.sql.exec<EventRow>(
      "SELECT id, type, data FROM ssetarget_events WHERE id > ? ORDER BY id LIMIT ?",
      afterId,
      limits?.maxEvents ?? -1,
    );
    for (const row of rows) {
      bytes += row.data.length;
      if (limits !== undefined && events.length > 0 && bytes > limits.maxBytes) break;
      events.push(parseRow<E>(row));
    }
    return events;
  }

  #select(clause: string, ...bindings: readonly SqlStorageValue[]): EventRow[] {
    if (!this.#hasTables) return [];
    return this.#storage.sql
      .exec<EventRow>(`SELECT id, type, data FROM ssetarget_events ${clause}`, ...bindings)
      .toArray();
  }

  #makeTables(): void {
    if (this.#hasTables) return;
    this.#storage.sql.exec(
      `CREATE TABLE ssetarget_events (id INTEGER PRIMARY KEY, type TEXT NOT NULL, key TEXT UNIQUE, data TEXT NOT NULL);
       CREATE TABLE ssetarget_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
       INSERT INTO ssetarget_meta (name, value) VALUES ('schema', '1'), ('epoch', '${this.#epoch}');`,
    );
    this.#hasTables = true;
  }
}

function parseRow<E extends StreamEvent>(row: EventRow): StoredEvent<E> {
  return { ...(JSON.parse(row.data) as object), type: row.type, id: row.id } as StoredEvent<E>;
}
