/** The steps that a time axis may be divided by: those that people count in. */
const stepsMs = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
] as const;

export interface TimelineScale {
  /** What the whole width stands for. */
  readonly rangeMs: number;
  readonly stepMs: number;
}

/**
 * Chooses an axis for something that has taken `elapsedMs`.
 *
 * While it runs, the axis ends at a full step with some room, so that it holds still between two steps
 * instead of shrinking every bar in every frame. Afterwards it fits.
 */
export function timelineScale(elapsedMs: number, isRunning: boolean, maxSteps: number): TimelineScale {
  const wantedMs = Math.max(isRunning ? elapsedMs * 1.08 : elapsedMs, isRunning ? 5_000 : 10);
  const largest = stepsMs[stepsMs.length - 1] ?? 1;
  const stepMs =
    stepsMs.find((step) => wantedMs / step <= maxSteps) ?? Math.ceil(wantedMs / maxSteps / largest) * largest;
  return { stepMs, rangeMs: isRunning ? Math.ceil(wantedMs / stepMs) * stepMs : wantedMs };
}
