import type {
  JsonObject,
  LogLevel,
  SpanEndedEvent,
  SpanKind,
  SpanLogEvent,
  SpanProgress,
  SpanStartedEvent,
  SpanStatus,
  SpanUpdatedEvent,
} from "../../../src/trace/events.ts";

const START = Date.UTC(2026, 10, 1);

/** ISO text of so many milliseconds after the start of these tests' time. */
export function at(ms: number): string {
  return new Date(START + ms).toISOString();
}

/** The same moment, in milliseconds since the epoch. */
export function msAt(ms: number): number {
  return START + ms;
}

interface Common {
  readonly ms?: number;
  readonly id?: number;
  readonly key?: string;
  readonly parent?: string | null;
  readonly trace?: string;
  readonly name?: string;
  readonly kind?: SpanKind;
  readonly attempt?: number;
  readonly run?: string;
  readonly attributes?: JsonObject;
}

function common(spanId: string, { ms = 0, id, key, parent = null, trace = "run", name, kind, attempt, run }: Common) {
  return {
    traceId: trace,
    spanId,
    parentSpanId: parent,
    name: name ?? spanId,
    timestamp: at(ms),
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(kind === undefined ? {} : { kind }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(run === undefined ? {} : { run }),
  };
}

export function started(
  spanId: string,
  options: Common & { readonly until?: string; readonly waitingFor?: string } = {},
): SpanStartedEvent {
  const { attributes = {}, until, waitingFor } = options;
  return { type: "started", ...common(spanId, options), attributes, until, waitingFor };
}

export function ended(spanId: string, options: Common & { readonly status?: SpanStatus } = {}): SpanEndedEvent {
  const { attributes = {}, status = { code: "OK" } } = options;
  return { type: "ended", ...common(spanId, options), attributes, status };
}

export function failed(spanId: string, message: string, options: Common = {}): SpanEndedEvent {
  return ended(spanId, { ...options, status: { code: "ERROR", message } });
}

export function updated(spanId: string, options: Common & { readonly progress?: SpanProgress } = {}): SpanUpdatedEvent {
  const { attributes, progress } = options;
  return { type: "updated", ...common(spanId, options), attributes, progress };
}

export function logged(
  spanId: string,
  message: string,
  options: Common & { readonly level?: LogLevel } = {},
): SpanLogEvent {
  const { attributes, level = "info" } = options;
  return { type: "log", ...common(spanId, options), level, message, attributes };
}
