import { type ErrorListener, SSETargetError } from "../../util/errors.ts";
import type { EndData } from "../../event/event.ts";
import type { SpanEvent } from "../events.ts";

/**
 * Where span events go: a function, or anything one can dispatch to, such as an `SSETarget`. `complete` ends the stream, for `Tracer.run`;
 * a sink without it has no end.
 */
export type SpanEventSink =
  | ((event: SpanEvent) => unknown)
  | { dispatchEvent(event: SpanEvent): unknown; complete?(end: EndData): unknown };

/** Bounds of a delivery. */
export interface DeliveryLimits {
  readonly maxSinkDelayMs: number;
  readonly maxPendingEvents: number;
}

const MAX_DEPTH = 16;

/** What can go wrong with a sink. Each is reported once until it has passed. */
type Trouble = "failing" | "stalled" | "overflowing";

/**
 * Hands events to a sink that may throw, reject, hang or be slow, and never lets that out.
 *
 * The sink is called at once and in order; calls do not wait for one another. A wait for a call ends with it or after
 * `maxSinkDelayMs`. From then on the delivery is stalled and nobody waits, until all calls have settled that were
 * outstanding at that moment: a sink that hangs costs the bound once, not once per span.
 */
export class SpanDelivery {
  readonly #sink: SpanEventSink;
  readonly #limits: DeliveryLimits;
  readonly #onError: ErrorListener;
  readonly #troubles = new Set<Trouble>();
  readonly #waiting = new Set<() => void>();
  #calls = 0;
  readonly #outstanding = new Set<Promise<void>>();
  /** How many calls of the sink are inside one another: it may itself open spans. */
  #depth = 0;
  /** The last call that was outstanding when the delivery stalled. */
  #stalledAt = 0;
  #stalledCalls = 0;

  constructor(sink: SpanEventSink, limits: DeliveryLimits, onError: ErrorListener) {
    this.#sink = sink;
    this.#limits = limits;
    this.#onError = onError;
  }

  /** Calls the sink. The answer is undefined where that was all, else a promise that never rejects and settles with the call. */
  send(event: SpanEvent): Promise<void> | undefined {
    // The shape of the tree matters more than what is said in it.
    const isShape = event.type === "started" || event.type === "ended";
    const limit = isShape ? this.#limits.maxPendingEvents * 2 : this.#limits.maxPendingEvents;
    if (this.#outstanding.size >= limit || this.#depth >= MAX_DEPTH) {
      this.#report("overflowing", () => this.#overflowError());
      return undefined;
    }
    let answer: unknown;
    this.#depth += 1;
    try {
      answer = typeof this.#sink === "function" ? this.#sink(event) : this.#sink.dispatchEvent(event);
      if (!isThenable(answer)) {
        this.#troubles.delete("failing");
        return undefined;
      }
    } catch (error) {
      this.#report("failing", () => error);
      return undefined;
    } finally {
      this.#depth -= 1;
    }
    return this.#track(answer, (error) => this.#report("failing", () => error));
  }

  /**
   * Ends the sink's stream once all calls that are outstanding now have settled, or the bound has passed. Settles with that, or after the bound.
   * A sink whose end fails has lost what viewers wait for, so that is reported each time.
   */
  async complete(end: EndData): Promise<void> {
    await this.wait(this.#outstanding.size === 0 ? undefined : Promise.all(this.#outstanding).then(() => {}));
    let answer: unknown;
    try {
      answer = typeof this.#sink === "function" ? undefined : this.#sink.complete?.(end);
      if (!isThenable(answer)) return;
    } catch (error) {
      this.#onError(error);
      return;
    }
    await this.wait(this.#track(answer, this.#onError));
  }

  /** A promise of the call's end or of the bound's, whichever is first; undefined where there is nothing to wait for. */
  wait(settled: Promise<void> | undefined): Promise<void> | undefined {
    const { maxSinkDelayMs } = this.#limits;
    if (settled === undefined || maxSinkDelayMs === 0 || this.#troubles.has("stalled")) return undefined;
    return new Promise((resolve) => {
      const release = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(release);
        resolve();
      };
      const timer = setTimeout(() => this.#stall(), maxSinkDelayMs);
      this.#waiting.add(release);
      void settled.then(release);
    });
  }

  /** Counts the call as outstanding until it settles. The promise never rejects. */
  #track(answer: PromiseLike<unknown>, onFailure: ErrorListener): Promise<void> {
    const call = ++this.#calls;
    // Not `answer.then`: of a foreign thenable it may throw, or call back twice.
    const settled = Promise.resolve(answer).then(
      () => {
        this.#troubles.delete("failing");
        this.#settle(settled, call);
      },
      (error: unknown) => {
        onFailure(error);
        this.#settle(settled, call);
      },
    );
    this.#outstanding.add(settled);
    return settled;
  }

  #settle(settled: Promise<void>, call: number): void {
    this.#outstanding.delete(settled);
    // Not at the first free place: a sink that stays at its bound would be reported for every second event.
    if (this.#outstanding.size <= this.#limits.maxPendingEvents / 2) this.#troubles.delete("overflowing");
    if (!this.#troubles.has("stalled") || call > this.#stalledAt) return;
    this.#stalledCalls -= 1;
    if (this.#stalledCalls === 0) this.#troubles.delete("stalled");
  }

  #stall(): void {
    this.#stalledAt = this.#calls;
    this.#stalledCalls = this.#outstanding.size;
    this.#report("stalled", () => this.#stallError());
    for (const release of this.#waiting) release();
  }

  #report(trouble: Trouble, error: () => unknown): void {
    if (this.#troubles.has(trouble)) return;
    this.#troubles.add(trouble);
    this.#onError(error());
  }

  #stallError(): SSETargetError {
    const { maxSinkDelayMs } = this.#limits;
    return new SSETargetError(
      "timeout",
      `the span sink did not answer within ${maxSinkDelayMs} ms (\`maxSinkDelayMs\`); spans no longer wait for it until it does`,
    );
  }

  #overflowError(): SSETargetError {
    const { maxPendingEvents } = this.#limits;
    return new SSETargetError(
      "too-many-pending",
      `${maxPendingEvents} span events are waiting for their sink (\`maxPendingEvents\`); new ones are dropped until it catches up`,
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value;
}
