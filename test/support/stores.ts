import type { EventStore, StreamEvent, StoredEvent } from "ssetarget";
import { turns } from "./test-client.ts";

/** A store as a third party writes it on a Sunday: two methods, slow, and its calls overtake one another. */
export class TwoMethodStore<E extends StreamEvent> implements EventStore<E> {
  readonly events: StoredEvent<E>[] = [];
  readonly #delays: () => number;
  #lastId = 0;

  constructor(delays: () => number = () => 0) {
    this.#delays = delays;
  }

  async storeEvent(event: E): Promise<StoredEvent<E>> {
    const stored = { ...structuredClone(event), id: ++this.#lastId };
    await turns(this.#delays());
    this.events.push(stored);
    return stored;
  }

  /** What an engine without persistence does when it is restarted. */
  lose(): void {
    this.events.length = 0;
    this.#lastId = 0;
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    const events = this.events.filter((event) => event.id > afterId).toSorted((a, b) => a.id - b.id);
    await turns(this.#delays());
    return events;
  }
}
