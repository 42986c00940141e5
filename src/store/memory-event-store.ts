import {
  END_EVENT_TYPE,
  dataText,
  reviveEvent,
  snapshotEvent,
  withId,
  type EventRecord,
  type StreamEvent,
  type StoredEvent,
} from "../event/event.ts";
import { streamCompleted } from "../util/errors.ts";
import { readOptions, wholeNumberOption } from "../util/options.ts";
import type { EventBounds, EventLog, EventStore, LogListener, LogWatch, PageLimits } from "./event-log.ts";
import { LogListeners } from "./log-listeners.ts";
import { randomId } from "../util/random-id.ts";

export interface MemoryEventStoreOptions {
  /** The id after which this history starts: earlier events are gone, and clients are told so. @defaultValue 0 */
  readonly startAfterId?: number;
  /** Retained events; the oldest are dropped first. @defaultValue 100_000 */
  readonly maxEvents?: number;
  /** Retained JSON in bytes (UTF-16 code units, to be exact); the newest event always is. @defaultValue 67_108_864 (64 MiB) */
  readonly maxBytes?: number;
}

/**
 * Keeps events in this process. Its history is lost with the process, which is why its epoch is new every time:
 * a client that reconnects after a restart gets a gap instead of silently missing events.
 *
 * What is stored is a copy. A key is known as long as its event is retained.
 */
export class MemoryEventStore<E extends StreamEvent> implements EventStore<E>, EventLog<E> {
  readonly isLocal = true;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #listeners = new LogListeners<E>();
  readonly #keys = new Map<string, EventRecord>();
  /** Retained events, ids without holes. The first `#offset` places are dropped ones not yet cut off. */
  #records: (EventRecord | undefined)[] = [];
  #epoch = randomId();
  #offset = 0;
  #bytes = 0;
  #lastId = 0;
  #completed = false;

  /** @throws SSETargetError `invalid-option` */
  constructor(given?: MemoryEventStoreOptions) {
    const names = { startAfterId: true, maxEvents: true, maxBytes: true } as const;
    const options = readOptions("MemoryEventStore", given, names);
    this.#maxEvents = wholeNumberOption("maxEvents", options.maxEvents, 100_000, 1);
    this.#maxBytes = wholeNumberOption("maxBytes", options.maxBytes, 64 * 1024 * 1024, 1);
    this.#lastId = wholeNumberOption("startAfterId", options.startAfterId, 0, 0);
  }

  /** The greatest id assigned so far; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Whether the last event is `ssetarget:end`. */
  get isCompleted(): boolean {
    return this.#completed;
  }

  /** @throws SSETargetError as {@link append} */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    return (await this.append([event]))[0] as StoredEvent<E>;
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.#records.slice(this.#indexAfter(afterId)).map((record) => reviveEvent(record as EventRecord));
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`; nothing is stored then */
  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    const snapshots = events.map((event) => snapshotEvent(event));
    // All or none: what would be refused half-way is refused before anything is appended.
    const end = this.#completed ? -1 : snapshots.findIndex(({ type }) => type === END_EVENT_TYPE);
    if (this.#completed || end !== -1) this.#refuseUnknown(snapshots, end + 1);
    const afterId = this.#lastId;
    const stored = snapshots.map((event) => this.#known(event) ?? this.#append(event));
    if (this.#lastId > afterId && this.#listeners.size > 0) {
      const isAllNew = this.#lastId - afterId === stored.length;
      this.#listeners.appended({
        afterId,
        events: isAllNew ? stored : newOf(stored, afterId),
        epoch: this.#epoch,
      });
    }
    return stored;
  }

  async read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    const page: StoredEvent<E>[] = [];
    let bytes = 0;
    for (let index = this.#indexAfter(afterId); index < this.#records.length; index++) {
      const record = this.#records[index] as EventRecord;
      bytes += record.text.length;
      if (page.length > 0 && bytes > limits.maxBytes) break;
      page.push(reviveEvent(record));
      if (page.length === limits.maxEvents) break;
    }
    return page;
  }

  async bounds(): Promise<EventBounds> {
    return { firstId: this.#firstId, lastId: this.#lastId, epoch: this.#epoch, completed: this.#completed };
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    return this.#listeners.add(listener);
  }

  async trim(beforeId: number): Promise<void> {
    while (this.#firstId < beforeId && this.#firstId <= this.#lastId) this.#dropFirst();
    this.#listeners.changed();
  }

  async delete(): Promise<void> {
    this.#keys.clear();
    this.#records = [];
    this.#epoch = randomId();
    this.#offset = 0;
    this.#bytes = 0;
    this.#lastId = 0;
    this.#completed = false;
    this.#listeners.changed();
  }

  get #firstId(): number {
    return this.#lastId - (this.#records.length - this.#offset) + 1;
  }

  #indexAfter(afterId: number): number {
    return this.#offset + Math.max(0, afterId + 1 - this.#firstId);
  }

  #known(event: E): StoredEvent<E> | undefined {
    const record = event.key === undefined ? undefined : this.#keys.get(event.key);
    return record === undefined ? undefined : reviveEvent<E>(record);
  }

  /** Refuses events after the stream's end, except repeats of known keys. */
  #refuseUnknown(snapshots: readonly E[], from: number): void {
    for (let index = from; index < snapshots.length; index++) {
      const { key } = snapshots[index] as E;
      const isKnown =
        key !== undefined && (this.#keys.has(key) || snapshots.findIndex((event) => event.key === key) < index);
      if (isKnown) continue;
      throw streamCompleted();
    }
  }

  #append(snapshot: E): StoredEvent<E> {
    const stored = withId(snapshot, this.#lastId + 1);
    const { id, type, key } = stored;
    const record = { id, type, key, text: dataText(stored) };
    this.#lastId = id;
    this.#records.push(record);
    this.#bytes += record.text.length;
    if (key !== undefined) this.#keys.set(key, record);
    if (type === END_EVENT_TYPE) this.#completed = true;
    while (
      this.#records.length - this.#offset > this.#maxEvents ||
      (this.#bytes > this.#maxBytes && this.#firstId < this.#lastId)
    ) {
      this.#dropFirst();
    }
    return stored;
  }

  #dropFirst(): void {
    const dropped = this.#records[this.#offset] as EventRecord;
    this.#records[this.#offset] = undefined;
    this.#offset++;
    this.#bytes -= dropped.text.length;
    if (dropped.key !== undefined) this.#keys.delete(dropped.key);
    // Cutting off only when half is waste keeps an append O(1) on average.
    if (this.#offset > 1024 && this.#offset * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#offset);
      this.#offset = 0;
    }
  }
}

/** The events that an append added, without repeats of known keys. */
function newOf<E extends StreamEvent>(stored: readonly StoredEvent<E>[], afterId: number): StoredEvent<E>[] {
  let lastId = afterId;
  return stored.filter(({ id }) => {
    const isNew = id > lastId;
    if (isNew) lastId = id;
    return isNew;
  });
}
