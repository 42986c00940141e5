/** What a time axis may be divided by: the steps that people count in. */
const STEPS_MS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
] as const;

const MIN_RANGE_MS = 1;
/** How quickly the axis comes to where it shall be: in this time by about two thirds. */
const GLIDE_MS = 90;

/** A stretch of the time axis, in milliseconds after the trace's beginning. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Which part of the time axis is shown: all of it, as it grows, or a part that somebody has zoomed into.
 * What is shown glides to where it shall be.
 */
export class TimeWindow {
  #full: TimeRange = { from: 0, to: 1 };
  #zoom: TimeRange | undefined;
  #shown: TimeRange = this.#full;
  #isFirst = true;

  get shown(): TimeRange {
    return this.#shown;
  }

  get isZoomed(): boolean {
    return this.#zoom !== undefined;
  }

  /** True while what is shown is not yet what shall be. */
  get isGliding(): boolean {
    return this.#shown !== this.#target;
  }

  get #target(): TimeRange {
    return this.#zoom ?? this.#full;
  }

  /**
   * Takes in how long the trace has taken.
   *
   * While it runs, the axis ends at a full step with some room, so that it holds still between two steps instead of
   * shrinking every bar in every frame. Afterwards it fits.
   */
  grow(elapsedMs: number, isRunning: boolean, maxTicks: number): void {
    const wantedMs = Math.max(isRunning ? elapsedMs * 1.08 : elapsedMs, isRunning ? 5_000 : 10);
    const step = stepFor(wantedMs, maxTicks);
    const to = isRunning ? Math.ceil(wantedMs / step) * step : wantedMs;
    if (to === this.#full.to) return;
    this.#full = { from: 0, to };
    // The axis becomes shorter when the run ends: there is no room for what comes any more.
    if (this.#zoom !== undefined) this.show(this.#zoom);
    if (this.#isFirst) this.#shown = this.#target;
    this.#isFirst = false;
  }

  /** Moves what is shown towards what shall be, by what `elapsedMs` is worth; at once where `isCalm`. */
  glide(elapsedMs: number, isCalm: boolean): void {
    const target = this.#target;
    const { from, to } = this.#shown;
    const share = isCalm ? 1 : 1 - Math.exp(-elapsedMs / GLIDE_MS);
    const next = { from: from + (target.from - from) * share, to: to + (target.to - to) * share };
    const leftMs = Math.abs(next.from - target.from) + Math.abs(next.to - target.to);
    this.#shown = leftMs < (target.to - target.from) / 1_000 ? target : next;
  }

  /** Makes the range `factor` times as long around a place of what is shown, from 0 to 1. */
  zoom(factor: number, around: number, isAtOnce = false): void {
    const { from, to } = isAtOnce ? this.#shown : this.#target;
    const length = to - from;
    const place = from + length * around;
    const wanted = Math.max(MIN_RANGE_MS, length * factor);
    this.show({ from: place - wanted * around, to: place + wanted * (1 - around) }, isAtOnce);
  }

  /** Moves by a share of what is shown: 1 is a whole window later. */
  pan(share: number, isAtOnce = false): void {
    const zoom = this.#zoom;
    if (zoom === undefined) return;
    const by = (zoom.to - zoom.from) * share;
    this.show({ from: zoom.from + by, to: zoom.to + by }, isAtOnce);
  }

  /** Shows this range, as far as it is within the axis. */
  show(range: TimeRange, isAtOnce = false): void {
    const length = Math.max(MIN_RANGE_MS, range.to - range.from);
    const { to: end } = this.#full;
    if (length >= end) this.#zoom = undefined;
    else {
      const from = Math.min(Math.max(0, range.from), end - length);
      this.#zoom = { from, to: from + length };
    }
    if (isAtOnce) this.#shown = this.#target;
  }

  /** Moves a zoomed window so that the moment is in it, with some room after it. */
  reveal(ms: number): void {
    const zoom = this.#zoom;
    if (zoom === undefined) return;
    const length = zoom.to - zoom.from;
    if (ms > zoom.to - length * 0.05 || ms < zoom.from) this.show({ from: ms - length * 0.8, to: ms + length * 0.2 });
  }

  /** Shows all of it. */
  fit(): void {
    this.#zoom = undefined;
  }

  /** Where a moment is in what is shown, from 0 to 1; beyond these where it is not in it. */
  placeOf(ms: number): number {
    const { from, to } = this.#shown;
    return (ms - from) / (to - from);
  }

  /** The moments to mark, in milliseconds after the beginning. */
  ticks(maxTicks: number): readonly number[] {
    const { from, to } = this.#shown;
    const step = stepFor(to - from, maxTicks);
    const ticks: number[] = [];
    for (let index = Math.ceil(from / step); index * step <= to && ticks.length <= maxTicks; index++) {
      // Tenths of milliseconds are no binary fractions.
      ticks.push(Math.round(index * step * 10) / 10);
    }
    return ticks;
  }
}

function stepFor(rangeMs: number, maxTicks: number): number {
  const largest = STEPS_MS[STEPS_MS.length - 1] ?? 1;
  return STEPS_MS.find((step) => rangeMs / step <= maxTicks) ?? Math.ceil(rangeMs / maxTicks / largest) * largest;
}
