import { closeSync, openSync } from "node:fs";
import { SSETargetError } from "../../util/errors.ts";
import { describeValue } from "../../util/options.ts";
import { messageOf, plainError, withoutSecrets } from "../../util/plain-error.ts";

/** What is used of a prepared statement: `node:sqlite` and better-sqlite3 both have it. */
export interface SqliteStatement {
  run(...values: readonly (string | number | null)[]): { readonly changes: number | bigint };
  get(...values: readonly (string | number | null)[]): unknown;
  iterate(...values: readonly (string | number | null)[]): Iterable<unknown>;
}

/** What is used of a database: a `DatabaseSync` of `node:sqlite`, or a `Database` of better-sqlite3. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  /** A {@link SqliteStatement}; the two have types for it that cannot be named in one. */
  prepare(sql: string): object;
  close(): unknown;
  /** Whether somebody has begun a transaction: as `node:sqlite` calls it. */
  readonly isTransaction?: boolean;
  /** The same, as better-sqlite3 calls it. */
  readonly inTransaction?: boolean;
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => SqliteDatabase;
}

/**
 * Opens a file with the SQLite that the runtime brings.
 *
 * @throws SSETargetError `invalid-option` where there is none, `store-unavailable` where the file cannot be opened
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
      `the database ${describeValue(withoutSecrets(path))} cannot be opened (${messageOf(cause)}); its folder must be there and be writable`,
      { cause: plainError(cause) },
    );
  }
}

/**
 * Creates the file with rights for its owner only; SQLite gives the files beside it the same. A file that exists keeps its rights,
 * and is not even opened: closing it again would drop the locks that this process has on it.
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

/** How `node:sqlite` and better-sqlite3 let a statement read rows as something else than objects of numbers. */
interface RowForms {
  setReadBigInts?(isOn: boolean): unknown;
  setReturnArrays?(isOn: boolean): unknown;
  safeIntegers?(isOn: boolean): unknown;
}

/** A statement whose rows are objects of plain numbers, whatever its database was opened with. */
export function prepareStatement(database: SqliteDatabase, sql: string): SqliteStatement {
  const statement = database.prepare(sql) as SqliteStatement & RowForms;
  statement.setReadBigInts?.(false);
  statement.setReturnArrays?.(false);
  statement.safeIntegers?.(false);
  return statement;
}

/** Whether this is a database that was handed in. */
export function isDatabase(value: unknown): value is SqliteDatabase {
  const { exec, prepare } = (value ?? {}) as { exec?: unknown; prepare?: unknown };
  return typeof exec === "function" && typeof prepare === "function";
}

/** An error of SQLite as callers know it. */
export function unavailable(cause: unknown): SSETargetError {
  if (cause instanceof SSETargetError) return cause;
  return new SSETargetError(
    "store-unavailable",
    `SQLite could not do it (${messageOf(cause)}); nothing of it has been stored`,
    { cause: plainError(cause) },
  );
}
