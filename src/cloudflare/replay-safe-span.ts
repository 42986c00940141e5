import type { AttributesInput, ManualSpan, SpanHandle, SpanOptions, SpanUpdate } from "../trace/tracer/handle.ts";
import type { LogLevel, SpanStatus } from "../trace/events.ts";
import type { WorkflowSpanIds } from "./workflow-span-ids.ts";

/**
 * A span in code between steps, which is run again with every replay: the spans it opens have the same ids each time,
 * so that a store keeps them once.
 */
export class ReplaySafeSpan implements SpanHandle {
  readonly #span: SpanHandle;
  readonly #ids: WorkflowSpanIds;

  constructor(span: SpanHandle, ids: WorkflowSpanIds) {
    this.#span = span;
    this.#ids = ids;
  }

  get traceId(): string {
    return this.#span.traceId;
  }

  get spanId(): string {
    return this.#span.spanId;
  }

  get parentSpanId(): string | null {
    return this.#span.parentSpanId;
  }

  get name(): string {
    return this.#span.name;
  }

  withSpan<T>(options: SpanOptions, fn: (span: SpanHandle) => T | PromiseLike<T>): Promise<T> {
    return this.#span.withSpan(this.#withId(options), (span) => fn(new ReplaySafeSpan(span, this.#ids)));
  }

  startSpan(options: SpanOptions): ManualSpan {
    return new ManualReplaySafeSpan(this.#span.startSpan(this.#withId(options)), this.#ids);
  }

  setAttributes(patch: AttributesInput): void {
    this.#span.setAttributes(patch);
  }

  update(update: SpanUpdate): void {
    this.#span.update(update);
  }

  progress(current: number, total?: number, details?: { readonly unit?: string; readonly message?: string }): void {
    this.#span.progress(current, total, details);
  }

  log(level: LogLevel, message: string, attributes?: AttributesInput): void {
    this.#span.log(level, message, attributes);
  }

  setStatus(status: SpanStatus): void {
    this.#span.setStatus(status);
  }

  #withId(options: SpanOptions): SpanOptions {
    const { name, kind = "internal", parentSpanId = this.spanId } = options;
    return { ...options, spanId: options.spanId ?? this.#ids.next(parentSpanId, kind, name) };
  }
}

class ManualReplaySafeSpan extends ReplaySafeSpan implements ManualSpan {
  readonly #span: ManualSpan;

  constructor(span: ManualSpan, ids: WorkflowSpanIds) {
    super(span, ids);
    this.#span = span;
  }

  end(status?: SpanStatus): Promise<void> {
    return this.#span.end(status);
  }

  fail(error: unknown): Promise<void> {
    return this.#span.fail(error);
  }
}
