import { MAX_TIMER_MS } from "../../util/timers.ts";
import { guarded } from "../../util/guard.ts";
import { type ErrorListener, SSETargetError } from "../../util/errors.ts";
import { describeValue, type OptionNames, readOptions, wholeNumberOption } from "../../util/options.ts";
import { LiveSpan, runInSpan } from "./span.ts";
import { SpanContext } from "./context.ts";
import { SpanDelivery, type SpanEventSink } from "./delivery.ts";
import { messageOf } from "./failure.ts";
import type { ManualSpan, SpanHandle, SpanOptions } from "./handle.ts";

/** Every bound of a tracer, and what of errors it lets out. */
export interface TracerOptions {
  /**
   * Which attempt of the run it is, from 1: of a job that a queue tries again, say. All spans have it, and the newest attempt is shown. The same attempt
   * again is a replay, of which a store keeps each event once. @defaultValue not told: a span that is opened again is a new attempt
   */
  readonly attempt?: number;
  /**
   * Receives what went wrong with the instrumentation: a sink that throws, rejects, hangs (`timeout`) or falls behind
   * (`too-many-pending`), each once until it has passed; attributes that JSON cannot carry (`unserializable-data`), once; and calls on a
   * span after its end (`closed`), once a span. @defaultValue nothing: troubles of the sink are then silent
   */
  readonly onError?: ErrorListener;
  /**
   * How long a span's start, and the end of an outermost span, wait for the sink, in milliseconds; 0: not at all. Once it has been waited for in vain,
   * spans do not wait until all calls have settled that were outstanding then. @defaultValue 1000
   */
  readonly maxSinkDelayMs?: number;
  /**
   * Of events beyond this many that the sink has not answered yet, new updates and log lines are dropped; starts and ends
   * of spans only beyond twice as many. @defaultValue 5_000
   */
  readonly maxPendingEvents?: number;
  /** The least time between two `updated` events of one span, in milliseconds; 0: no least. Log lines are not held back. @defaultValue 100 */
  readonly minUpdateIntervalMs?: number;
  /** The longest text in an attribute, name, message or stack, in UTF-16 code units: longer ones are cut, with an ellipsis. @defaultValue 8192 */
  readonly maxStringLength?: number;
  /** The longest JSON of a span's attributes, in UTF-16 code units: attributes beyond it are dropped. @defaultValue 65536 */
  readonly maxAttributesSize?: number;
  /**
   * Adds `exception.type`, `exception.message` and `exception.stacktrace` to the attributes of failed spans. Stacks tell of paths and
   * of the message, whatever `errorMessage` makes of that. @defaultValue false
   */
  readonly includeStacks?: boolean;
  /** What a failed span says of the error; undefined: nothing. @defaultValue the error's `message` */
  readonly errorMessage?: (error: unknown) => string | undefined;
  /**
   * Whether an error only means that the engine has stopped the run, to go on with it later: the span then stays open.
   * @defaultValue () => false
   */
  readonly isInterruption?: (error: unknown) => boolean;
  /**
   * The clock, in milliseconds since the epoch. @defaultValue the system's, as it was set when the outermost span began: a clock that is set back or
   * forward changes neither order nor duration of what is within one
   */
  readonly now?: () => number;
}

/** The names of {@link TracerOptions}. */
export const TRACER_OPTIONS: OptionNames<TracerOptions> = {
  attempt: true,
  onError: true,
  maxSinkDelayMs: true,
  maxPendingEvents: true,
  minUpdateIntervalMs: true,
  maxStringLength: true,
  maxAttributesSize: true,
  includeStacks: true,
  errorMessage: true,
  isInterruption: true,
  now: true,
};

/**
 * Opens the spans of one trace, and tells a sink of them.
 *
 * A sink that throws, rejects, hangs or is slow does not fail the work in the spans, and delays it by `maxSinkDelayMs` at the most.
 * Events reach the sink in the order in which they happen: it is called at once, before any earlier call has settled.
 */
export class Tracer {
  readonly traceId: string;
  readonly #context: SpanContext;

  /**
   * @param sink called with each event; may return a promise of its having been stored
   * @param traceId the same for all spans of one run: its id
   * @throws SSETargetError `invalid-option`
   */
  constructor(sink: SpanEventSink, traceId: string, given?: TracerOptions) {
    const options = readOptions("Tracer", given, TRACER_OPTIONS);
    if (!isSink(sink)) {
      throw new SSETargetError(
        "invalid-option",
        `\`sink\` must be a function or have a \`dispatchEvent\` method, got ${describeValue(sink)}; pass an SSETarget or (event) => …`,
      );
    }
    if (typeof traceId !== "string" || traceId === "") {
      throw new SSETargetError(
        "invalid-option",
        `\`traceId\` must be a non-empty string, got ${describeValue(traceId)}; pass the id of the run, or crypto.randomUUID()`,
      );
    }
    const limits = {
      maxSinkDelayMs: wholeNumberOption("maxSinkDelayMs", options.maxSinkDelayMs, 1000, 0, MAX_TIMER_MS),
      maxPendingEvents: wholeNumberOption("maxPendingEvents", options.maxPendingEvents, 5_000, 1),
    };
    const settings = {
      minUpdateIntervalMs: wholeNumberOption("minUpdateIntervalMs", options.minUpdateIntervalMs, 100, 0, MAX_TIMER_MS),
      maxStringLength: wholeNumberOption("maxStringLength", options.maxStringLength, 8192, 1),
      maxAttributesSize: wholeNumberOption("maxAttributesSize", options.maxAttributesSize, 65_536, 2),
      includeStacks: options.includeStacks ?? false,
      errorMessage: options.errorMessage ?? messageOf,
      isInterruption: options.isInterruption ?? (() => false),
      attempt: options.attempt === undefined ? undefined : wholeNumberOption("attempt", options.attempt, 1, 1),
      now: options.now,
    };
    const onError = guarded(options.onError);
    this.traceId = traceId;
    this.#context = new SpanContext(traceId, new SpanDelivery(sink, limits, onError), settings, onError);
  }

  /**
   * Runs `fn` in a span: `started` is stored before it begins, or the bound has passed. Before the promise settles `ended` is stored, and so are the
   * ends of all spans within it that ran functions of their own: they did not wait for that themselves.
   * What `fn` returns is the result; what it throws is told as the status ERROR and thrown on, unchanged.
   */
  withSpan<T>(options: SpanOptions, fn: (span: SpanHandle) => T | PromiseLike<T>): Promise<T> {
    return runInSpan(this.#context, undefined, options, fn);
  }

  /**
   * A whole run: {@link withSpan}, and then the end of the sink's stream (`complete`), with the reason `completed`, or `failed` and the message that the
   * span has. So pages stop waiting however the run ends. A sink that fails or hangs there does not fail or hold up the work. The stream stays open
   * if an engine has only interrupted the run (`isInterruption`).
   *
   * A stream that has ended takes no more: for an attempt that may be followed by another one use `withSpan`.
   */
  run<T>(options: SpanOptions, fn: (span: SpanHandle) => T | PromiseLike<T>): Promise<T> {
    return runInSpan(this.#context, undefined, options, fn, true);
  }

  /** Opens a span for work that is not one function. It is open until its `end` or `fail` is called. */
  startSpan(options: SpanOptions): ManualSpan {
    return new LiveSpan(this.#context, undefined, options);
  }
}

function isSink(sink: unknown): sink is SpanEventSink {
  if (typeof sink === "function") return true;
  return (
    typeof sink === "object" && sink !== null && "dispatchEvent" in sink && typeof sink.dispatchEvent === "function"
  );
}
