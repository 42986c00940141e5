import { compareText } from "./canonical-json.ts";
import type { SpanInput } from "./parse.ts";
import { SpanLog } from "./log.ts";
import type { SpanLogLine, SpanNode } from "./node.ts";
import { isSmallerId, SpanRun } from "./run.ts";

const NO_LINES: readonly SpanLogLine[] = Object.freeze([]);

/** Of more openings of one span than this, the earliest are forgotten. */
const MAX_OTHER_RUNS = 16;

/** What is known of a span by itself, without those above and below it. */
export type SpanFacts = Pick<SpanNode, "parentSpanId" | "name" | "kind" | "attempt" | "run" | "startTime" | "endTime">;

/**
 * All that is known of one span: its log, its place, and the join of the events of its newest attempt.
 *
 * An attempt is named in one of two ways. A number that the producer was told: the highest wins. Or the `run` of a producer that was told
 * nothing: then the run that was started last wins, and the runs are counted.
 */
export class SpanRecord {
  /** What is shown of it. */
  shown: SpanRun;
  /** The number of what is shown, from 1. */
  attempt: number;
  /** The time of the earliest event, of any attempt: a span that is opened again keeps its place among its siblings. */
  firstTime: number;
  /** The smallest id of its events; 0 if none has one. */
  firstId: number;

  readonly #maxLogs: number;
  #log: SpanLog | undefined;
  /** Runs that are not shown, and may be once more of their events have come. */
  #others: Map<string | undefined, SpanRun> | undefined;
  #forgotten = 0;

  /** @param input the first event that is heard of the span */
  constructor(maxLogs: number, input: SpanInput) {
    this.#maxLogs = maxLogs;
    this.shown = new SpanRun(input);
    this.attempt = input.attempt;
    this.firstTime = input.time;
    this.firstId = input.id;
    this.merge(input);
  }

  get logs(): readonly SpanLogLine[] {
    return this.#log?.lines ?? NO_LINES;
  }

  get facts(): SpanFacts {
    const { parentSpanId, name, kind, run, startTime, endTime } = this.shown;
    return { parentSpanId, name, kind, attempt: this.attempt, run, startTime, endTime };
  }

  /**
   * Takes in one event of this span. True if anything in its own view has changed; `firstTime` and `firstId`, which decide about its
   * place among others, may also have changed if it is false.
   */
  merge(input: SpanInput): boolean {
    const { event, time, id } = input;
    if (time < this.firstTime) this.firstTime = time;
    if (isSmallerId(id, this.firstId)) this.firstId = id;
    let changed = false;
    if (event.type === "log") {
      this.#log ??= new SpanLog(this.#maxLogs);
      changed = this.#log.add(event, input);
    }
    const order = toldAttempt(event.run, input.attempt) - toldAttempt(this.shown.run, this.shown.attempt);
    if (order < 0) return changed;
    if (order > 0) {
      // What the attempts before it left behind goes.
      this.shown = new SpanRun(input);
      this.#others = undefined;
      this.#forgotten = 0;
      changed = true;
    }
    if (event.run === this.shown.run) changed = this.shown.merge(input) || changed;
    else this.#otherRun(input).merge(input);
    return this.#choose() || changed;
  }

  #otherRun(input: SpanInput): SpanRun {
    const { run } = input.event;
    const others = (this.#others ??= new Map<string | undefined, SpanRun>());
    let known = others.get(run);
    if (known === undefined) {
      known = new SpanRun(input);
      others.set(run, known);
      if (others.size > MAX_OTHER_RUNS) this.#forgetOne(others, known);
    }
    return known;
  }

  #forgetOne(others: Map<string | undefined, SpanRun>, newest: SpanRun): void {
    let earliest: SpanRun | undefined;
    for (const run of others.values()) {
      if (run !== newest && (earliest === undefined || compareRuns(run, earliest) < 0)) earliest = run;
    }
    if (earliest === undefined) return;
    others.delete(earliest.run);
    if (earliest.startTime !== undefined) this.#forgotten += 1;
  }

  /** Shows the run that was started last, and counts the runs. True if either has changed. */
  #choose(): boolean {
    const { shown, attempt } = this;
    if (this.#others === undefined) {
      this.attempt = shown.attempt;
      return this.attempt !== attempt;
    }
    const runs = [shown, ...this.#others.values()].toSorted(compareRuns);
    const last = runs.at(-1) as SpanRun;
    this.attempt = this.#forgotten;
    for (const run of runs)
      if (run.startTime !== undefined || run === last) this.attempt = Math.max(this.attempt + 1, run.attempt);
    if (last !== shown) {
      this.#others.delete(last.run);
      this.#others.set(shown.run, shown);
      this.shown = last;
    }
    return last !== shown || this.attempt !== attempt;
  }
}

/** What decides before anything else. The number that comes with a run is only its producer's own count. */
function toldAttempt(run: string | undefined, attempt: number): number {
  return run === undefined ? attempt : 1;
}

/** By the place of their starts in the stream, else by time. Total: no two runs of one span are equal. */
function compareRuns(a: SpanRun, b: SpanRun): number {
  return (
    Number(a.startTime !== undefined) - Number(b.startTime !== undefined) ||
    (a.startId ?? 0) - (b.startId ?? 0) ||
    a.identityTime - b.identityTime ||
    compareText(a.run ?? "", b.run ?? "")
  );
}
