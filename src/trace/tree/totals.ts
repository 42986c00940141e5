import type { SpanState, SpanTotals } from "./node.ts";

/** How many there are of each state, while that is being worked out. */
export type SpanCounts = Record<SpanState, number>;

/** Worst first. */
const STATES: readonly SpanState[] = ["failed", "running", "waiting", "abandoned", "done"];

export function noCounts(): SpanCounts {
  return { running: 0, waiting: 0, done: 0, failed: 0, abandoned: 0 };
}

export const NO_TOTALS: SpanTotals = Object.freeze(noCounts());

/** The totals of a single span: one object for each state. */
export const TOTALS_OF_ONE = Object.fromEntries(
  STATES.map((state) => [state, Object.freeze({ ...noCounts(), [state]: 1 })]),
) as Readonly<Record<SpanState, SpanTotals>>;

/** Adds `more` to `counts`, so many times. */
export function addCounts(counts: SpanCounts, more: SpanTotals, times: number): void {
  counts.running += more.running * times;
  counts.waiting += more.waiting * times;
  counts.done += more.done * times;
  counts.failed += more.failed * times;
  counts.abandoned += more.abandoned * times;
}

/** The counts, frozen; `known` itself where they are the same. */
export function frozenTotals(counts: SpanCounts, known: SpanTotals | undefined): SpanTotals {
  return known !== undefined && isSameCounts(counts, known) ? known : Object.freeze({ ...counts });
}

/** The worst state of which there is one; `done` where there is none at all. */
export function worstOf(counts: SpanTotals): SpanState {
  return STATES.find((state) => counts[state] > 0) ?? "done";
}

function isSameCounts(a: SpanTotals, b: SpanTotals): boolean {
  return (
    a.running === b.running &&
    a.waiting === b.waiting &&
    a.done === b.done &&
    a.failed === b.failed &&
    a.abandoned === b.abandoned
  );
}
