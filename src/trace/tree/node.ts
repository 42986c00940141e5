import type { JsonObject, LogLevel, SpanKind, SpanProgress } from "../events.ts";

/**
 * Where a span stands.
 *
 * - `running`: begun, not ended.
 * - `waiting`: the same, and its kind is `sleep` or `wait`.
 * - `done`, `failed`: ended with the status OK, or ERROR.
 * - `abandoned`: not ended, and never will be, as far as anyone can tell: a span above it has ended (which is when a
 *   `rollback` begins, so that does not count for one) or is abandoned,
 *   a later attempt has taken its place, the stream is complete, or its trace's lease has run out.
 */
export type SpanState = "running" | "waiting" | "done" | "failed" | "abandoned";

/**
 * How many spans are in each state.
 *
 * Counts what is, not what was tried: `attempt` spans are not counted, for their step is, and of a step with several attempts
 * only what is below the newest. What is below a superseded attempt is history, like its failure.
 */
export type SpanTotals = Readonly<Record<SpanState, number>>;

/** One line of a span's log. */
export interface SpanLogLine {
  /** When, in milliseconds since the epoch, on the server's clock. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly attributes: JsonObject;
  /** Which attempt its event named, from 1. */
  readonly attempt: number;
  /** The event's place in the stream, where it has one. */
  readonly id: number | undefined;
}

/** A span as it stands: a frozen view that stays the same object until the span or one below it changes. */
export interface SpanNode {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  /** The span's own state, whatever its children do. */
  readonly state: SpanState;
  /**
   * The worst state of the span and those below it: failed, running, waiting, abandoned, done, in this order.
   *
   * A running span of which all open descendants wait rolls up to `waiting`. Attempts do not count, for their step speaks for
   * them; spans below the newest attempt do, those below superseded attempts do not: see {@link SpanTotals}, which goes by the same rule.
   */
  readonly rollup: SpanState;
  /** How many spans are in each state, of this one and those below it. */
  readonly totals: SpanTotals;
  /** Which attempt of the span is shown, from 1: the newest. */
  readonly attempt: number;
  /** Names the opening that is shown, if its producer was told no attempt (the `run` of its events). */
  readonly run: string | undefined;
  /** The newest value of each attribute of this attempt, in the order of their names. */
  readonly attributes: JsonObject;
  readonly progress: SpanProgress | undefined;
  /** The lines of all attempts by their places in the stream, else by time; of more than `maxLogsPerSpan` the newest. */
  readonly logs: readonly SpanLogLine[];
  /** Milliseconds since the epoch on the server's clock; undefined where no `started` has been seen. */
  readonly startTime: number | undefined;
  /** The id of the event that told of the start: its place in the stream, which depends on no clock. Undefined where it has none. */
  readonly startId: number | undefined;
  /** Milliseconds since the epoch on the server's clock; undefined while the span is open. */
  readonly endTime: number | undefined;
  /** The id of the event that told of the end; undefined while the span is open, and where it has none. */
  readonly endId: number | undefined;
  /** Undefined unless both ends are known; never negative. */
  readonly durationMs: number | undefined;
  /** What a failed span said of its failure; undefined where it said nothing. */
  readonly error: string | undefined;
  /** For `wait` spans: the type of the event that is waited for. */
  readonly waitingFor: string | undefined;
  /** For `sleep` and `wait` spans: until when at the most, in milliseconds since the epoch. */
  readonly until: number | undefined;
  /** The spans below this one, attempts apart, by (first event's time, smallest event id, span id). */
  readonly children: readonly SpanNode[];
  /** The tries of this step, by their number. */
  readonly attempts: readonly SpanNode[];
  /** True while it names a parent that is not known, or that is below itself. It is then among the roots. */
  readonly isOrphan: boolean;
}

/** No spans. */
export const NO_NODES: readonly SpanNode[] = Object.freeze([]);

/** Children, then attempts. */
export function spansBelow({ children, attempts }: SpanNode): readonly SpanNode[] {
  return attempts.length === 0 ? children : [...children, ...attempts];
}

/** The span and everything below it, parents first. Iterative: a sender can nest spans deeper than the stack. */
export function walkSpans(root: SpanNode): readonly SpanNode[] {
  const spans = [root];
  // The list grows during the loop.
  for (const span of spans) for (const below of spansBelow(span)) spans.push(below);
  return spans;
}

/** Worst first. */
const STATES: readonly SpanState[] = ["failed", "running", "waiting", "abandoned", "done"];

const BADNESS: Readonly<Record<SpanState, number>> = { failed: 4, running: 3, waiting: 2, abandoned: 1, done: 0 };

export function worseState(a: SpanState, b: SpanState): SpanState {
  return BADNESS[b] > BADNESS[a] ? b : a;
}

/** A span's rollup from its own state and the worst of those below it (`done` if there are none). */
export function rollUp(own: SpanState, below: SpanState): SpanState {
  // An open parent only waits if everything open below it waits.
  if (own === "running" && below === "waiting") return "waiting";
  return worseState(own, below);
}

/** Counts by state that are still changing. */
export type SpanCounts = Record<SpanState, number>;

export function noCounts(): SpanCounts {
  return { running: 0, waiting: 0, done: 0, failed: 0, abandoned: 0 };
}

export const NO_TOTALS: SpanTotals = Object.freeze(noCounts());

/** The totals of a single span: one object for each state. */
export const TOTALS_OF_ONE = Object.fromEntries(
  STATES.map((state) => [state, Object.freeze({ ...noCounts(), [state]: 1 })]),
) as Readonly<Record<SpanState, SpanTotals>>;

/** Adds `more` to `counts`, multiplied by `times`. */
export function addCounts(counts: SpanCounts, more: SpanTotals, times: number): void {
  counts.running += more.running * times;
  counts.waiting += more.waiting * times;
  counts.done += more.done * times;
  counts.failed += more.failed * times;
  counts.abandoned += more.abandoned * times;
}

/** The counts, frozen; `known` itself if they are equal. */
export function frozenTotals(counts: SpanCounts, known: SpanTotals | undefined): SpanTotals {
  const isKnown = known !== undefined && STATES.every((state) => counts[state] === known[state]);
  return isKnown ? known : Object.freeze({ ...counts });
}

/** The worst state with a count; `done` if all counts are zero. */
export function worstOf(counts: SpanTotals): SpanState {
  return STATES.find((state) => counts[state] > 0) ?? "done";
}
