import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import {
  END_EVENT_TYPE,
  dataText,
  isWellFormed,
  snapshotEvent,
  withId,
  type ServerSentEvent,
  type StoredEvent,
} from "../../event/event.ts";
import { describeValue } from "../../util/options.ts";
import type {
  EventBounds,
  EventFollower,
  EventStores,
  EventSubscription,
  PageLimits,
} from "../../store/followable-store.ts";
import { randomEpoch } from "../../store/random-epoch.ts";
import { checkStreamName } from "../../store/stream-name.ts";
import { FollowedStreams } from "./followed-streams.ts";
import { isDatabase, openDatabase, unavailable, type SqliteDatabase } from "./sqlite-database.ts";
import { SqliteEventStore, type SqliteFile } from "./sqlite-event-store.ts";
import { SqliteHistory, type StreamRow } from "./sqlite-history.ts";
import { resolveOptions, type SqliteEventStoresOptions } from "./sqlite-options.ts";

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
  constructor(database: string | SqliteDatabase, options?: SqliteEventStoresOptions) {
    if (typeof database !== "string" && !isDatabase(database)) {
      throw new SSETargetError(
        "invalid-option",
        `\`database\` must be a path, a DatabaseSync of node:sqlite or a Database of better-sqlite3, got ${describeValue(database)}`,
      );
    }
    const { maxEvents, maxBytes, maxAgeMs, pollMs, busyTimeoutMs, synchronous, onError } = resolveOptions(options);
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
    this.#maxAgeMs = maxAgeMs;
    this.#onError = onError;
    this.#isOwn = typeof database === "string";
    this.#database = typeof database === "string" ? openDatabase(database) : database;
    try {
      this.#database.exec(
        `PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`,
      );
      this.#history = new SqliteHistory(this.#database, onError);
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
    checkStreamName(name);
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
    append: (name, events, resolve, reject) => this.#append(name, events, resolve, reject),
    eventsAfter: (name, afterId, limits) => this.#eventsAfter(name, afterId, limits),
    bounds: (name) => this.#bounds(name),
    eventByKey: (name, key) => {
      const row = this.#history.stream(name);
      // SQLite would look for another key in its place.
      return row === undefined || !isWellFormed(key) ? undefined : this.#history.eventByKey<E>(row.stream_id, key);
    },
    trim: (name, beforeId) => this.#trim(name, beforeId),
    follow: (name, afterId, follower) => this.#follow(name, afterId, follower),
    settled: () => this.#settled,
  };

  #append(name: string, events: readonly E[], resolve: Append<E>["resolve"], reject: Append<E>["reject"]): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the stores have been closed");
    // Throws before anything waits: what JSON cannot carry is refused by itself.
    const snapshots = events.map((event) => snapshotEvent(event));
    if (snapshots.length === 0) return resolve([]);
    this.#waiting.push({ name, events: snapshots, resolve, reject });
    if (this.#waiting.length > 1) return;
    this.#settled = new Promise((done) => {
      setImmediate(() => {
        this.#commit();
        done();
      });
    });
  }

  /** Everything that waits, in as few transactions as its size allows. */
  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 1 && this.#commitAlone(waiting[0] as Append<E>)) return;
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

  /** The common case of a single event, without a key, for a stream that this process has just written to. */
  #commitAlone({ name, events, resolve, reject }: Append<E>): boolean {
    const [event] = events;
    if (event === undefined || events.length > 1 || event.key !== undefined) return false;
    try {
      const row = this.#history.knownStream(name);
      if (row === undefined || row.completed === 1) return false;
      const stored = withId(event, row.last_id + 1);
      const text = dataText(stored);
      const after = advance({ ...row }, stored, text.length, Date.now());
      if (this.#isDue(after) || !this.#history.insertAlone(after, stored.type, text)) return false;
      this.#followed.tell(name, [stored], row.epoch);
      resolve([stored]);
    } catch (error) {
      reject(unavailable(error));
    }
    return true;
  }

  #commitTogether(appends: readonly Append<E>[]): void {
    let outcomes: readonly Outcome<E>[];
    try {
      outcomes = this.#history.transaction(() => {
        const rows = new Map<string, Mutable<StreamRow>>();
        const nowMs = Date.now();
        const all = appends.map(({ name, events }) => this.#store(rows, name, events, nowMs));
        for (const row of rows.values()) this.#retain(row);
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
  #store(rows: Map<string, Mutable<StreamRow>>, name: string, events: readonly E[], nowMs: number): Outcome<E> {
    const before = rows.get(name) ?? this.#history.ownStream(name);
    if (this.#isRefused(before, events)) {
      return { refusal: new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it") };
    }
    let row = rows.get(name);
    if (row === undefined) {
      row = { ...(before ?? this.#history.createStream(name, randomEpoch(), nowMs)) };
      rows.set(name, row);
    }
    return this.#insert(row, events, nowMs);
  }

  /** Whether something of this would come after the stream's end. What is there already would not. */
  #isRefused(row: StreamRow | undefined, events: readonly E[]): boolean {
    let isCompleted = row?.completed === 1;
    if (!isCompleted && !events.some(({ type }) => type === END_EVENT_TYPE)) return false;
    const keys = new Set<string>();
    for (const { key, type } of events) {
      if (key !== undefined) {
        const isThere =
          keys.has(key) || (row !== undefined && this.#history.eventByKey(row.stream_id, key) !== undefined);
        keys.add(key);
        if (isThere) continue;
      }
      if (isCompleted) return true;
      if (type === END_EVENT_TYPE) isCompleted = true;
    }
    return false;
  }

  #insert(row: Mutable<StreamRow>, events: readonly E[], nowMs: number): Outcome<E> {
    const fresh: StoredEvent<E>[] = [];
    let repeats: StoredEvent<E>[] | undefined;
    for (const event of events) {
      const there = event.key === undefined ? undefined : this.#history.eventByKey<E>(row.stream_id, event.key);
      if (there === undefined) {
        const each = withId(event, row.last_id + 1);
        const text = dataText(each);
        advance(row, each, text.length, nowMs);
        this.#history.insertEvent(row.stream_id, each.id, each, text, row.total, nowMs);
        fresh.push(each);
        repeats?.push(each);
      } else {
        repeats ??= fresh.slice();
        repeats.push(there);
      }
    }
    return { stored: repeats ?? fresh, fresh, epoch: row.epoch };
  }

  /** Whether a stream has grown so far that it is time to forget the oldest of it. */
  #isDue(row: StreamRow): boolean {
    return (
      row.last_id - row.first_id + 1 > this.#maxEvents + Math.ceil(this.#maxEvents / 4) ||
      row.total - row.base_total > this.#maxBytes + this.#maxBytes / 4 ||
      (this.#maxAgeMs !== null && row.oldest_ms < row.newest_ms - this.#maxAgeMs * 1.1)
    );
  }

  /** Forgets what need not be retained: some at a time, so that an append does not pay for it each time. */
  #retain(row: StreamRow): void {
    let kept = row;
    if (this.#isDue(row)) {
      kept = this.#history.trim(kept, kept.last_id - this.#maxEvents + 1);
      if (kept.total - kept.base_total > this.#maxBytes) {
        kept = this.#history.trim(kept, this.#history.firstIdWithin(kept, this.#maxBytes));
      }
      if (this.#maxAgeMs !== null && kept.oldest_ms < kept.newest_ms - this.#maxAgeMs) {
        kept = this.#history.trim(kept, this.#history.firstIdSince(kept, kept.newest_ms - this.#maxAgeMs));
      }
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

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Makes a row what it is after one more event. */
function advance(row: Mutable<StreamRow>, event: StoredEvent<ServerSentEvent>, size: number, nowMs: number): StreamRow {
  row.last_id = event.id;
  row.completed = event.type === END_EVENT_TYPE ? 1 : 0;
  row.total += size;
  row.newest_ms = nowMs;
  return row;
}
