import { statSync } from "node:fs";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { describeValue } from "../../util/options.ts";
import { prepareStatement, type SqliteDatabase } from "./sqlite-database.ts";

/** Distinguishes a file from another one with the same name. */
interface FileIdentity {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/** Minimum interval between checks of the log. The database is checked each time; a check costs a tenth of an append. */
const LOG_CHECK_MS = 100;

/**
 * Checks that the file of an open database and its write-ahead log are still the ones that were opened. SQLite itself
 * keeps writing to a file that has been deleted, and everything it acknowledges is lost.
 *
 * @see https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
 */
export class DatabaseFile {
  readonly #database: FileIdentity | undefined;
  /** Undefined if the database has another journal. */
  readonly #log: FileIdentity | undefined;
  #logCheckedMs = 0;
  readonly #onLost: ErrorListener;
  #loss: SSETargetError | undefined;

  /** @param onLost is called once, when the loss is found */
  constructor(database: SqliteDatabase, onLost: ErrorListener) {
    const rows = prepareStatement(database, "PRAGMA database_list").iterate() as Iterable<{
      name: string;
      file: string;
    }>;
    // Empty for a database in memory.
    const path = [...rows].find(({ name }) => name === "main")?.file ?? "";
    this.#database = path === "" ? undefined : identify(path);
    this.#log = path === "" ? undefined : identify(`${path}-wal`);
    this.#onLost = onLost;
  }

  /**
   * Costs a few microseconds.
   *
   * @throws SSETargetError `store-unavailable` once a file has been deleted, moved or replaced
   */
  check(): void {
    if (this.#loss !== undefined) throw this.#loss;
    this.#compare(this.#database);
    const nowMs = performance.now();
    if (nowMs - this.#logCheckedMs < LOG_CHECK_MS) return;
    this.#compare(this.#log);
    this.#logCheckedMs = nowMs;
  }

  #compare(opened: FileIdentity | undefined): void {
    if (opened === undefined) return;
    const { path, dev, ino } = opened;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino === ino && found.dev === dev) return;
    this.#loss = new SSETargetError(
      "store-unavailable",
      `the database file ${describeValue(path)} has been deleted, moved or replaced while it was open; put it back and create a new \`SqliteEventStores\`, or restart the process`,
    );
    this.#onLost(this.#loss);
    throw this.#loss;
  }
}

function identify(path: string): FileIdentity | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : { path, dev: found.dev, ino: found.ino };
}
