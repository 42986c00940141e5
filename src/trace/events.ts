import type { StreamEvent } from "../event/event.ts";

/** What JSON can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A JSON object: the form of a span's attributes. Use OpenTelemetry's semantic conventions where they fit. */
export type JsonObject = { readonly [key: string]: JsonValue };

/**
 * What a span stands for.
 *
 * `sleep` and `wait` spans count as waiting while they are open; `attempt` spans are the tries of the
 * step above them, and a failed attempt that was followed by a good one does not fail its step.
 */
export type SpanKind = "workflow" | "step" | "attempt" | "sleep" | "wait" | "rollback" | "internal";

/**
 * How a span ended.
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
 */
export type SpanStatus = { readonly code: "OK" } | { readonly code: "ERROR"; readonly message?: string };

/** How far a span has come. `current` counts towards `total`, in `unit`; without `total` the end is not known. */
export interface SpanProgress {
  readonly current: number;
  readonly total?: number;
  readonly unit?: string;
  readonly message?: string;
}

/** What every span event carries. */
interface SpanEventBase extends StreamEvent {
  readonly traceId: string;
  readonly spanId: string;
  /** @defaultValue "internal" */
  readonly kind?: SpanKind;
  /** Which attempt of this span the event belongs to, from 1: the highest is shown. @defaultValue 1 */
  readonly attempt?: number;
  /**
   * Names the opening of a span that the event belongs to, if nobody has told the producer which attempt it is. A tree shows the one that was
   * started last, and counts them: `attempt` is then only the producer's own count.
   */
  readonly run?: string;
  /** When it happened, on the server's clock: ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
}

/** Place of a span, so that any one of its events can be put into the tree without the others. */
interface SpanPlace {
  /** The span above this one; `null` for a root. */
  readonly parentSpanId: string | null;
  readonly name: string;
}

/** A span has begun. */
export interface SpanStartedEvent extends SpanEventBase, SpanPlace {
  readonly type: "started";
  readonly attributes: JsonObject;
  /** For `sleep` and `wait` spans: until when at the most, ISO 8601. */
  readonly until?: string;
  /** For `wait` spans: the type of the event that is waited for. */
  readonly waitingFor?: string;
}

/** Something about a running span has changed: attributes (a patch), progress, or both. */
export interface SpanUpdatedEvent extends SpanEventBase, SpanPlace {
  readonly type: "updated";
  readonly attributes?: JsonObject;
  readonly progress?: SpanProgress;
}

/** @see https://opentelemetry.io/docs/specs/otel/logs/data-model/#displaying-severity */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** A line of text that belongs to a span. */
export interface SpanLogEvent extends SpanEventBase, SpanPlace {
  readonly type: "log";
  readonly level: LogLevel;
  readonly message: string;
  readonly attributes?: JsonObject;
}

/**
 * A span has ended, well or badly. `attributes` are all of them, as they stood at the end. A `Tracer` always tells `name` and
 * `parentSpanId`; if another producer leaves them out, the span has those of its `started`.
 */
export interface SpanEndedEvent extends SpanEventBase, Partial<SpanPlace> {
  readonly type: "ended";
  readonly status: SpanStatus;
  readonly attributes: JsonObject;
}

/** The events of the workflow layer, discriminated by `type`. */
export type SpanEvent = SpanStartedEvent | SpanUpdatedEvent | SpanLogEvent | SpanEndedEvent;
