import { closeSync, openSync } from "node:fs";
import { SSETargetError } from "../../util/errors.ts";
import { describeValue } from "../../util/options.ts";
import { messageOf, plainError, withoutSecrets } from "../../util/plain-error.ts";

/** The part of a prepared statement that is used: `node:sqlite` and better-sqlite3 both have it. */
export interface SqliteStatement {
  run(...values: readonly (string | number | null)[]): { readonly changes: number | bigint };
  get(...values: readonly (string | number | null)[]): unknown;
  iterate(...values: readonly (string | number | null)[]): Iterable<unknown>;
}

/** The part of a database that is used: of a `DatabaseSync` of `node:sqlite`, or a `Database` of better-sqlite3. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  /** Returns a {@link SqliteStatement}. The two libraries' types for it have no common one. */
  prepare(sql: string): object;
  close(): unknown;
  /** Whether a transaction is open, in `node:sqlite`. */
  readonly isTransaction?: boolean;
  /** The same in better-sqlite3. */
  readonly inTransaction?: boolean;
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => SqliteDatabase;
}

/**
 * Opens a file with the runtime's SQLite.
 *
 * @throws SSETargetError `invalid-option` if it has none, `store-unavailable` if the file cannot be opened
 * @see https://nodejs.org/api/sqlite.html
 */
export function openDatabase(path: string): SqliteDatabase {
  const sqlite = globalThis.process?.getBuiltinModule?.("node:sqlite") as SqliteModule | undefined;
  if (sqlite === undefined) {
    throw new SSETargetError(
      "invalid-option",
      "`database` is a path, and this runtime has no `node:sqlite`; use Node 22.18 or newer, or pass a `Database` of better-sqlite3",
    );
  }
  try {
    if (path !== "" && path !== ":memory:" && !path.startsWith("file:")) createPrivateFile(path);
    return new sqlite.DatabaseSync(path);
  } catch (cause) {
    throw new SSETargetError(
      "store-unavailable",
      `the database ${describeValue(withoutSecrets(path))} cannot be opened (${messageOf(cause)}); its folder must exist and be writable`,
      { cause: plainError(cause) },
    );
  }
}

/**
 * Creates the file with permissions for its owner only; SQLite copies them to the files beside it. An existing file keeps
 * its permissions and is not even opened: closing it again would drop the locks that this process has on it.
 *
 * @see https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
  }
}

/** Settings of statements in `node:sqlite` and better-sqlite3 that change what rows are. */
interface RowForms {
  setReadBigInts?(isOn: boolean): unknown;
  setReturnArrays?(isOn: boolean): unknown;
  safeIntegers?(isOn: boolean): unknown;
}

/** A statement whose rows are objects of plain numbers, whatever options its database was opened with. */
export function prepareStatement(database: SqliteDatabase, sql: string): SqliteStatement {
  const statement = database.prepare(sql) as SqliteStatement & RowForms;
  statement.setReadBigInts?.(false);
  statement.setReturnArrays?.(false);
  statement.safeIntegers?.(false);
  return statement;
}

/** Whether the value is an open database. */
export function isDatabase(value: unknown): value is SqliteDatabase {
  const { exec, prepare } = (value ?? {}) as { exec?: unknown; prepare?: unknown };
  return typeof exec === "function" && typeof prepare === "function";
}

/** The error that a failure of SQLite is reported as. */
export function unavailable(cause: unknown): SSETargetError {
  if (cause instanceof SSETargetError) return cause;
  return new SSETargetError("store-unavailable", `SQLite failed (${messageOf(cause)}); nothing has been stored`, {
    cause: plainError(cause),
  });
}
