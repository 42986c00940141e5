import { readOptions } from "../../util/options.ts";
import { cutText, safeText, snapshotProgress } from "./attribute-snapshot.ts";
import { SpanAttributes } from "./attributes.ts";
import { type Clock, isoTime, type SpanContext } from "./context.ts";
import type { LogLevel, SpanEvent, SpanKind, SpanStatus } from "../events.ts";
import { failureAttributes } from "./failure.ts";
import {
  type AttributesInput,
  type ManualSpan,
  SPAN_OPTIONS,
  type SpanHandle,
  type SpanOptions,
  type SpanUpdate,
} from "./handle.ts";
import { randomSpanId, spanEventKey } from "../ids.ts";
import { UpdateThrottle } from "./throttle.ts";

const LEVELS: ReadonlySet<string> = new Set<LogLevel>(["debug", "info", "warn", "error"]);

/** An open span. */
export class LiveSpan implements ManualSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** Settles with the sink's answer to `started`; undefined if there is nothing to wait for. */
  readonly started: Promise<void> | undefined;

  /** How it ended; undefined while it is open, and if its engine has only interrupted it. */
  endStatus: SpanStatus | undefined;

  /** It ends with a function, not by a call of `end`. */
  hasFunction = false;

  readonly #context: SpanContext;
  readonly #clock: Clock;
  readonly #kind: SpanKind | undefined;
  readonly #attempt: number | undefined;
  readonly #run: string | undefined;
  /** The attempt that spans below inherit. */
  readonly #attemptBelow: number | undefined;
  readonly #idBelow: SpanOptions["idBelow"];
  readonly #attributes: SpanAttributes;
  readonly #updates: UpdateThrottle;
  #status: SpanStatus | undefined;
  #logLines = 0;
  #isEnded = false;
  #isLateReported = false;
  /** Ends of spans below that are still on their way to the sink. */
  readonly #endsBelow = new Set<Promise<void>>();

  constructor(context: SpanContext, parent: LiveSpan | undefined, given: SpanOptions) {
    this.#context = context;
    this.#clock = parent === undefined ? context.newClock() : parent.#clock;
    // A copy, read once: options that throw or are missing must not prevent the work.
    const options: SpanOptions = context.ask(() => ({ ...given, name: given.name }), { name: "unnamed" });
    const isOdd = typeof given !== "object" || Object.keys(options).some((name) => !(name in SPAN_OPTIONS));
    // Only reported: the work runs whatever its span is called.
    const checked = typeof given === "object" ? options : given;
    if (isOdd) context.ask(() => void readOptions("withSpan", checked, SPAN_OPTIONS), undefined);
    this.name = cutText(safeText(options.name), context.settings.maxStringLength);
    const { kind = "internal", parentSpanId = parent?.spanId ?? null } = options;
    this.parentSpanId = parentSpanId === null ? null : idText(parentSpanId);
    const idBelow = parent === undefined ? undefined : parent.#idBelow;
    const makeId = () => idBelow?.(this.parentSpanId, kind, options.name);
    const givenId = idText(options.spanId ?? context.ask(makeId, undefined));
    this.spanId = givenId || randomSpanId();
    this.#idBelow = options.idBelow ?? idBelow;
    this.#kind = kind === "internal" ? undefined : kind;
    const inherited = parent === undefined ? context.settings.attempt : parent.#attemptBelow;
    const told = isAttempt(options.attempt) ? options.attempt : inherited;
    // The number of an attempt counts tries of the step above it, not of spans below it.
    this.#attemptBelow = kind === "attempt" ? inherited : told;
    const opening = told === undefined && givenId !== "" ? context.open(givenId) : undefined;
    const attempt = told ?? opening?.attempt;
    this.#attempt = attempt === 1 && options.attempt === undefined ? undefined : attempt;
    this.#run = opening?.run;
    this.#attributes = this.#newAttributes();
    this.#attributes.merge(options.attributes);
    this.#updates = new UpdateThrottle(context.settings.minUpdateIntervalMs, (calls, payload) => {
      void this.#emit("updated", payload, { sequence: calls, payload });
    });
    const until = options.until === undefined ? undefined : isoTime(options.until);
    const { waitingFor } = options;
    this.started = this.#emit(
      "started",
      {
        attributes: this.#attributes.toObject(),
        ...(until === undefined ? {} : { until }),
        ...(waitingFor === undefined ? {} : { waitingFor: safeText(waitingFor) }),
      },
      {},
      options.startTime === undefined ? undefined : isoTime(options.startTime),
    );
  }

  get traceId(): string {
    return this.#context.traceId;
  }

  withSpan<T>(options: SpanOptions, fn: (span: SpanHandle) => T | PromiseLike<T>): Promise<T> {
    return runInSpan(this.#context, this, options, fn);
  }

  startSpan(options: SpanOptions): ManualSpan {
    return new LiveSpan(this.#context, this, options);
  }

  setAttributes(patch: AttributesInput): void {
    if (this.#isLate("setAttributes")) return;
    this.#attributes.merge(patch);
  }

  update(update: SpanUpdate): void {
    if (this.#isLate("update")) return;
    this.#context.ask(() => {
      const { maxStringLength } = this.#context.settings;
      const given = update.progress;
      const progress = given === undefined ? undefined : snapshotProgress(given, maxStringLength);
      if (given !== undefined && progress === undefined)
        this.#context.reportDroppedAttribute(this.name, "progress", "its `current` is not a finite number");
      this.#updates.add(this.#attributes.merge(update.attributes), progress);
    }, undefined);
  }

  progress(current: number, total?: number, details: { readonly unit?: string; readonly message?: string } = {}): void {
    this.update({ progress: { ...details, current, total } });
  }

  log(level: LogLevel, message: string, attributes?: AttributesInput): void {
    if (this.#isLate("log")) return;
    this.#logLines += 1;
    const copy = attributes === undefined ? {} : this.#newAttributes().merge(attributes);
    const payload = {
      level: LEVELS.has(level) ? level : "info",
      message: cutText(safeText(message), this.#context.settings.maxStringLength),
      ...(Object.keys(copy).length === 0 ? {} : { attributes: copy }),
    };
    void this.#emit("log", payload, { sequence: this.#logLines, payload });
  }

  setStatus(status: SpanStatus): void {
    if (this.#isLate("setStatus")) return;
    this.#status = this.#readStatus(status);
  }

  async end(status?: SpanStatus): Promise<void> {
    await this.#context.stored(this.tellEnd(status));
  }

  async fail(error: unknown): Promise<void> {
    await this.#context.stored(this.tellFailure(error));
  }

  /** Ends the span. The result settles once the sink has stored this and everything sent before; undefined: nothing to wait for. */
  tellEnd(status?: SpanStatus): Promise<void> | undefined {
    return this.#tellEnd(
      (status === undefined ? undefined : this.#readStatus(status)) ?? this.#status ?? { code: "OK" },
    );
  }

  /** {@link tellEnd} as if this error had been thrown. */
  tellFailure(error: unknown): Promise<void> | undefined {
    if (this.#isEnded) return undefined;
    const { settings } = this.#context;
    const isInterrupted = this.#context.ask(() => settings.isInterruption(error), false);
    if (isInterrupted) {
      this.#close();
      return this.#endsStored();
    }
    const message = this.#context.ask(() => settings.errorMessage(error), undefined);
    const status = this.#readStatus({ code: "ERROR", message });
    const attributes = Object.entries(
      failureAttributes(error, status?.code === "ERROR" ? status.message : undefined, settings.includeStacks),
    );
    // What the user has set about the error is better than a guess.
    this.#attributes.merge(Object.fromEntries(attributes.filter(([name]) => !this.#attributes.has(name))));
    return this.#tellEnd((this.#status?.code === "ERROR" ? this.#status : status) ?? { code: "ERROR" });
  }

  /** Makes this span wait for the end of one below it, at its own end. False if it may never end. */
  takeOver(end: Promise<void>): boolean {
    if (this.#isEnded || !this.hasFunction) return false;
    this.#endsBelow.add(end);
    void end.then(() => this.#endsBelow.delete(end));
    return true;
  }

  #tellEnd(status: SpanStatus): Promise<void> | undefined {
    if (this.#isEnded) return undefined;
    this.#close();
    this.endStatus = status;
    const end = this.#emit("ended", { status, attributes: this.#attributes.toObject() });
    if (end !== undefined) this.#endsBelow.add(end);
    return this.#endsStored();
  }

  #endsStored(): Promise<void> | undefined {
    return this.#endsBelow.size === 0 ? undefined : Promise.all(this.#endsBelow).then(() => {});
  }

  /** Sends the last update before the end, and clears the timer. */
  #close(): void {
    this.#isEnded = true;
    this.#updates.close();
  }

  #emit(
    type: SpanEvent["type"],
    payload: object,
    keyParts: { readonly sequence?: number; readonly payload?: unknown } = {},
    timestamp?: string,
  ): Promise<void> | undefined {
    const { traceId, spanId, parentSpanId, name } = this;
    const attempt = this.#attempt;
    const run = this.#run;
    const event = {
      type,
      key: spanEventKey({ traceId, spanId, type, attempt, run, ...keyParts }),
      traceId,
      spanId,
      parentSpanId,
      name,
      ...(this.#kind === undefined ? {} : { kind: this.#kind }),
      ...(attempt === undefined ? {} : { attempt }),
      ...(run === undefined ? {} : { run }),
      timestamp: timestamp ?? isoTime(this.#clock()),
      ...payload,
    };
    // Callers pair types with payloads; checking that would take a method for each type.
    return this.#context.emit(event as unknown as SpanEvent);
  }

  #newAttributes(): SpanAttributes {
    const { settings } = this.#context;
    return new SpanAttributes(settings, (attribute, reason) => {
      this.#context.reportDroppedAttribute(this.name, attribute, reason);
    });
  }

  #readStatus(status: SpanStatus): SpanStatus | undefined {
    return this.#context.ask(() => {
      if (status.code !== "ERROR") return { code: "OK" } as const;
      const { message } = status;
      if (message === undefined) return { code: "ERROR" } as const;
      return { code: "ERROR", message: cutText(safeText(message), this.#context.settings.maxStringLength) } as const;
    }, undefined);
  }

  #isLate(method: string): boolean {
    if (this.#isEnded && !this.#isLateReported) {
      this.#isLateReported = true;
      this.#context.reportLateCall(this.name, method);
    }
    return this.#isEnded;
  }
}

/**
 * Runs `fn` between the span's start and its end, and passes on what it returns or throws.
 *
 * Of nested spans, the outermost waits until all ends are stored. So the sink can store the end of one span while it
 * receives the start of the next, and a slow sink delays each span once, not twice.
 *
 * @param isWholeRun whether the sink's stream ends with it
 */
export async function runInSpan<T>(
  context: SpanContext,
  parent: LiveSpan | undefined,
  options: SpanOptions,
  fn: (span: SpanHandle) => T | PromiseLike<T>,
  isWholeRun = false,
): Promise<T> {
  const span = new LiveSpan(context, parent, options);
  span.hasFunction = true;
  const conclude = async (end: Promise<void> | undefined): Promise<void> => {
    if (end !== undefined && !parent?.takeOver(end)) await context.stored(end);
    if (isWholeRun && span.endStatus !== undefined) await context.complete(span.endStatus);
  };
  await context.stored(span.started);
  let result: T;
  try {
    result = await fn(span);
  } catch (error) {
    await conclude(span.tellFailure(error));
    throw error;
  }
  await conclude(span.tellEnd());
  return result;
}

/** An id as text, also if JavaScript passed a number. */
function idText(id: string | undefined): string {
  return id === undefined || id === null ? "" : safeText(id);
}

function isAttempt(attempt: number | undefined): attempt is number {
  return attempt !== undefined && Number.isSafeInteger(attempt) && attempt > 0;
}
