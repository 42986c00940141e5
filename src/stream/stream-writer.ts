import type { StreamEvent, StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { checkAppended } from "../store/check-log.ts";
import type { EventLog } from "../store/event-log.ts";

/** Limits of one writer; SSETargetOptions documents each. */
export interface WriterLimits {
  readonly maxPendingEvents: number;
  readonly maxPendingBytes: number;
}

/** Appends to a log: bounds what is pending, and checks what the log returned. */
export class StreamWriter<E extends StreamEvent> {
  readonly #log: EventLog<E>;
  readonly #limits: WriterLimits;
  #pendingEvents = 0;
  #pendingBytes = 0;
  #onSettled: (() => void) | undefined;

  constructor(log: EventLog<E>, limits: WriterLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  /** How many events the log has not stored yet. */
  get pendingEvents(): number {
    return this.#pendingEvents;
  }

  /**
   * Stores events, in order. `bytes` is the size of their JSON together.
   *
   * @throws SSETargetError `too-many-pending`, `store-contract`, and whatever the log rejects with
   */
  async append(events: readonly E[], bytes: number): Promise<readonly StoredEvent<E>[]> {
    this.#admit(events.length, bytes);
    try {
      return checkAppended(await this.#log.append(events), events.length);
    } finally {
      this.#release(events.length, bytes);
    }
  }

  /** The same for one event, which is the most frequent call: a second promise around {@link append} would cost more. */
  async appendOne(event: E, bytes: number): Promise<StoredEvent<E>> {
    this.#admit(1, bytes);
    try {
      return checkAppended(await this.#log.append([event]), 1)[0] as StoredEvent<E>;
    } finally {
      this.#release(1, bytes);
    }
  }

  /** Resolves when nothing is pending. */
  async settled(): Promise<void> {
    if (this.#pendingEvents > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  #admit(count: number, bytes: number): void {
    const { maxPendingEvents, maxPendingBytes } = this.#limits;
    // A single event is always admitted when nothing is pending, however large it is.
    const isFirst = this.#pendingEvents === 0 && count === 1;
    const isTooMuch = this.#pendingEvents + count > maxPendingEvents || this.#pendingBytes + bytes > maxPendingBytes;
    if (isTooMuch && !isFirst) {
      throw new SSETargetError(
        "too-many-pending",
        `the store has ${this.#pendingEvents} events (${this.#pendingBytes} bytes) still to store; wait for \`dispatchEvent\` before dispatching ${count} more, or raise \`maxPendingEvents\` (${maxPendingEvents}) or \`maxPendingBytes\` (${maxPendingBytes})`,
      );
    }
    this.#pendingEvents += count;
    this.#pendingBytes += bytes;
  }

  #release(count: number, bytes: number): void {
    this.#pendingEvents -= count;
    this.#pendingBytes -= bytes;
    if (this.#pendingEvents === 0) this.#onSettled?.();
  }
}
