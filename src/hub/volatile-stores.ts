import { END_EVENT_TYPE, type StreamEvent } from "../event/event.ts";
import { MemoryEventStore } from "../store/memory-event-store.ts";

const MAX_STORE_BYTES = 4 * 1024 * 1024;
const MAX_REMEMBERED = 100_000;

interface Remains {
  readonly lastId: number;
  readonly isCompleted: boolean;
}

/**
 * The stores of a hub that was given none. They are gone when their stream is put away; what is remembered of each is
 * how far it had come and whether it had ended, so that one who comes later is told that something is missing, and a
 * stream that has ended stays so.
 */
export class VolatileStores<E extends StreamEvent> {
  readonly #stores = new Map<string, MemoryEventStore<E>>();
  readonly #remains = new Map<string, Remains>();

  make(name: string): MemoryEventStore<E> {
    const remains = this.#remains.get(name);
    const startAfterId = remains === undefined ? 0 : remains.isCompleted ? remains.lastId - 1 : remains.lastId;
    const store = new MemoryEventStore<E>({ maxBytes: MAX_STORE_BYTES, startAfterId });
    // Takes effect at once: the memory store waits for nothing.
    if (remains?.isCompleted === true)
      void store.append([{ type: END_EVENT_TYPE, key: END_EVENT_TYPE } as StreamEvent as E]);
    this.#stores.set(name, store);
    return store;
  }

  putAway(name: string): void {
    const store = this.#stores.get(name);
    this.#stores.delete(name);
    if (store === undefined || store.lastId === 0) return;
    this.#remains.delete(name);
    this.#remains.set(name, { lastId: store.lastId, isCompleted: store.isCompleted });
    if (this.#remains.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#remains.keys()) {
      this.#remains.delete(oldest);
      return;
    }
  }
}
