import { checkEvent } from "../event/check-event.ts";
import { END_EVENT_TYPE, type EndData, type StreamEvent, type StoredEvent } from "../event/event.ts";
import { checkAppended } from "../store/check-log.ts";
import type { EventLog } from "../store/event-log.ts";
import { SSETargetError } from "../util/errors.ts";
import { readOptions } from "../util/options.ts";
import type { Listeners } from "./listeners.ts";

/** Limits of one writer; SSETargetOptions documents each. */
export interface WriterLimits {
  readonly maxEventBytes: number;
  readonly maxPendingEvents: number;
  readonly maxPendingBytes: number;
}

/** Writes to one stream: checks events, calls the listeners, bounds what is pending, and appends to the log. */
export class StreamWriter<E extends StreamEvent> {
  readonly #stream: string;
  readonly #log: EventLog<E>;
  readonly #listeners: Listeners<E>;
  readonly #limits: WriterLimits;
  #pendingEvents = 0;
  #pendingBytes = 0;
  #hasStored = false;
  #isClosed = false;
  #onSettled: (() => void) | undefined;

  constructor(stream: string, log: EventLog<E>, listeners: Listeners<E>, limits: WriterLimits) {
    this.#stream = stream;
    this.#log = log;
    this.#listeners = listeners;
    this.#limits = limits;
  }

  /** How many events the log has not stored yet. */
  get pendingEvents(): number {
    return this.#pendingEvents;
  }

  /** Whether the log was given any event. */
  get hasStored(): boolean {
    return this.#hasStored;
  }

  /**
   * Stores one event; `undefined` if a listener prevented it. This is the most frequent call: a promise around that of
   * the log would cost more than everything else here, so what is wrong with the event is thrown, not rejected with.
   *
   * @throws SSETargetError what is wrong with the event, `closed`, and as a rejection `too-many-pending`,
   * `store-contract`, and whatever the log rejects with
   */
  dispatchEvent(event: E): Promise<StoredEvent<E> | undefined> {
    this.#checkOpen();
    const checked = checkEvent(event, this.#limits.maxEventBytes);
    if (!this.#listeners.call(checked.event, this.#stream)) return NOTHING;
    return this.#appendOne(checked.event, checked.bytes);
  }

  /** Stores several events, in order and as one append. */
  async dispatchEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    const checked = events.map((event) => checkEvent(event, this.#limits.maxEventBytes));
    const wanted: E[] = [];
    let bytes = 0;
    for (const each of checked) {
      if (!this.#listeners.call(each.event, this.#stream)) continue;
      wanted.push(each.event);
      bytes += each.bytes;
    }
    if (wanted.length === 0) return [];
    this.#admit(wanted.length, bytes);
    try {
      return checkAppended(await this.#log.append(wanted), wanted.length);
    } finally {
      this.#release(wanted.length, bytes);
    }
  }

  /** Stores the end. */
  async complete(given?: EndData): Promise<void> {
    this.#checkOpen();
    const { reason, message } = readOptions("complete", given, { reason: true, message: true });
    // The key makes a second call, and a call in another process, return the end that is already there.
    const end: StreamEvent & EndData = {
      type: END_EVENT_TYPE,
      key: END_EVENT_TYPE,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
    await this.#appendOne(end as E, 0);
  }

  /** Resolves when nothing is pending. */
  async settled(): Promise<void> {
    if (this.#pendingEvents > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  /** Takes no more events; resolves when those that are pending are stored or refused. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.settled();
  }

  async #appendOne(event: E, bytes: number): Promise<StoredEvent<E>> {
    this.#admit(1, bytes);
    try {
      return checkAppended(await this.#log.append([event]), 1)[0] as StoredEvent<E>;
    } finally {
      this.#release(1, bytes);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the target has been closed; it takes no more events");
  }

  #admit(count: number, bytes: number): void {
    this.#hasStored = true;
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

const NOTHING = Promise.resolve(undefined);
