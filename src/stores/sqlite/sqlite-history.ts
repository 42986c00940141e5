import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import {
  END_EVENT_TYPE,
  reviveEvent,
  type EventRecord,
  type ServerSentEvent,
  type StoredEvent,
} from "../../event/event.ts";
import type { PageLimits } from "../../store/followable-store.ts";
import { DatabaseFile } from "./database-file.ts";
import { prepareStatement, type SqliteDatabase, type SqliteStatement } from "./sqlite-database.ts";

/**
 * A stream as the file has it. Its row in the file is written when it is made and when something is forgotten; what
 * appends change is told by its last event, so that an append is one insert.
 */
export interface StreamRow {
  readonly stream_id: number;
  readonly name: string;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly completed: number;
  /** All JSON that was ever stored up to the last event, and before the first that is retained, in UTF-16 code units. */
  readonly total: number;
  readonly base_total: number;
  /** When its oldest retained event may have been stored, and its newest one was: milliseconds since the epoch. */
  readonly oldest_ms: number;
  readonly newest_ms: number;
}

/** Where there is a last event, that is newer than what the stream's own row says. */
const SELECT_STREAM = `
  SELECT s.stream_id, s.name, s.epoch, s.first_id, s.base_total, s.oldest_ms, coalesce(e.id, s.last_id) AS last_id,
    s.completed OR coalesce(e.type = '${END_EVENT_TYPE}', 0) AS completed,
    coalesce(e.total, s.total) AS total, coalesce(e.time_ms, s.newest_ms) AS newest_ms
  FROM ssetarget_streams s LEFT JOIN ssetarget_events e ON e.stream_id = s.stream_id
    AND e.id = (SELECT max(id) FROM ssetarget_events WHERE stream_id = s.stream_id)`;
const EVENT_COLUMNS = "stream_id, id, type, key, text, total, time_ms";
/** Does nothing where the stream has another event of this id by now (or had, and was trimmed), or has been forgotten. */
const INSERT_ALONE = `INSERT OR IGNORE INTO ssetarget_events (${EVENT_COLUMNS})
  SELECT stream_id, ?, ?, NULL, ?, ?, ? FROM ssetarget_streams WHERE stream_id = ? AND epoch = ? AND first_id = ?`;
const MAX_KNOWN_ROWS = 10_000;
const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ssetarget_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ssetarget_streams (
    stream_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
    first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, completed INTEGER NOT NULL,
    total INTEGER NOT NULL, base_total INTEGER NOT NULL, oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS ssetarget_events (
    stream_id INTEGER NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, key TEXT, text TEXT NOT NULL,
    total INTEGER NOT NULL, time_ms INTEGER NOT NULL,
    PRIMARY KEY (stream_id, id)) WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS ssetarget_keys ON ssetarget_events (stream_id, key) WHERE key IS NOT NULL;
  INSERT OR IGNORE INTO ssetarget_meta (name, value) VALUES ('schema', '${SCHEMA_VERSION}');
`;

/** The tables of one file: what is asked of them, in SQL. Everything here is synchronous. */
export class SqliteHistory {
  readonly #database: SqliteDatabase;
  readonly #file: DatabaseFile;
  readonly #statements = new Map<string, SqliteStatement>();
  readonly #insertion: SqliteStatement;
  /** Rows as this process wrote them last: true for as long as no other connection has written to the file. */
  readonly #rows = new Map<string, StreamRow>();
  #seenVersion = -1;

  /**
   * @param onLost is called once, when the file is noticed to be gone
   * @throws SSETargetError `store-unavailable` where the file has tables of a newer version
   */
  constructor(database: SqliteDatabase, onLost: ErrorListener) {
    this.#database = database;
    database.exec(SCHEMA);
    const { value } = this.#get<{ value: string }>("SELECT value FROM ssetarget_meta WHERE name = 'schema'") ?? {
      value: "none",
    };
    if (value !== String(SCHEMA_VERSION)) {
      throw new SSETargetError(
        "store-unavailable",
        `the tables of this file have the version ${value}, and this release of ssetarget knows ${SCHEMA_VERSION}; use the release that made them, or another file`,
      );
    }
    this.#insertion = this.#statement(`INSERT INTO ssetarget_events (${EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#file = new DatabaseFile(database, onLost);
  }

  /** @throws SSETargetError `store-unavailable` when the file is no longer there */
  checkFile(): void {
    this.#file.check();
  }

  /** Runs `work` in a transaction that other processes wait for; what it throws rolls everything back. */
  transaction<T>(work: () => T): T {
    this.#run("BEGIN IMMEDIATE");
    try {
      this.#forgetWhatOthersChanged();
      const result = work();
      // As late as can be: what is acknowledged was written to a file that was there.
      this.#file.check();
      this.#run("COMMIT");
      return result;
    } catch (error) {
      this.#rows.clear();
      try {
        this.#run("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      throw error;
    }
  }

  /** A number that changes when another connection has written to the file. */
  dataVersion(): number {
    return this.#get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0;
  }

  /** The stream as it is now. Every read begins with it. */
  stream(name: string): StreamRow | undefined {
    this.#file.check();
    return this.#get<StreamRow>(`${SELECT_STREAM} WHERE s.name = ?`, name);
  }

  /** {@link stream} within a transaction, where nobody else can write. */
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

  insertEvent(streamId: number, id: number, event: ServerSentEvent, text: string, total: number, nowMs: number): void {
    this.#insertion.run(streamId, id, event.type, event.key ?? null, text, total, nowMs);
  }

  /** The row of a stream as this process wrote it last; others may have changed it since. */
  knownStream(name: string): StreamRow | undefined {
    return this.#rows.get(name);
  }

  /**
   * Stores one event without a key by one statement, which is a transaction by itself: nothing is to be begun, looked up or ended.
   * @param row the row as it shall be after it
   * @returns whether it was stored; not so where another process was faster, or where somebody's transaction is open
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

  eventByKey<E extends ServerSentEvent>(streamId: number, key: string): StoredEvent<E> | undefined {
    const row = this.#get<EventRecord>(
      "SELECT id, type, text FROM ssetarget_events WHERE stream_id = ? AND key = ?",
      streamId,
      key,
    );
    return row === undefined ? undefined : reviveEvent<E>(row);
  }

  /** What follows an id; row by row, so that what lies beyond the limits is never in memory. */
  eventsAfter<E extends ServerSentEvent>(streamId: number, afterId: number, limits?: PageLimits): StoredEvent<E>[] {
    const events: StoredEvent<E>[] = [];
    let bytes = 0;
    const rows = this.#statement(
      "SELECT id, type, text FROM ssetarget_events WHERE stream_id = ? AND id > ? ORDER BY id LIMIT ?",
    ).iterate(streamId, afterId, limits?.maxEvents ?? -1) as Iterable<EventRecord>;
    for (const row of rows) {
      bytes += row.text.length;
      if (limits !== undefined && events.length > 0 && bytes > limits.maxBytes) break;
      events.push(reviveEvent<E>(row));
    }
    return events;
  }

  /** The row after everything before an id has been forgotten. */
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

  /** The first id that stays where no more than so many bytes shall; the newest event always does. */
  firstIdWithin(row: StreamRow, maxBytes: number): number {
    const found = this.#get<{ id: number | null }>(
      "SELECT min(id) AS id FROM ssetarget_events WHERE stream_id = ? AND total - length(text) >= ?",
      row.stream_id,
      row.total - maxBytes,
    );
    return Math.min(found?.id ?? row.last_id, row.last_id);
  }

  /** The first id that was stored after a moment; `last_id + 1` where none was. */
  firstIdSince(row: StreamRow, sinceMs: number): number {
    const found = this.#get<{ id: number | null }>(
      "SELECT min(id) AS id FROM ssetarget_events WHERE stream_id = ? AND time_ms >= ?",
      row.stream_id,
      sinceMs,
    );
    return found?.id ?? row.last_id + 1;
  }

  /** Streams that hold something older than a moment. */
  streamsOlderThan(beforeMs: number): StreamRow[] {
    return [...this.#statement(`${SELECT_STREAM} WHERE s.oldest_ms < ? LIMIT 1000`).iterate(beforeMs)] as StreamRow[];
  }

  deleteStream({ stream_id, name }: StreamRow): void {
    this.#rows.delete(name);
    this.#run("DELETE FROM ssetarget_events WHERE stream_id = ?", stream_id);
    this.#run("DELETE FROM ssetarget_streams WHERE stream_id = ?", stream_id);
  }

  #forgetWhatOthersChanged(): void {
    const version = this.dataVersion();
    if (version !== this.#seenVersion) this.#rows.clear();
    this.#seenVersion = version;
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = prepareStatement(this.#database, sql)));
    return statement;
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- The caller knows the columns that it asks for.
  #get<T>(sql: string, ...values: readonly (string | number | null)[]): T | undefined {
    return this.#statement(sql).get(...values) as T | undefined;
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#statement(sql).run(...values);
  }
}
