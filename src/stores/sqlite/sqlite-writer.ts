import {
  END_EVENT_TYPE,
  dataText,
  snapshotEvent,
  withId,
  type StreamEvent,
  type StoredEvent,
} from "../../event/event.ts";
import type { AppendNotice } from "../../store/event-log.ts";
import { randomId } from "../../util/random-id.ts";
import { SSETargetError, streamCompleted } from "../../util/errors.ts";
import { unavailable } from "./sqlite-database.ts";
import type { SqliteHistory } from "./sqlite-history.ts";
import type { StreamRow } from "./sqlite-schema.ts";
import type { SqliteRetention } from "./sqlite-retention.ts";
import type { SqliteWatchers } from "./sqlite-watchers.ts";

interface Append<E extends StreamEvent> {
  readonly name: string;
  readonly events: readonly E[];
  readonly resolve: (stored: readonly StoredEvent<E>[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one append within a transaction. */
type Outcome<E extends StreamEvent> =
  | { readonly stored: readonly StoredEvent<E>[]; readonly notice: AppendNotice<E> }
  | { readonly refusal: SSETargetError };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const MAX_TRANSACTION_EVENTS = 10_000;

/**
 * Writes the events of one turn of the event loop, of whichever streams, in one transaction. Ids are assigned in it from
 * what the file has, so processes agree on them. If the transaction fails, everything in it is refused.
 */
export class SqliteWriter<E extends StreamEvent> {
  readonly #history: SqliteHistory;
  readonly #retention: SqliteRetention;
  readonly #watchers: SqliteWatchers<E>;
  #waiting: Append<E>[] = [];
  #settled: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(history: SqliteHistory, retention: SqliteRetention, watchers: SqliteWatchers<E>) {
    this.#history = history;
    this.#retention = retention;
    this.#watchers = watchers;
  }

  append(name: string, events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new SSETargetError("closed", "the storage has been closed");
      // Throws before anything waits: an event that JSON cannot carry refuses its own append only.
      const snapshots = events.map((event) => snapshotEvent(event));
      if (snapshots.length === 0) {
        resolve([]);
        return;
      }
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

  /** Resolves when nothing waits for its transaction anymore. */
  settled(): Promise<void> {
    return this.#settled;
  }

  /** Refuses further appends, and resolves when the earlier ones have been written. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#settled;
  }

  /** Writes everything that waits, in as few transactions as its size allows. */
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

  /** The common case: a single event without a key, for a stream that this process was the last to write to. */
  #commitAlone({ name, events, resolve, reject }: Append<E>): boolean {
    const [event] = events;
    if (event === undefined || events.length > 1 || event.key !== undefined) return false;
    try {
      const row = this.#history.knownStream(name);
      if (row === undefined || row.completed === 1) return false;
      const stored = withId(event, row.last_id + 1);
      const text = dataText(stored);
      const after = advance({ ...row }, stored, text.length, Date.now());
      if (this.#retention.isDue(after) || !this.#history.insertAlone(after, stored.type, text)) return false;
      const all = [stored];
      this.#watchers.appended(name, { afterId: row.last_id, events: all, epoch: row.epoch });
      resolve(all);
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
        for (const row of rows.values()) this.#history.remember(this.#retention.apply(row));
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
        this.#watchers.appended(name, outcome.notice);
        resolve(outcome.stored);
      }
    }
  }

  /** One append within a transaction. It is checked before anything is written, so a refusal leaves nothing behind. */
  #store(rows: Map<string, Mutable<StreamRow>>, name: string, events: readonly E[], nowMs: number): Outcome<E> {
    const before = rows.get(name) ?? this.#history.ownStream(name);
    if (this.#isRefused(before, events)) {
      return { refusal: streamCompleted() };
    }
    let row = rows.get(name);
    if (row === undefined) {
      row = { ...(before ?? this.#history.createStream(name, randomId(), nowMs)) };
      rows.set(name, row);
    }
    return this.#insert(row, events, nowMs);
  }

  /** Whether an event would follow the stream's end. A repeat of a known key would not. */
  #isRefused(row: StreamRow | undefined, events: readonly E[]): boolean {
    let isCompleted = row?.completed === 1;
    if (!isCompleted && !events.some(({ type }) => type === END_EVENT_TYPE)) return false;
    const keys = new Set<string>();
    for (const { key, type } of events) {
      if (key !== undefined) {
        const isKnown =
          keys.has(key) || (row !== undefined && this.#history.eventByKey(row.stream_id, key) !== undefined);
        keys.add(key);
        if (isKnown) continue;
      }
      if (isCompleted) return true;
      if (type === END_EVENT_TYPE) isCompleted = true;
    }
    return false;
  }

  #insert(row: Mutable<StreamRow>, events: readonly E[], nowMs: number): Outcome<E> {
    const { last_id: afterId, epoch } = row;
    const fresh: StoredEvent<E>[] = [];
    const stored = events.map((event) => {
      const known = event.key === undefined ? undefined : this.#history.eventByKey<E>(row.stream_id, event.key);
      if (known !== undefined) return known;
      const each = withId(event, row.last_id + 1);
      const text = dataText(each);
      advance(row, each, text.length, nowMs);
      this.#history.insertEvent(row, each, text);
      fresh.push(each);
      return each;
    });
    return { stored, notice: { afterId, events: fresh, epoch } };
  }
}

/** Changes a row to what it is after one more event. */
function advance(row: Mutable<StreamRow>, event: StoredEvent<StreamEvent>, size: number, nowMs: number): StreamRow {
  row.last_id = event.id;
  row.completed = event.type === END_EVENT_TYPE ? 1 : 0;
  row.total += size;
  row.newest_ms = nowMs;
  return row;
}
