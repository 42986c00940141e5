import type { StreamEvent, StoredEvent } from "../../event/event.ts";
import type { EventBounds, EventLog, LogListener, LogWatch, PageLimits } from "../../store/event-log.ts";
import { SSETargetError } from "../../util/errors.ts";
import { unavailable } from "./sqlite-database.ts";
import type { SqliteHistory } from "./sqlite-history.ts";
import type { SqliteWatchers } from "./sqlite-watchers.ts";
import type { SqliteWriter } from "./sqlite-writer.ts";

/** What all streams of a file share. */
export interface SqliteFile<E extends StreamEvent> {
  readonly history: SqliteHistory;
  readonly writer: SqliteWriter<E>;
  readonly watchers: SqliteWatchers<E>;
}

/** One stream of a file. Made by `SqliteEventStores`; any number of them may be open for the same stream. */
export class SqliteEventStore<E extends StreamEvent> implements EventLog<E> {
  readonly #file: SqliteFile<E>;
  readonly #name: string;
  readonly #watches = new Set<LogWatch>();
  #isClosed = false;

  constructor(file: SqliteFile<E>, name: string) {
    this.#file = file;
    this.#name = name;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`, `store-unavailable`, `closed`; stores nothing then */
  append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return this.#isClosed ? Promise.reject(closed()) : this.#file.writer.append(this.#name, events);
  }

  async read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    return this.#ask(({ history }) => history.events<E>(this.#name, afterId, limits));
  }

  async bounds(): Promise<EventBounds> {
    return this.#ask(({ history }) => {
      const row = history.stream(this.#name);
      if (row === undefined) return { firstId: 1, lastId: 0, completed: false };
      return { firstId: row.first_id, lastId: row.last_id, epoch: row.epoch, completed: row.completed === 1 };
    });
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    const watch = this.#ask(({ watchers }) => watchers.watch(this.#name, listener));
    this.#watches.add(watch);
    return {
      close: () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  async trim(beforeId: number): Promise<void> {
    await this.#change(({ history }) => {
      const row = history.ownStream(this.#name);
      if (row !== undefined) history.trim(row, beforeId);
    });
  }

  async delete(): Promise<void> {
    await this.#change(({ history }) => {
      const row = history.ownStream(this.#name);
      if (row !== undefined) history.deleteStream(row);
    });
  }

  /** Closes its watches, and waits for what was given to it. Idempotent; the file stays open for other streams. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
    await this.#file.writer.settled();
  }

  async #change(change: (file: SqliteFile<E>) => void): Promise<void> {
    this.#checkOpen();
    // What was appended before belongs to what is dropped.
    await this.#file.writer.settled();
    this.#ask((file) => {
      file.history.transaction(() => change(file));
      file.watchers.changed(this.#name);
    });
  }

  #ask<T>(question: (file: SqliteFile<E>) => T): T {
    this.#checkOpen();
    try {
      return question(this.#file);
    } catch (error) {
      throw unavailable(error);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

function closed(): SSETargetError {
  return new SSETargetError("closed", "the store has been closed");
}
