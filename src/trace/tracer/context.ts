import { type ErrorListener, SSETargetError } from "../../util/errors.ts";
import type { AttributeLimits } from "./attributes.ts";
import type { SpanDelivery } from "./delivery.ts";
import type { SpanEvent, SpanStatus } from "../events.ts";
import type { FailureOptions } from "./failure.ts";
import type { TimeInput } from "./handle.ts";
import { type Opening, SpanOpenings } from "./openings.ts";

/** A tracer's options with their defaults filled in. */
export interface SpanSettings extends AttributeLimits, FailureOptions {
  readonly minUpdateIntervalMs: number;
  readonly isInterruption: (error: unknown) => boolean;
  /** Undefined: not told. */
  readonly attempt: number | undefined;
  /** Undefined: the system's clock. */
  readonly now: (() => number) | undefined;
}

/** Milliseconds since the epoch. */
export type Clock = () => number;

/**
 * The system's time as it was set when the clock was made, which runs on whatever that is set to: spans last as long as they last.
 * @see https://www.w3.org/TR/hr-time-3/#sec-monotonic-clock
 */
function steadyClock(): Clock {
  const aheadMs = Date.now() - performance.now();
  return () => Math.round(aheadMs + performance.now());
}

/** What all spans of one tracer share. Nothing in here throws: it stands between instrumentation and the user's work. */
export class SpanContext {
  readonly traceId: string;
  readonly settings: SpanSettings;
  readonly #delivery: SpanDelivery;
  readonly #onError: ErrorListener;
  readonly #openings = new SpanOpenings();
  readonly #reported = new Set<"attribute" | "clock" | "callback">();

  constructor(traceId: string, delivery: SpanDelivery, settings: SpanSettings, onError: ErrorListener) {
    this.traceId = traceId;
    this.settings = settings;
    this.#delivery = delivery;
    this.#onError = onError;
  }

  /** Hands the event on. To be sure that it is stored, pass the answer to `stored`. */
  emit(event: SpanEvent): Promise<void> | undefined {
    return this.#delivery.send(event);
  }

  /** Settles once the event is stored, has failed or has taken too long; undefined where that is so already. */
  stored(settled: Promise<void> | undefined): Promise<void> | undefined {
    return this.#delivery.wait(settled);
  }

  /** Ends the sink's stream as a span has ended. Never rejects. */
  complete(status: SpanStatus): Promise<void> {
    if (status.code === "OK") return this.#delivery.complete({ reason: "completed" });
    const { message } = status;
    return this.#delivery.complete(message === undefined ? { reason: "failed" } : { reason: "failed", message });
  }

  /** What tells this opening of a span from others, if its id may be used again and no attempt is told. */
  open(spanId: string): Opening {
    return this.#openings.open(spanId);
  }

  /** The clock of an outermost span and all within it. */
  newClock(): Clock {
    const { now } = this.settings;
    const systemClock = steadyClock();
    return now === undefined ? systemClock : () => this.#readClock(now) ?? systemClock();
  }

  report(error: unknown): void {
    this.#onError(error);
  }

  reportDroppedAttribute(spanName: string, attribute: string, reason: string): void {
    this.#reportOnce("attribute", () => {
      const what = `attribute ${JSON.stringify(attribute)} of span ${JSON.stringify(spanName)} was dropped: ${reason}`;
      return new SSETargetError("unserializable-data", `${what}; send only what JSON can carry`);
    });
  }

  /** What the user's callback says; `fallback` where it throws. */
  ask<T>(callback: () => T, fallback: T): T {
    try {
      return callback();
    } catch (error) {
      this.#reportOnce("callback", () => error);
      return fallback;
    }
  }

  #readClock(now: () => number): number | undefined {
    const time = this.ask(now, NaN);
    if (isoTime(time) !== undefined) return time;
    this.#reportOnce(
      "clock",
      () =>
        new SSETargetError(
          "invalid-option",
          "`now` must return milliseconds since the epoch; the system's clock is used",
        ),
    );
    return undefined;
  }

  #reportOnce(trouble: "attribute" | "clock" | "callback", error: () => unknown): void {
    if (this.#reported.has(trouble)) return;
    this.#reported.add(trouble);
    this.#onError(error());
  }
}

/** ISO 8601 with milliseconds, in UTC; undefined for what is no time. */
export function isoTime(time: TimeInput): string | undefined {
  try {
    return new Date(time).toISOString();
  } catch {
    return undefined;
  }
}
