import {
  END_EVENT_TYPE,
  dataText,
  reviveEvent,
  snapshotEvent,
  withId,
  type StreamEvent,
  type StoredEvent,
} from "../event/event.ts";
import type { EventBounds, EventLog, LogListener, LogWatch, PageLimits } from "../store/event-log.ts";
import { LogListeners } from "../store/log-listeners.ts";
import { streamCompleted } from "../util/errors.ts";
import { randomId } from "../util/random-id.ts";

/** One row of the history. A type and not an interface, because `sql.exec` asks for an index signature. */
type EventRow = { id: number; type: string; text: string };

/**
 * Keeps one stream in the SQLite of a Durable Object.
 *
 * The tables are created with the first event, so reading an object that holds nothing writes nothing. A key is known as
 * long as its event is retained. Everything inside is synchronous, so concurrent calls cannot interleave, and the object's
 * output gate keeps an event from being seen before it is on disk.
 *
 * @see https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
 */
export class DurableObjectEventStore<E extends StreamEvent> implements EventLog<E> {
  readonly isLocal = true;
  readonly #storage: DurableObjectStorage;
  readonly #listeners = new LogListeners<E>();
  #hasTables: boolean;
  #epoch: string;
  #lastId = 0;
  #completed = false;

  /** @param storage - the storage of an object whose class is in `new_sqlite_classes`. It is read, and not written. */
  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasTables =
      storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ssetarget_events'").toArray()
        .length > 0;
    this.#epoch = this.getMeta("epoch") ?? randomId();
    if (!this.#hasTables) return;
    const [last] = this.#select("ORDER BY id DESC LIMIT 1");
    // The event with the greatest id may be gone: trimmed, or the end of a stream that was reopened.
    this.#lastId = Math.max(last?.id ?? 0, Number(this.getMeta("last_id") ?? 0));
    this.#completed = last?.type === END_EVENT_TYPE;
  }

  /** Whether nothing is stored here, not even what is left of a trimmed history. */
  get isEmpty(): boolean {
    return !this.#hasTables;
  }

  get isCompleted(): boolean {
    return this.#completed;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`; stores nothing then */
  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    const snapshots = events.map((event) => snapshotEvent(event));
    if (snapshots.length === 0) return [];
    const before = { lastId: this.#lastId, completed: this.#completed, hasTables: this.#hasTables };
    const fresh: StoredEvent<E>[] = [];
    let stored: readonly StoredEvent<E>[];
    try {
      stored = this.#storage.transactionSync(() => {
        this.#createTables();
        return snapshots.map((event) => this.#store(event, fresh));
      });
    } catch (error) {
      this.#lastId = before.lastId;
      this.#completed = before.completed;
      this.#hasTables = before.hasTables;
      throw error;
    }
    if (fresh.length > 0) this.#listeners.appended({ afterId: before.lastId, events: fresh, epoch: this.#epoch });
    return stored;
  }

  async read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    if (!this.#hasTables) return [];
    const events: StoredEvent<E>[] = [];
    let bytes = 0;
    // The cursor reads row by row, so what lies beyond the byte limit is never in memory.
    const rows = this.#storage.sql.exec<EventRow>(
      "SELECT id, type, data AS text FROM ssetarget_events WHERE id > ? ORDER BY id LIMIT ?",
      afterId,
      limits.maxEvents,
    );
    for (const row of rows) {
      bytes += row.text.length;
      if (events.length > 0 && bytes > limits.maxBytes) break;
      events.push(revive<E>(row));
    }
    return events;
  }

  async bounds(): Promise<EventBounds> {
    const [first] = this.#select("ORDER BY id LIMIT 1");
    return {
      firstId: first?.id ?? this.#lastId + 1,
      lastId: this.#lastId,
      epoch: this.#epoch,
      completed: this.#completed,
      refusesBareIds: true,
    };
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    return this.#listeners.add(listener);
  }

  /** The retained event with this key. */
  findByKey(key: string): StoredEvent<E> | undefined {
    const [row] = this.#select("WHERE key = ?", key);
    return row === undefined ? undefined : revive<E>(row);
  }

  async trim(beforeId: number): Promise<void> {
    if (!this.#hasTables) return;
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("DELETE FROM ssetarget_events WHERE id < ?", beforeId);
      this.setMeta("last_id", String(this.#lastId));
    });
    this.#listeners.changed();
  }

  /**
   * Drops the end of a completed stream, so that it can continue. The end's id is not assigned again: a client that has
   * seen the end and reconnects continues after it.
   */
  reopen(): void {
    if (!this.#completed) return;
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("DELETE FROM ssetarget_events WHERE id = ?", this.#lastId);
      this.setMeta("last_id", String(this.#lastId));
    });
    this.#completed = false;
    this.#listeners.changed();
  }

  /** Drops everything in the object's storage, tables and epoch included. */
  async delete(): Promise<void> {
    await this.#storage.deleteAll();
    this.#hasTables = false;
    this.#epoch = randomId();
    this.#lastId = 0;
    this.#completed = false;
    this.#listeners.changed();
  }

  /** A small value stored beside the events. */
  getMeta(name: string): string | undefined {
    if (!this.#hasTables) return undefined;
    const [row] = this.#storage.sql
      .exec<{ value: string }>("SELECT value FROM ssetarget_meta WHERE name = ?", name)
      .toArray();
    return row?.value;
  }

  /** Stores a small value beside the events; `undefined` removes it. Ignored while nothing has been stored. */
  setMeta(name: string, value: string | undefined): void {
    if (!this.#hasTables || this.getMeta(name) === value) return;
    if (value === undefined) this.#storage.sql.exec("DELETE FROM ssetarget_meta WHERE name = ?", name);
    else this.#storage.sql.exec("INSERT OR REPLACE INTO ssetarget_meta (name, value) VALUES (?, ?)", name, value);
  }

  #store(event: E, fresh: StoredEvent<E>[]): StoredEvent<E> {
    const known = event.key === undefined ? undefined : this.findByKey(event.key);
    if (known !== undefined) return known;
    if (this.#completed) {
      throw streamCompleted();
    }
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

  #select(clause: string, ...bindings: readonly SqlStorageValue[]): EventRow[] {
    if (!this.#hasTables) return [];
    return this.#storage.sql
      .exec<EventRow>(`SELECT id, type, data AS text FROM ssetarget_events ${clause}`, ...bindings)
      .toArray();
  }

  #createTables(): void {
    if (this.#hasTables) return;
    this.#storage.sql.exec(
      `CREATE TABLE ssetarget_events (id INTEGER PRIMARY KEY, type TEXT NOT NULL, key TEXT UNIQUE, data TEXT NOT NULL);
       CREATE TABLE ssetarget_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
       INSERT INTO ssetarget_meta (name, value) VALUES ('schema', '1'), ('epoch', '${this.#epoch}');`,
    );
    this.#hasTables = true;
  }
}

function revive<E extends StreamEvent>({ id, type, text }: EventRow): StoredEvent<E> {
  return reviveEvent<E>({ id, type, key: undefined, text });
}
