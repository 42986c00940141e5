import type { OptionNames } from "../../util/options.ts";
import type { LogLevel, SpanKind, SpanProgress, SpanStatus } from "../events.ts";

/** A moment: milliseconds since the epoch, a `Date`, or ISO 8601. */
export type TimeInput = number | Date | string;

/**
 * A user's attributes: what JSON can carry. What it cannot never fails the work: bigints become decimal strings, NaN and the
 * infinities their names, and attributes with cycles or functions in them are dropped and reported through `onError`.
 */
export type AttributesInput = { readonly [name: string]: unknown };

/** What a span is, when it begins. */
export interface SpanOptions {
  /** What people read. */
  readonly name: string;
  /**
   * Give one that is the same each time the code is run again. Unless it is told its attempt, a span that is opened again is shown as a new attempt.
   * @defaultValue a random one of 16 hex digits
   */
  readonly spanId?: string;
  /** @defaultValue null on a tracer, the span's own id on a span */
  readonly parentSpanId?: string | null;
  readonly attributes?: AttributesInput;
  /** @defaultValue "internal" */
  readonly kind?: SpanKind;
  /**
   * Which attempt of this span it is, from 1; spans below have it too, unless this one is an `attempt` itself.
   * @defaultValue the one of the span above, else the tracer's; else a span that is opened again counts on
   */
  readonly attempt?: number;
  /** For `sleep` and `wait` spans: until when at the most. */
  readonly until?: TimeInput;
  /** For `wait` spans: the type of the event that is waited for. */
  readonly waitingFor?: string;
  /** @defaultValue now */
  readonly startTime?: TimeInput;
  /**
   * Makes the ids of spans opened below through handles, if they have none: for code that runs again and must reopen the
   * same spans. @defaultValue the function of the span above, else random ids
   */
  readonly idBelow?: (parentSpanId: string | null, kind: SpanKind, name: string) => string;
}

/** The names of {@link SpanOptions}. */
export const SPAN_OPTIONS: OptionNames<SpanOptions> = {
  name: true,
  spanId: true,
  parentSpanId: true,
  attributes: true,
  kind: true,
  attempt: true,
  until: true,
  waitingFor: true,
  startTime: true,
  idBelow: true,
};

/** What has changed about a running span. */
export interface SpanUpdate {
  /** A patch: what is not named stays. */
  readonly attributes?: AttributesInput;
  readonly progress?: SpanProgress;
}

/** An open span, in the hands of the function it was opened for. None of its methods throws. */
export interface SpanHandle {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;

  /** Runs `fn` in a span below this one; as `Tracer.withSpan`, but that only an outermost span waits until ends are stored. */
  withSpan<T>(options: SpanOptions, fn: (span: SpanHandle) => T | PromiseLike<T>): Promise<T>;

  /** Opens a span below this one; as `Tracer.startSpan`. */
  startSpan(options: SpanOptions): ManualSpan;

  /** Patches the attributes that are told when the span ends. They are copied at once: later changes to them do not count. */
  setAttributes(patch: AttributesInput): void;

  /** Tells of a change while the span runs: at most every `minUpdateIntervalMs`; of more changes the last values. */
  update(update: SpanUpdate): void;

  /** `update` with a progress. */
  progress(current: number, total?: number, details?: { readonly unit?: string; readonly message?: string }): void;

  /** Writes a line to the span's log. */
  log(level: LogLevel, message: string, attributes?: AttributesInput): void;

  /**
   * Decides how the span ends, where what `fn` does will not tell. ERROR outlives a good return; OK does not hide
   * a throw; the message of ERROR is told instead of the thrown error's.
   */
  setStatus(status: SpanStatus): void;
}

/** A span that ends when it is told to. */
export interface ManualSpan extends SpanHandle {
  /**
   * Ends the span; does nothing the second time. The promise never rejects; it settles once the end is stored or
   * `maxSinkDelayMs` has passed.
   *
   * @param status @defaultValue the one of `setStatus`, else OK
   */
  end(status?: SpanStatus): Promise<void>;

  /** Ends the span as a throw of this error does in `withSpan`. */
  fail(error: unknown): Promise<void>;
}
