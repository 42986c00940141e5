import { type ErrorListener, SSETargetError } from "../../util/errors.ts";
import type { AttributeLimits } from "./attributes.ts";
import type { SpanDelivery } from "./delivery.ts";
import type { SpanEvent, SpanStatus } from "../events.ts";
import type { FailureOptions } from "./failure.ts";
import type { TimeInput } from "./handle.ts";
import { randomSpanId } from "../ids.ts";

/** A tracer's options with defaults. */
export interface SpanSettings extends AttributeLimits, FailureOptions {
  readonly minUpdateIntervalMs: number;
  readonly isInterruption: (error: unknown) => boolean;
  /** Undefined: not known. */
  readonly attempt: number | undefined;
  /** Undefined: the system's clock. */
  readonly now: (() => number) | undefined;
}

/** Milliseconds since the epoch. */
export type Clock = () => number;

/**
 * The system's time when the clock was created, plus the time since. Changes of the system's clock do not change the
 * duration of spans.
 * @see https://www.w3.org/TR/hr-time-3/#sec-monotonic-clock
 */
function steadyClock(): Clock {
  const aheadMs = Date.now() - performance.now();
  return () => Math.round(aheadMs + performance.now());
}

/** Number of span ids whose openings are counted. The one opened longest ago is dropped; its next attempt counts as the first. */
const MAX_IDS = 10_000;

/** Identifies one opening of a span. */
export interface Opening {
  readonly attempt: number;
  readonly run: string;
}

/** Counts how often this process has opened each span, and names each opening: another process can open it again. */
class SpanOpenings {
  readonly #counts = new Map<string, number>();
  #process: string | undefined;
  #openings = 0;

  open(spanId: string): Opening {
    const attempt = (this.#counts.get(spanId) ?? 0) + 1;
    // Reinserted at the end: it is the newest.
    this.#counts.delete(spanId);
    this.#counts.set(spanId, attempt);
    if (this.#counts.size > MAX_IDS) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#process ??= randomSpanId();
    this.#openings += 1;
    return { attempt, run: `${this.#process}.${this.#openings}` };
  }
}

/** What all spans of one tracer share. Nothing here throws: instrumentation must not break the user's work. */
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

  /** Sends the event. To wait until it is stored, pass the result to `stored`. */
  emit(event: SpanEvent): Promise<void> | undefined {
    return this.#delivery.send(event);
  }

  /** Settles once the event is stored, has failed or has timed out; undefined if there is nothing to wait for. */
  stored(settled: Promise<void> | undefined): Promise<void> | undefined {
    return this.#delivery.wait(settled);
  }

  /** Ends the sink's stream with the status of a span. Never rejects. */
  complete(status: SpanStatus): Promise<void> {
    if (status.code === "OK") return this.#delivery.complete({ reason: "completed" });
    const { message } = status;
    return this.#delivery.complete(message === undefined ? { reason: "failed" } : { reason: "failed", message });
  }

  /** Identifies this opening of a span whose id can be used again, if no attempt is known. */
  open(spanId: string): Opening {
    return this.#openings.open(spanId);
  }

  /** The clock of an outermost span and all spans within it. */
  newClock(): Clock {
    const { now } = this.settings;
    const systemClock = steadyClock();
    return now === undefined ? systemClock : () => this.#readClock(now) ?? systemClock();
  }

  reportLateCall(spanName: string, method: string): void {
    const what = `\`${method}\` was called on span ${JSON.stringify(spanName)} after its end, and ignored`;
    this.#onError(new SSETargetError("closed", `${what}; await the work before the span ends`));
  }

  reportDroppedAttribute(spanName: string, attribute: string, reason: string): void {
    this.#reportOnce("attribute", () => {
      const what = `attribute ${JSON.stringify(attribute)} of span ${JSON.stringify(spanName)} was dropped: ${reason}`;
      return new SSETargetError("unserializable-data", `${what}; send only what JSON can carry`);
    });
  }

  /** The result of the user's callback; `fallback` if it throws. */
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

/** ISO 8601 with milliseconds, in UTC; undefined if the input is not a time. */
export function isoTime(time: TimeInput): string | undefined {
  try {
    return new Date(time).toISOString();
  } catch {
    return undefined;
  }
}
