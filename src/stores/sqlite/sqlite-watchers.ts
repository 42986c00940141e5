import type { StreamEvent } from "../../event/event.ts";
import type { AppendNotice, LogListener, LogWatch } from "../../store/event-log.ts";
import { LogListeners } from "../../store/log-listeners.ts";
import type { ErrorListener } from "../../util/errors.ts";
import { unavailable } from "./sqlite-database.ts";
import type { SqliteHistory } from "./sqlite-history.ts";

/** A watched stream, with its extent at the last notice. */
interface Watched<E extends StreamEvent> {
  readonly listeners: LogListeners<E>;
  epoch: string | undefined;
  firstId: number;
  lastId: number;
}

/**
 * The streams of a file that are watched in this process. What this process appends is notified at once, with the events.
 * What other processes did is found by polling one counter of the whole file; if it has moved, each watched stream's
 * extent is compared.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_data_version
 */
export class SqliteWatchers<E extends StreamEvent> {
  readonly #history: SqliteHistory;
  readonly #pollMs: number;
  readonly #onError: ErrorListener;
  readonly #streams = new Map<string, Watched<E>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #dataVersion = 0;

  constructor(history: SqliteHistory, pollMs: number, onError: ErrorListener) {
    this.#history = history;
    this.#pollMs = pollMs;
    this.#onError = onError;
  }

  watch(name: string, listener: LogListener<E>): LogWatch {
    // Before the extent is read: what is written in between must move the counter.
    const version = this.#history.dataVersion();
    const watched = this.#streams.get(name) ?? { listeners: new LogListeners<E>(), ...this.#extent(name) };
    this.#streams.set(name, watched);
    const watch = watched.listeners.add(listener);
    if (this.#timer === undefined) {
      this.#dataVersion = version;
      this.#timer = setInterval(() => this.#poll(), this.#pollMs);
    }
    return {
      close: () => {
        watch.close();
        if (watched.listeners.size === 0 && this.#streams.get(name) === watched) this.#streams.delete(name);
        if (this.#streams.size === 0) this.#stopPolling();
      },
    };
  }

  appended(name: string, notice: AppendNotice<E>): void {
    const watched = this.#streams.get(name);
    const last = notice.events?.at(-1);
    if (watched === undefined || last === undefined) return;
    watched.epoch = notice.epoch;
    watched.lastId = last.id;
    watched.listeners.appended(notice);
  }

  changed(name: string): void {
    const watched = this.#streams.get(name);
    if (watched === undefined) return;
    Object.assign(watched, this.#extent(name));
    watched.listeners.changed();
  }

  /** Notifies of every stream whose extent is another than at the last notice. */
  compareAll(): void {
    for (const [name, watched] of Array.from(this.#streams)) {
      const { epoch, firstId, lastId } = watched;
      const now = this.#extent(name);
      Object.assign(watched, now);
      const isOther = (epoch !== undefined && epoch !== now.epoch) || firstId !== now.firstId || lastId > now.lastId;
      if (isOther) watched.listeners.changed();
      else if (lastId < now.lastId) watched.listeners.appended({ afterId: lastId, epoch: now.epoch });
    }
  }

  close(): void {
    this.#stopPolling();
    this.#streams.clear();
  }

  #extent(name: string): Omit<Watched<E>, "listeners"> {
    const row = this.#history.stream(name);
    return { epoch: row?.epoch, firstId: row?.first_id ?? 1, lastId: row?.last_id ?? 0 };
  }

  #poll(): void {
    try {
      this.#history.checkFile();
    } catch {
      // `onError` has been called. Whoever reads now gets the rejection.
      const streams = Array.from(this.#streams.values());
      this.close();
      for (const { listeners } of streams) listeners.changed();
      return;
    }
    try {
      const version = this.#history.dataVersion();
      if (version === this.#dataVersion) return;
      this.#dataVersion = version;
      this.compareAll();
    } catch (error) {
      this.#onError(unavailable(error));
    }
  }

  #stopPolling(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
