import type { StreamEvent } from "../../event/event.ts";
import type { EventStorage } from "../../store/event-log.ts";
import { checkStreamName } from "../../store/stream-name.ts";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import {
  ageOption,
  checkFunction,
  delayOption,
  describeValue,
  readOptions,
  wholeNumberOption,
} from "../../util/options.ts";
import { unref } from "../../util/timers.ts";
import { isDatabase, openDatabase, unavailable, type SqliteDatabase } from "./sqlite-database.ts";
import { SqliteEventStore, type SqliteFile } from "./sqlite-event-store.ts";
import { SqliteHistory } from "./sqlite-history.ts";
import { SqliteRetention } from "./sqlite-retention.ts";
import { SqliteWatchers } from "./sqlite-watchers.ts";
import { SqliteWriter } from "./sqlite-writer.ts";

/** Options of a file. Limits apply to each of its streams. */
export interface SqliteEventStoresOptions {
  /** Number of events that a stream retains at least. The oldest are dropped first. @defaultValue 100_000 */
  readonly maxEvents?: number;
  /** The same in UTF-16 code units of JSON. The newest event is always retained. @defaultValue 268_435_456 */
  readonly maxBytes?: number;
  /**
   * Age until which an event is retained, in milliseconds; `null`: forever. A stream without a younger event is deleted.
   * @defaultValue 2_592_000_000 (30 days)
   */
  readonly maxAgeMs?: number | null;
  /**
   * `NORMAL`: what was acknowledged survives any end of the process, and usually that of the machine. `FULL`: it survives
   * that of the machine too; each transaction waits for the disk. @defaultValue "NORMAL"
   * @see https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  readonly synchronous?: "NORMAL" | "FULL";
  /** Interval of checks for what other processes wrote, in milliseconds, while a stream is watched. @defaultValue 50 */
  readonly pollMs?: number;
  /** Timeout for another process that is writing, in milliseconds. It blocks the event loop. @defaultValue 5_000 */
  readonly busyTimeoutMs?: number;
  /** Receives errors that reject no call: a sweep or a check of the file that failed. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

const MAX_SWEEP_MS = 3_600_000;

/**
 * Streams in one SQLite file, for any number of processes on one machine.
 *
 * ```ts
 * const stores = new SqliteEventStores("progress.db");
 * const hub = new SSEHub("/runs/:id/sse", { store: stores });
 * ```
 */
export class SqliteEventStores<E extends StreamEvent> implements EventStorage<E> {
  readonly #database: SqliteDatabase;
  readonly #isOwn: boolean;
  readonly #file: SqliteFile<E>;
  readonly #sweeper: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param database the path of a file, which is created if needed (`:memory:`: no file), or an open `DatabaseSync` of
   *   `node:sqlite` or `Database` of better-sqlite3, which stays the caller's to close
   * @throws SSETargetError `invalid-option`, `store-unavailable`
   */
  constructor(database: string | SqliteDatabase, given?: SqliteEventStoresOptions) {
    if (typeof database !== "string" && !isDatabase(database)) {
      throw new SSETargetError(
        "invalid-option",
        `\`database\` must be a path, a DatabaseSync of node:sqlite or a Database of better-sqlite3, got ${describeValue(database)}`,
      );
    }
    const options = resolveOptions(given);
    const { maxAgeMs, pollMs, busyTimeoutMs, synchronous, onError } = options;
    this.#isOwn = typeof database === "string";
    this.#database = typeof database === "string" ? openDatabase(database) : database;
    let history: SqliteHistory;
    try {
      this.#database.exec(
        `PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`,
      );
      history = new SqliteHistory(this.#database, onError);
    } catch (error) {
      if (this.#isOwn) this.#database.close();
      throw unavailable(error);
    }
    const retention = new SqliteRetention(history, options);
    const watchers = new SqliteWatchers<E>(history, pollMs, onError);
    this.#file = { history, writer: new SqliteWriter(history, retention, watchers), watchers };
    if (maxAgeMs === null) return;
    const sweep = () => {
      try {
        retention.sweep();
        watchers.compareAll();
      } catch (error) {
        onError(unavailable(error));
      }
    };
    this.#sweeper = unref(setInterval(sweep, Math.min(MAX_SWEEP_MS, Math.max(1_000, maxAgeMs / 10))));
  }

  /** The stream of this name. Calling it stores nothing. @throws SSETargetError `invalid-stream-name`, `closed` */
  stream(name: string): SqliteEventStore<E> {
    if (this.#closing !== undefined) throw new SSETargetError("closed", "the storage has been closed");
    checkStreamName(name);
    return new SqliteEventStore(this.#file, name);
  }

  /** Names of streams that hold events, in pages of 1,000. @throws SSETargetError `store-unavailable` */
  async list(prefix: string, cursor = ""): Promise<{ readonly names: readonly string[]; readonly next?: string }> {
    try {
      return this.#file.history.names(prefix, cursor);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Stores what waits, closes all watches, and closes the file if it was opened here. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#file.writer.close();
    this.#file.watchers.close();
    this.#file.history.close();
    if (this.#isOwn) this.#database.close();
  }
}

/** The options with their defaults. @throws SSETargetError `invalid-option` */
function resolveOptions(given?: SqliteEventStoresOptions): Required<SqliteEventStoresOptions> {
  const options = readOptions("SqliteEventStores", given, {
    maxEvents: true,
    maxBytes: true,
    maxAgeMs: true,
    synchronous: true,
    pollMs: true,
    busyTimeoutMs: true,
    onError: true,
  });
  const { synchronous = "NORMAL", onError = () => {} } = options;
  if (synchronous !== "NORMAL" && synchronous !== "FULL") {
    throw new SSETargetError(
      "invalid-option",
      `\`synchronous\` must be "NORMAL" or "FULL", got ${describeValue(synchronous)}`,
    );
  }
  checkFunction("onError", onError);
  return {
    maxEvents: wholeNumberOption("maxEvents", options.maxEvents, 100_000, 1),
    maxBytes: wholeNumberOption("maxBytes", options.maxBytes, 256 * 1024 * 1024, 1),
    maxAgeMs: ageOption("maxAgeMs", options.maxAgeMs, 30 * 24 * 3_600_000),
    synchronous,
    pollMs: delayOption("pollMs", options.pollMs, 50) ?? 50,
    busyTimeoutMs: wholeNumberOption("busyTimeoutMs", options.busyTimeoutMs, 5_000, 0),
    onError,
  };
}
