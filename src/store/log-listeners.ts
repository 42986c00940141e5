import type { StreamEvent } from "../event/event.ts";
import type { AppendNotice, LogListener, LogWatch } from "./event-log.ts";

/** Those who watch a log in this process. */
export class LogListeners<E extends StreamEvent> implements LogListener<E> {
  readonly #entries = new Set<{ readonly listener: LogListener<E> }>();

  get size(): number {
    return this.#entries.size;
  }

  add(listener: LogListener<E>): LogWatch {
    // A new object each time, so that one listener can watch twice and close each watch separately.
    const entry = { listener };
    this.#entries.add(entry);
    return { close: () => void this.#entries.delete(entry) };
  }

  appended(notice: AppendNotice<E>): void {
    for (const { listener } of this.#entries) listener.appended(notice);
  }

  changed(): void {
    for (const { listener } of this.#entries) listener.changed();
  }
}
