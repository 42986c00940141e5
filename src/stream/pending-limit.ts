import { SSETargetError } from "../util/errors.ts";

/** Counts what is on its way to a store, and refuses more than a bound of it. */
export class PendingLimit {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #events = 0;
  #bytes = 0;
  #onSettled: (() => void) | undefined;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  get events(): number {
    return this.#events;
  }

  /** @throws SSETargetError `too-many-pending`; nothing is counted then */
  admit(count: number, bytes: number): void {
    // A single event is always taken where nothing is under way, however large.
    const isFirst = this.#events === 0 && count === 1;
    if (!isFirst && (this.#events + count > this.#maxEvents || this.#bytes + bytes > this.#maxBytes)) {
      throw new SSETargetError(
        "too-many-pending",
        `the store has ${this.#events} events (${this.#bytes} bytes) still to store; wait for \`dispatchEvent\` before dispatching ${count} more, or raise \`maxPendingEvents\` (${this.#maxEvents}) or \`maxPendingBytes\` (${this.#maxBytes})`,
      );
    }
    this.#events += count;
    this.#bytes += bytes;
  }

  release(count: number, bytes: number): void {
    this.#events -= count;
    this.#bytes -= bytes;
    if (this.#events === 0) this.#onSettled?.();
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    if (this.#events > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }
}
