/**
 * The server's clock, as far as a browser can tell from events alone.
 *
 * `arrival - timestamp` of an event is the difference of the two clocks plus the event's age. The age is at
 * least zero and small for an event that comes live, so the smallest value seen is the best estimate. A
 * replayed event may be hours old; it can only prove that the server's clock is ahead.
 */
export class ServerClock {
  readonly #clock: () => number;
  #smallestReplayed = 0;
  #smallestLive = Number.POSITIVE_INFINITY;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** @param timestamp - Of an event that has just arrived, on the server's clock, in milliseconds since 1970. */
  observe(timestamp: number, isLive: boolean): void {
    const behindMs = this.#clock() - timestamp;
    if (!Number.isFinite(behindMs)) return;
    if (isLive) this.#smallestLive = Math.min(this.#smallestLive, behindMs);
    this.#smallestReplayed = Math.min(this.#smallestReplayed, behindMs);
  }

  /** Now, on the server's clock. */
  now(): number {
    const offsetMs = Number.isFinite(this.#smallestLive) ? this.#smallestLive : this.#smallestReplayed;
    return this.#clock() - offsetMs;
  }
}
