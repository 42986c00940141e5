import { reviveEvent, type EventRecord, type StreamEvent, type StoredEvent } from "../../event/event.ts";
import type { PageLimits } from "../../store/event-log.ts";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { DatabaseFile } from "./database-file.ts";
import { prepareStatement, type SqliteDatabase, type SqliteStatement } from "./sqlite-database.ts";
import { EVENT_COLUMNS, SELECT_STREAM, createTables, type StreamRow } from "./sqlite-schema.ts";

/** Does nothing if the stream has another event with this id by now (or had, and was trimmed), or has been deleted. */
const INSERT_ALONE = `INSERT OR IGNORE INTO ssetarget_events (${EVENT_COLUMNS})
  SELECT stream_id, ?, ?, NULL, ?, ?, ? FROM ssetarget_streams WHERE stream_id = ? AND epoch = ? AND first_id = ?`;
/** One statement, so that it is one look: the number of a deleted stream may be another stream's a moment later. */
const SELECT_EVENTS = `
  SELECT e.id, e.type, e.text FROM ssetarget_streams s JOIN ssetarget_events e ON e.stream_id = s.stream_id
  WHERE s.name = ? AND e.id > ? ORDER BY e.id LIMIT ?`;
const MAX_NAMES = 1_000;
const MAX_KNOWN_ROWS = 10_000;

/** The tables of one file, in SQL. Everything here is synchronous. */
export class SqliteHistory {
  readonly #database: SqliteDatabase;
  readonly #file: DatabaseFile;
  readonly #statements = new Map<string, SqliteStatement>();
  readonly #insertion: SqliteStatement;
  /** Rows as this process wrote them last. They are true as long as no other connection has written to the file. */
  readonly #rows = new Map<string, StreamRow>();
  #seenVersion = -1;
  #isClosed = false;

  /**
   * @param onLost is called once, when the file is found to be gone
   * @throws SSETargetError `store-unavailable` if the file has tables of another version
   */
  constructor(database: SqliteDatabase, onLost: ErrorListener) {
    this.#database = database;
    createTables(database);
    this.#insertion = this.#statement(`INSERT INTO ssetarget_events (${EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#file = new DatabaseFile(database, onLost);
  }

  /** @throws SSETargetError `store-unavailable` if the file is no longer there, `closed` */
  checkFile(): void {
    this.#checkOpen();
    this.#file.check();
  }

  /** Refuses everything from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Runs `work` in a transaction that other processes wait for. If it throws, everything is rolled back. */
  transaction<T>(work: () => T): T {
    this.#checkOpen();
    this.#run("BEGIN IMMEDIATE");
    try {
      this.#dropStaleRows();
      const result = work();
      // As late as possible: what is acknowledged was written to a file that was there.
      this.#file.check();
      this.#run("COMMIT");
      return result;
    } catch (error) {
      this.#rows.clear();
      try {
        this.#run("ROLLBACK");
      } catch {
        // SQLite has already rolled back, as it does when the disk is full.
      }
      throw error;
    }
  }

  /** A number that changes when another connection has written to the file. */
  dataVersion(): number {
    return this.#get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0;
  }

  /** The stream as it is now. */
  stream(name: string): StreamRow | undefined {
    this.checkFile();
    return this.#get<StreamRow>(`${SELECT_STREAM} WHERE s.name = ?`, name);
  }

  /** {@link stream} within a transaction, while no other process can write. */
  ownStream(name: string): StreamRow | undefined {
    return this.#rows.get(name) ?? this.stream(name);
  }

  createStream(name: string, epoch: string, nowMs: number): StreamRow {
    this.#run(
      "INSERT INTO ssetarget_streams (name, epoch, first_id, last_id, completed, total, base_total, oldest_ms, newest_ms) VALUES (?, ?, 1, 0, 0, 0, 0, ?, ?)",
      name,
      epoch,
      nowMs,
      nowMs,
    );
    return this.stream(name) as StreamRow;
  }

  /** The row after a transaction that appended to the stream. */
  remember(row: StreamRow): void {
    if (this.#rows.size >= MAX_KNOWN_ROWS) this.#rows.clear();
    this.#rows.set(row.name, row);
  }

  /** @param row the row as it is with the event */
  insertEvent(row: StreamRow, { id, type, key }: StoredEvent<StreamEvent>, text: string): void {
    this.#insertion.run(row.stream_id, id, type, key ?? null, text, row.total, row.newest_ms);
  }

  /** The row of a stream as this process wrote it last. Others may have changed it since. */
  knownStream(name: string): StreamRow | undefined {
    return this.#rows.get(name);
  }

  /**
   * Stores one event without a key in one statement, which is its own transaction.
   *
   * @param row the row as it is with the event
   * @returns whether it was stored: not if another process was faster, or if the application's transaction is open
   */
  insertAlone(row: StreamRow, type: string, text: string): boolean {
    if (this.#database.isTransaction === true || this.#database.inTransaction === true) return false;
    const { changes } = this.#statement(INSERT_ALONE).run(
      row.last_id,
      type,
      text,
      row.total,
      row.newest_ms,
      row.stream_id,
      row.epoch,
      row.first_id,
    );
    if (Number(changes) !== 1) return false;
    this.#file.check();
    this.#rows.set(row.name, row);
    return true;
  }

  eventByKey<E extends StreamEvent>(streamId: number, key: string): StoredEvent<E> | undefined {
    const row = this.#get<EventRecord>(
      "SELECT id, type, text FROM ssetarget_events WHERE stream_id = ? AND key = ?",
      streamId,
      key,
    );
    return row === undefined ? undefined : reviveEvent<E>(row);
  }

  /** The events after an id. Rows are read one by one, so what lies beyond the limits is never in memory. */
  events<E extends StreamEvent>(name: string, afterId: number, limits: PageLimits): StoredEvent<E>[] {
    this.checkFile();
    const events: StoredEvent<E>[] = [];
    let bytes = 0;
    const rows = this.#statement(SELECT_EVENTS).iterate(name, afterId, limits.maxEvents) as Iterable<EventRecord>;
    for (const row of rows) {
      bytes += row.text.length;
      if (events.length > 0 && bytes > limits.maxBytes) break;
      events.push(reviveEvent<E>(row));
    }
    return events;
  }

  /** Names of streams that hold events. Those with the prefix follow one another, for SQLite compares bytes. */
  names(prefix: string, afterName: string): { readonly names: readonly string[]; readonly next?: string } {
    this.checkFile();
    const [comparison, bound] = afterName === "" ? [">=", prefix] : [">", afterName];
    const select = this.#statement(
      `SELECT name FROM ssetarget_streams s WHERE name ${comparison} ?
        AND EXISTS (SELECT 1 FROM ssetarget_events e WHERE e.stream_id = s.stream_id) ORDER BY name LIMIT ?`,
    );
    const rows = [...select.iterate(bound, MAX_NAMES)] as { name: string }[];
    const names = rows.map(({ name }) => name).filter((name) => name.startsWith(prefix));
    const last = names.at(-1);
    return names.length < MAX_NAMES || last === undefined ? { names } : { names, next: last };
  }

  /** Drops everything before an id. Returns the row afterwards. */
  trim(row: StreamRow, beforeId: number): StreamRow {
    const upTo = Math.min(beforeId, row.last_id + 1);
    if (upTo <= row.first_id) return row;
    const gone = this.#get<{ total: number }>(
      "SELECT total FROM ssetarget_events WHERE stream_id = ? AND id = ?",
      row.stream_id,
      upTo - 1,
    );
    this.#run("DELETE FROM ssetarget_events WHERE stream_id = ? AND id < ?", row.stream_id, upTo);
    const oldest = this.#get<{ time_ms: number }>(
      "SELECT time_ms FROM ssetarget_events WHERE stream_id = ? AND id = ?",
      row.stream_id,
      upTo,
    );
    const trimmed = {
      ...row,
      first_id: upTo,
      base_total: gone?.total ?? row.total,
      oldest_ms: oldest?.time_ms ?? row.newest_ms,
    };
    this.#run(
      "UPDATE ssetarget_streams SET first_id = ?, last_id = ?, completed = ?, total = ?, base_total = ?, oldest_ms = ?, newest_ms = ? WHERE stream_id = ?",
      trimmed.first_id,
      trimmed.last_id,
      trimmed.completed,
      trimmed.total,
      trimmed.base_total,
      trimmed.oldest_ms,
      trimmed.newest_ms,
      trimmed.stream_id,
    );
    this.remember(trimmed);
    return trimmed;
  }

  /** The first id to retain so that no more than `maxBytes` are. The newest event is always retained. */
  firstIdWithin(row: StreamRow, maxBytes: number): number {
    const found = this.#get<{ id: number | null }>(
      "SELECT min(id) AS id FROM ssetarget_events WHERE stream_id = ? AND total - length(text) >= ?",
      row.stream_id,
      row.total - maxBytes,
    );
    return Math.min(found?.id ?? row.last_id, row.last_id);
  }

  /** The first id that was stored at or after a time; `last_id + 1` if none was. */
  firstIdSince(row: StreamRow, sinceMs: number): number {
    const found = this.#get<{ id: number | null }>(
      "SELECT min(id) AS id FROM ssetarget_events WHERE stream_id = ? AND time_ms >= ?",
      row.stream_id,
      sinceMs,
    );
    return found?.id ?? row.last_id + 1;
  }

  /** Streams with an event from before a time. */
  streamsOlderThan(beforeMs: number): StreamRow[] {
    return [...this.#statement(`${SELECT_STREAM} WHERE s.oldest_ms < ? LIMIT 1000`).iterate(beforeMs)] as StreamRow[];
  }

  deleteStream({ stream_id, name }: StreamRow): void {
    this.#rows.delete(name);
    this.#run("DELETE FROM ssetarget_events WHERE stream_id = ?", stream_id);
    this.#run("DELETE FROM ssetarget_streams WHERE stream_id = ?", stream_id);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the storage has been closed");
  }

  #dropStaleRows(): void {
    const version = this.dataVersion();
    if (version !== this.#seenVersion) this.#rows.clear();
    this.#seenVersion = version;
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = prepareStatement(this.#database, sql)));
    return statement;
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- The caller knows the columns it selects.
  #get<T>(sql: string, ...values: readonly (string | number | null)[]): T | undefined {
    return this.#statement(sql).get(...values) as T | undefined;
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#statement(sql).run(...values);
  }
}
