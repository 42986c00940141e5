import { SSETargetError, type ErrorListener } from "../../errors.ts";
import {
  END_EVENT_TYPE,
  dataText,
  snapshotEvent,
  withId,
  type ServerSentEvent,
  type StoredEvent,
} from "../../event.ts";
import { delayOption, describeValue, wholeNumberOption } from "../../options.ts";
import type {
  EventBounds,
  EventFollower,
  EventStores,
  EventSubscription,
  PageLimits,
} from "../../store/event-store.ts";
import { randomEpoch } from "../../store/random-epoch.ts";
import { FollowedStreams } from "./followed-streams.ts";
import { isDatabase, openDatabase, unavailable, type SqliteDatabase } from "./sqlite-database.ts";
import { SqliteEventStore, type SqliteFile } from "./sqlite-event-store.ts";
import { SqliteHistory, type StreamRow } from "./sqlite-history.ts";

/** Options of a file. What is retained is so for each stream of it. */
export interface SqliteEventStoresOptions {
  /** How many events a stream retains at least; the oldest go first, some at a time. @defaultValue 100_000 */
  readonly maxEvents?: number;
  /** The same in UTF-16 code units of JSON; the newest event always stays. @defaultValue 268_435_456 */
  readonly maxBytes?: number;
  /** How long an event is retained, in milliseconds; a stream of which nothing is left is forgotten. `null`: for ever. @defaultValue 2_592_000_000 (30 days) */
  readonly maxAgeMs?: number | null;
  /**
   * `NORMAL`: what was acknowledged survives the end of the process in whatever way, but not for certain that of the
   * machine. `FULL`: that too, at the price of a wait for the disk with each transaction. @defaultValue "NORMAL"
   * @see https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  readonly synchronous?: "NORMAL" | "FULL";
  /** How often to look for what other processes have written, in milliseconds, while something is followed. @defaultValue 50 */
  readonly pollMs?: number;
  /** How long to wait for another process that is writing, in milliseconds. The event loop waits too. @defaultValue 5_000 */
  readonly busyTimeoutMs?: number;
  /** Hears of what nobody awaits: a sweep or a look at the file that failed. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

interface Append<E extends ServerSentEvent> {
  readonly name: string;
  readonly events: readonly E[];
  readonly resolve: (stored: readonly StoredEvent<E>[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one append within a transaction. */
type Outcome<E extends ServerSentEvent> =
  | { readonly stored: readonly StoredEvent<E>[]; readonly fresh: readonly StoredEvent<E>[]; readonly epoch: string }
  | { readonly refusal: SSETargetError };

const MAX_TRANSACTION_EVENTS = 10_000;
const MAX_SWEEP_MS = 3_600_000;

/**
 * Event stores in one SQLite file: any number of streams, any number of processes on one machine.
 *
 * ```ts
 * const stores = new SqliteEventStores("progress.db");
 * const hub = new SSEHub("/runs/:id/sse", { store: stores });
 * ```
 *
 * What is dispatched in one turn of the event loop, to whichever streams, shares a transaction. Ids are given in it from what
 * the file has, so that processes agree. Where a transaction fails, all that was in it is refused and nothing is half-written.
 */
export class SqliteEventStores<E extends ServerSentEvent> implements EventStores<E> {
  readonly #database: SqliteDatabase;
  readonly #isOwn: boolean;
  readonly #history: SqliteHistory;
  readonly #followed: FollowedStreams<E>;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number | null;
  readonly #onError: ErrorListener;
  readonly #sweeper: ReturnType<typeof setInterval> | undefined;
  #waiting: Append<E>[] = [];
  #settled: Promise<void> = Promise.resolve();
  #isClosed = false;

  /**
   * @param database the path of a file, which is made where there is none (`:memory:` for none), or an open `DatabaseSync` of
   * `node:sqlite` or `Database` of better-sqlite3, which stays the caller's to close
   * @throws SSETargetError `invalid-option`, `store-unavailable`
   */
  constructor(database: string | SqliteDatabase, options: SqliteEventStoresOptions = {}) {
    if (typeof database !== "string" && !isDatabase(database)) {
      throw new SSETargetError(
        "invalid-option",
        `\`database\` must be a path, a DatabaseSync of node:sqlite or a Database of better-sqlite3, got ${describeValue(database)}`,
      );
    }
    this.#maxEvents = wholeNumberOption("maxEvents", options.maxEvents, 100_000, 1);
    this.#maxBytes = wholeNumberOption("maxBytes", options.maxBytes, 256 * 1024 * 1024, 1);
    this.#maxAgeMs = ageOption(options.maxAgeMs);
    const pollMs = delayOption("pollMs", options.pollMs, 50) ?? 50;
    const busyTimeoutMs = wholeNumberOption("busyTimeoutMs", options.busyTimeoutMs, 5_000, 0);
    const { synchronous = "NORMAL", onError = () => {} } = options;
    if (synchronous !== "NORMAL" && synchronous !== "FULL") {
      throw new SSETargetError(
        "invalid-option",
        `\`synchronous\` must be "NORMAL" or "FULL", got ${describeValue(synchronous)}`,
      );
    }
    this.#onError = onError;
    this.#isOwn = typeof database === "string";
    this.#database = typeof database === "string" ? openDatabase(database) : database;
    try {
      this.#database.exec(
        `PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`,
      );
      this.#history = new SqliteHistory(this.#database);
    } catch (error) {
      if (this.#isOwn) this.#database.close();
      throw unavailable(error);
    }
    this.#followed = new FollowedStreams(this.#history, pollMs, onError);
    if (this.#maxAgeMs === null) return;
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(MAX_SWEEP_MS, Math.max(1_000, this.#maxAgeMs / 10)));
    // A sweep is no reason for a process to live.
    (this.#sweeper as unknown as { unref?: () => void }).unref?.();
  }

  /** The store of the stream of this name. Asking stores nothing. @throws SSETargetError `invalid-stream-name`, `closed` */
  stream(name: string): SqliteEventStore<E> {
    if (this.#isClosed) throw new SSETargetError("closed", "the stores have been closed");
    if (typeof name !== "string" || name === "") {
      throw new SSETargetError(
        "invalid-stream-name",
        `a stream's name must be a string that is not empty, got ${describeValue(name)}`,
      );
    }
    return new SqliteEventStore(this.#file, name);
  }

  /** Stores what waits, ends all subscriptions, and closes the file where it was opened here. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#settled;
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#followed.close();
    if (this.#isOwn) this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #file: SqliteFile<E> = {
    append: (name, events) => this.#append(name, events),
    eventsAfter: (name, afterId, limits) => this.#eventsAfter(name, afterId, limits),
    bounds: (name) => this.#bounds(name),
    eventByKey: (name, key) => {
      const row = this.#history.stream(name);
      return row === undefined ? undefined : this.#history.eventByKey<E>(row.stream_id, key);
    },
    trim: (name, beforeId) => this.#trim(name, beforeId),
    follow: (name, afterId, follower) => this.#follow(name, afterId, follower),
    settled: () => this.#settled,
  };

  #append(name: string, events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    if (this.#isClosed) return Promise.reject(new SSETargetError("closed", "the stores have been closed"));
    // Throws before anything waits: what JSON cannot carry is refused by itself.
    const snapshots = events.map((event) => snapshotEvent(event));
    if (snapshots.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, events: snapshots, resolve, reject });
      if (this.#waiting.length > 1) return;
      this.#settled = new Promise((done) => {
        setImmediate(() => {
          this.#commit();
          done();
        });
      });
    });
  }

  /** Everything that waits, in as few transactions as its size allows. */
  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length;) {
      let to = from;
      let events = 0;
      while (to < waiting.length && (to === from || events < MAX_TRANSACTION_EVENTS)) {
        events += waiting[to]?.events.length ?? 0;
        to++;
      }
      this.#commitTogether(waiting.slice(from, to));
      from = to;
    }
  }

  #commitTogether(appends: readonly Append<E>[]): void {
    let outcomes: readonly Outcome<E>[];
    try {
      outcomes = this.#history.transaction(() => {
        const rows = new Map<string, StreamRow>();
        const nowMs = Date.now();
        const all = appends.map(({ name, events }) => this.#store(rows, name, events, nowMs));
        for (const row of rows.values()) this.#retain(row, nowMs);
        return all;
      });
    } catch (error) {
      const refusal = unavailable(error);
      for (const { reject } of appends) reject(refusal);
      return;
    }
    for (const [index, { name, resolve, reject }] of appends.entries()) {
      const outcome = outcomes[index] as Outcome<E>;
      if ("refusal" in outcome) {
        reject(outcome.refusal);
      } else {
        this.#followed.tell(name, outcome.fresh, outcome.epoch);
        resolve(outcome.stored);
      }
    }
  }

  /** One append within a transaction. It is looked through before anything is written, so that a refusal leaves nothing behind. */
  #store(rows: Map<string, StreamRow>, name: string, events: readonly E[], nowMs: number): Outcome<E> {
    const row = rows.get(name) ?? this.#history.ownStream(name);
    const known = new Map<string, StoredEvent<E>>();
    let isCompleted = row?.completed === 1;
    for (const event of events) {
      const { key, type } = event;
      const isRepeat = key !== undefined && known.has(key);
      const there =
        key === undefined || row === undefined || isRepeat
          ? undefined
          : this.#history.eventByKey<E>(row.stream_id, key);
      if (there !== undefined) known.set(key as string, there);
      if (there !== undefined || isRepeat) continue;
      if (isCompleted) {
        return {
          refusal: new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it"),
        };
      }
      if (key !== undefined) known.set(key, event as StoredEvent<E>);
      if (type === END_EVENT_TYPE) isCompleted = true;
    }
    return this.#insert(rows, row ?? this.#history.createStream(name, randomEpoch(), nowMs), events, nowMs);
  }

  #insert(rows: Map<string, StreamRow>, before: StreamRow, events: readonly E[], nowMs: number): Outcome<E> {
    let row = before;
    const fresh: StoredEvent<E>[] = [];
    const stored = events.map((event) => {
      const there = event.key === undefined ? undefined : this.#history.eventByKey<E>(row.stream_id, event.key);
      if (there !== undefined) return there;
      const each = withId(event, row.last_id + 1);
      const text = dataText(each);
      const total = row.total + text.length;
      this.#history.insertEvent(row.stream_id, { id: each.id, type: each.type, key: each.key, text }, total, nowMs);
      row = {
        ...row,
        last_id: each.id,
        completed: each.type === END_EVENT_TYPE ? 1 : 0,
        total,
        newest_ms: nowMs,
      };
      fresh.push(each);
      return each;
    });
    rows.set(row.name, row);
    return { stored, fresh, epoch: row.epoch };
  }

  /** Forgets what need not be retained: some at a time, so that an append does not pay for it each time. */
  #retain(row: StreamRow, nowMs: number): void {
    let kept = row;
    if (kept.last_id - kept.first_id + 1 > this.#maxEvents + Math.ceil(this.#maxEvents / 4)) {
      kept = this.#history.trim(kept, kept.last_id - this.#maxEvents + 1);
    }
    if (kept.total - kept.base_total > this.#maxBytes + this.#maxBytes / 4) {
      kept = this.#history.trim(kept, this.#history.firstIdWithin(kept, this.#maxBytes));
    }
    if (this.#maxAgeMs !== null && kept.oldest_ms < nowMs - this.#maxAgeMs * 1.1) {
      kept = this.#history.trim(kept, this.#history.firstIdSince(kept, nowMs - this.#maxAgeMs));
    }
    this.#history.remember(kept);
  }

  #sweep(): void {
    const sinceMs = Date.now() - (this.#maxAgeMs ?? 0);
    try {
      this.#history.transaction(() => {
        for (const row of this.#history.streamsOlderThan(sinceMs)) {
          if (row.newest_ms < sinceMs) this.#history.deleteStream(row);
          else this.#history.trim(row, this.#history.firstIdSince(row, sinceMs));
        }
      });
      this.#followed.lookAtAll();
    } catch (error) {
      this.#onError(unavailable(error));
    }
  }

  #eventsAfter(name: string, afterId: number, limits?: PageLimits): StoredEvent<E>[] {
    const row = this.#history.stream(name);
    return row === undefined ? [] : this.#history.eventsAfter<E>(row.stream_id, afterId, limits);
  }

  #bounds(name: string): EventBounds {
    const row = this.#history.stream(name);
    if (row === undefined) return { firstId: 1, lastId: 0, completed: false };
    return { firstId: row.first_id, lastId: row.last_id, epoch: row.epoch, completed: row.completed === 1 };
  }

  #trim(name: string, beforeId: number): void {
    this.#history.transaction(() => {
      const row = this.#history.ownStream(name);
      if (row !== undefined) this.#history.trim(row, beforeId);
    });
  }

  #follow(name: string, afterId: number, follower: EventFollower<E>): EventSubscription {
    return this.#followed.follow(name, afterId, follower);
  }
}

/** Longer than timers take, so not a delay: an age is only compared. */
function ageOption(value: number | null | undefined): number | null {
  if (value === null) return null;
  return wholeNumberOption("maxAgeMs", value, 30 * 24 * 3_600_000, 1);
}
