import { statSync } from "node:fs";
import { SSETargetError, type ErrorListener } from "../../errors.ts";
import { describeValue } from "../../options.ts";
import { prepareStatement, type SqliteDatabase } from "./sqlite-database.ts";

/** What tells one file from another one of the same name. */
interface FileIdentity {
  readonly path: string;
  readonly place: string;
}

/**
 * The file of an open database and its write-ahead log, while they are still the ones that were opened. SQLite itself goes on
 * writing to a file that has been deleted, and everything it acknowledges is lost.
 *
 * @see https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
 */
export class DatabaseFile {
  readonly #files: readonly FileIdentity[];
  readonly #onLost: ErrorListener;
  #loss: SSETargetError | undefined;

  /** @param onLost is called once, when the loss is noticed */
  constructor(database: SqliteDatabase, onLost: ErrorListener) {
    const rows = prepareStatement(database, "PRAGMA database_list").iterate() as Iterable<{
      name: string;
      file: string;
    }>;
    // Empty for a database in memory.
    const path = [...rows].find(({ name }) => name === "main")?.file ?? "";
    const paths = path === "" ? [] : [path, `${path}-wal`];
    // Another journal has no log, and a VFS of its own has no file that can be seen.
    this.#files = paths.flatMap((each) => {
      const place = placeOf(each);
      return place === undefined ? [] : [{ path: each, place }];
    });
    this.#onLost = onLost;
  }

  /** Costs a few microseconds. @throws SSETargetError `store-unavailable` when a file has been deleted, moved or replaced, and from then on */
  check(): void {
    if (this.#loss !== undefined) throw this.#loss;
    for (const { path, place } of this.#files) {
      if (placeOf(path) === place) continue;
      this.#loss = new SSETargetError(
        "store-unavailable",
        `the database file ${describeValue(path)} has been deleted, moved or replaced while it was open; put it back and make new \`SqliteEventStores\`, or restart the process`,
      );
      this.#onLost(this.#loss);
      throw this.#loss;
    }
  }
}

function placeOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
