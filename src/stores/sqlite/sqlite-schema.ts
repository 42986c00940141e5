import { END_EVENT_TYPE } from "../../event/event.ts";
import { SSETargetError } from "../../util/errors.ts";
import { prepareStatement, type SqliteDatabase } from "./sqlite-database.ts";

/**
 * A stream as the file has it. Its row in the file is written when it is created and when events are dropped. What appends
 * change is in its last event, so an append is one insert.
 */
export interface StreamRow {
  readonly stream_id: number;
  readonly name: string;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly completed: number;
  /** All JSON ever stored, up to the last event and before the first retained one, in UTF-16 code units. */
  readonly total: number;
  readonly base_total: number;
  /** When the oldest retained event was stored at the earliest, and when the newest was: milliseconds since 1970. */
  readonly oldest_ms: number;
  readonly newest_ms: number;
}

/** If there is a last event, it is newer than the stream's own row. */
export const SELECT_STREAM = `
  SELECT s.stream_id, s.name, s.epoch, s.first_id, s.base_total, s.oldest_ms, coalesce(e.id, s.last_id) AS last_id,
    s.completed OR coalesce(e.type = '${END_EVENT_TYPE}', 0) AS completed,
    coalesce(e.total, s.total) AS total, coalesce(e.time_ms, s.newest_ms) AS newest_ms
  FROM ssetarget_streams s LEFT JOIN ssetarget_events e ON e.stream_id = s.stream_id
    AND e.id = (SELECT max(id) FROM ssetarget_events WHERE stream_id = s.stream_id)`;
export const EVENT_COLUMNS = "stream_id, id, type, key, text, total, time_ms";
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

/** Creates the tables that do not exist. @throws SSETargetError `store-unavailable` if they have another version */
export function createTables(database: SqliteDatabase): void {
  database.exec(SCHEMA);
  const select = prepareStatement(database, "SELECT value FROM ssetarget_meta WHERE name = 'schema'");
  const { value } = select.get() as { value: string };
  if (value === String(SCHEMA_VERSION)) return;
  throw new SSETargetError(
    "store-unavailable",
    `the tables of this file have the version ${value}, but this release of ssetarget knows ${SCHEMA_VERSION}; use the release that created them, or another file`,
  );
}
