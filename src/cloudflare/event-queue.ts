import { type Backoff, retry } from "../util/retry.ts";
import { withResolvers, within } from "../util/timers.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { dataText, snapshotEvent } from "../event/event.ts";
import { type OptionNames, wholeNumberOption } from "../util/options.ts";
import type { SpanEvent } from "../trace/events.ts";

/** The bounds of what a dispatcher holds and of how long it tries. */
export interface EventQueueOptions {
  /** The most events in one call. A batch that is full does not wait. @defaultValue 256 */
  readonly maxBatchEvents?: number;
  /** The most JSON in one call, in bytes; one event above it travels alone. @defaultValue 524_288 (512 KiB) */
  readonly maxBatchBytes?: number;
  /**
   * The most events held per instance. Beyond it `updated` and `log` events are refused, and a `started` or `ended`
   * takes the place of the oldest of them; where there is none it is refused as well (`too-many-pending`).
   * @defaultValue 10_000
   */
  readonly maxPendingEvents?: number;
  /** The most JSON held per instance, in bytes; beyond it as with `maxPendingEvents`. @defaultValue 8_388_608 (8 MiB) */
  readonly maxPendingBytes?: number;
  /** The largest event, in bytes of its JSON; a larger one is refused with `event-too-large`. @defaultValue 1_048_576 (1 MiB) */
  readonly maxEventBytes?: number;
  /** How long one call may take before it counts as failed, in milliseconds. @defaultValue 10_000 */
  readonly callTimeoutMs?: number;
  /**
   * For how long a failing call is made again, in milliseconds. After that the events rest (and are reported) until the
   * next event or flush. Kept below the 30 s that `waitUntil` has after the end. @defaultValue 20_000
   */
  readonly retryForMs?: number;
}

/** The names of {@link EventQueueOptions}. */
export const QUEUE_OPTIONS: OptionNames<EventQueueOptions> = {
  maxBatchEvents: true,
  maxBatchBytes: true,
  maxPendingEvents: true,
  maxPendingBytes: true,
  maxEventBytes: true,
  callTimeoutMs: true,
  retryForMs: true,
};

export type EventQueueLimits = Required<EventQueueOptions> & { readonly batchMs: number };

/** @throws SSETargetError `invalid-option` */
export function eventQueueLimits(options: EventQueueOptions & { readonly batchMs: number }): EventQueueLimits {
  return {
    batchMs: wholeNumberOption("batchMs", options.batchMs, 100, 0),
    maxBatchEvents: wholeNumberOption("maxBatchEvents", options.maxBatchEvents, 256, 1),
    maxBatchBytes: wholeNumberOption("maxBatchBytes", options.maxBatchBytes, 512 * 1024, 1),
    maxPendingEvents: wholeNumberOption("maxPendingEvents", options.maxPendingEvents, 10_000, 1),
    maxPendingBytes: wholeNumberOption("maxPendingBytes", options.maxPendingBytes, 8 * 1024 * 1024, 1),
    maxEventBytes: wholeNumberOption("maxEventBytes", options.maxEventBytes, 1024 * 1024, 1),
    callTimeoutMs: wholeNumberOption("callTimeoutMs", options.callTimeoutMs, 10_000, 1),
    retryForMs: wholeNumberOption("retryForMs", options.retryForMs, 20_000, 0),
  };
}

/** What a queue needs of its surroundings. */
export interface EventQueueHost {
  /** Carries one batch. A rejection means that it may or may not have arrived; it is carried again. */
  deliver(events: readonly SpanEvent[]): Promise<void>;
  readonly onError: ErrorListener;
  /** The promise settles when the queue has nothing more to do. */
  onBusy(promise: Promise<void>): void;
  /** The queue holds nothing any more and may be forgotten. */
  onIdle(): void;
}

interface Entry {
  readonly event: SpanEvent;
  readonly bytes: number;
  readonly delivered: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const BACKOFF: Backoff = { minMs: 100, maxMs: 5_000 };

/** The events of one instance on their way: one call at a time, in order, again and again until it succeeds. */
export class EventQueue {
  readonly #limits: EventQueueLimits;
  readonly #host: EventQueueHost;
  /** Undelivered events in order; the first `#inFlight` of them are in the call under way. */
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #inFlight = 0;
  /** Settles when the queue is empty or has given up for now. */
  #drained: Promise<void> | undefined;
  /** How many of the first entries a flush is waiting for: they do not wait for company. */
  #urgent = 0;
  #wake: (() => void) | undefined;

  constructor(limits: EventQueueLimits, host: EventQueueHost) {
    this.#limits = limits;
    this.#host = host;
  }

  /**
   * Queues an event. `delivered` rejects where trying was given up; the event stays queued for the next occasion.
   * @throws SSETargetError `too-many-pending`, `event-too-large`, `unserializable-data`
   */
  push(event: SpanEvent): { readonly delivered: Promise<void> } {
    const text = dataText(snapshotEvent(event));
    const bytes = utf8Length(text);
    if (bytes > this.#limits.maxEventBytes) {
      throw new SSETargetError(
        "event-too-large",
        `the event has ${bytes} bytes of JSON, more than \`maxEventBytes\` (${this.#limits.maxEventBytes}); put less into its attributes`,
      );
    }
    // A deep copy now: what the caller changes later must not change what was said, and only what is plain can be sent.
    const snapshot = { ...(JSON.parse(text) as object), type: event.type } as SpanEvent;
    this.#makeRoom(snapshot, bytes);
    const { promise: delivered, resolve, reject } = withResolvers();
    // Those who do not wait for the delivery are told of failures through `onError`.
    delivered.catch(() => {});
    this.#entries.push({ event: snapshot, bytes, delivered, resolve, reject });
    this.#bytes += bytes;
    this.#start();
    return { delivered };
  }

  /** Resolves when everything that is queued now has been delivered, or trying was given up. Never rejects. */
  async flush(): Promise<void> {
    if (this.#entries.length === 0) return;
    this.#urgent = this.#entries.length;
    this.#start();
    this.#wake?.();
    await this.#drained;
  }

  #makeRoom(event: SpanEvent, bytes: number): void {
    const { maxPendingEvents, maxPendingBytes } = this.#limits;
    const isFull = (): boolean =>
      this.#entries.length >= maxPendingEvents || (this.#entries.length > 0 && this.#bytes + bytes > maxPendingBytes);
    while (isFull()) {
      const index = isPassing(event)
        ? -1
        : this.#entries.findIndex((entry, place) => place >= this.#inFlight && isPassing(entry.event));
      const refused = new SSETargetError(
        "too-many-pending",
        `${this.#entries.length} events (${this.#bytes} bytes) wait to be delivered, the limits are \`maxPendingEvents\` ${maxPendingEvents} and \`maxPendingBytes\` ${maxPendingBytes}`,
      );
      const [dropped] = index === -1 ? [] : this.#entries.splice(index, 1);
      if (dropped === undefined) throw refused;
      this.#bytes -= dropped.bytes;
      dropped.reject(refused);
      this.#host.onError(refused);
    }
  }

  #start(): void {
    if (this.#drained !== undefined) {
      if (this.#isBatchFull()) this.#wake?.();
      return;
    }
    this.#drained = this.#drain();
    this.#host.onBusy(this.#drained);
  }

  async #drain(): Promise<void> {
    // Also lets what is dispatched in the same turn travel together.
    await Promise.resolve();
    while (this.#entries.length > 0) {
      await this.#gather();
      const batch = this.#nextBatch();
      this.#inFlight = batch.length;
      const error = await this.#deliver(batch.map((entry) => entry.event));
      this.#inFlight = 0;
      if (error !== undefined) {
        this.#drained = undefined;
        for (const entry of batch) entry.reject(error);
        this.#host.onError(error);
        return;
      }
      this.#entries.splice(0, batch.length);
      this.#urgent = Math.max(0, this.#urgent - batch.length);
      for (const entry of batch) {
        this.#bytes -= entry.bytes;
        entry.resolve();
      }
    }
    this.#drained = undefined;
    this.#host.onIdle();
  }

  /** Waits until the batch should go: it is full, someone flushes, or `batchMs` are over. */
  async #gather(): Promise<void> {
    if (this.#limits.batchMs === 0 || this.#urgent > 0 || this.#isBatchFull()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#limits.batchMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #isBatchFull(): boolean {
    return this.#entries.length >= this.#limits.maxBatchEvents || this.#bytes >= this.#limits.maxBatchBytes;
  }

  #nextBatch(): readonly Entry[] {
    let bytes = 0;
    const end = this.#entries.findIndex((entry, place) => {
      bytes += entry.bytes;
      return place > 0 && (place >= this.#limits.maxBatchEvents || bytes > this.#limits.maxBatchBytes);
    });
    return end === -1 ? this.#entries.slice() : this.#entries.slice(0, end);
  }

  /** The error if `retryForMs` was not enough. */
  async #deliver(events: readonly SpanEvent[]): Promise<SSETargetError | undefined> {
    const { retryForMs, callTimeoutMs } = this.#limits;
    const call = () =>
      within(this.#host.deliver(events), callTimeoutMs, () => {
        throw new SSETargetError("timeout", `the call did not answer within \`callTimeoutMs\` (${callTimeoutMs} ms)`);
      });
    const giveUp = (cause: unknown, attempts: number) =>
      new SSETargetError(
        "timeout",
        `${events.length} span events could not be delivered within \`retryForMs\` (${retryForMs} ms, ${attempts} calls); they wait for the next event or flush`,
        { cause },
      );
    return retry(call, { forMs: retryForMs, backoff: BACKOFF, onGiveUp: giveUp }).then(
      () => undefined,
      (error: unknown) => error as SSETargetError,
    );
  }
}

/** Events that the next of their kind makes up for, or whose loss leaves the tree whole. */
function isPassing(event: SpanEvent): boolean {
  return event.type === "updated" || event.type === "log";
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
