const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** No two moments are further apart. */
const MAX_DURATION_MS = 2 * 8.64e15;

/** A duration as exact as is of use, in few columns: `85ms`, `4.2s`, `3m05s`, `2h03m`, `1d02h`. */
export function durationText(durationMs: number): string {
  const ms = bounded(Math.floor(durationMs));
  return ms < SECOND_MS ? `${ms}ms` : runningText(ms);
}

/** A duration that counts on: one that does not change its form within the first minute. */
export function runningText(durationMs: number): string {
  const ms = bounded(durationMs);
  // Cut and not rounded: a clock never shows a time before it has come, nor "60.0s".
  if (ms < MINUTE_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m${twoDigits((ms % MINUTE_MS) / SECOND_MS)}s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}h${twoDigits((ms % HOUR_MS) / MINUTE_MS)}m`;
  return `${Math.floor(ms / DAY_MS)}d${twoDigits((ms % DAY_MS) / HOUR_MS)}h`;
}

/** The time that is left, in whole units rounded up: a countdown is over when it shows nothing, not at "0s". */
export function remainingText(remainingMs: number): string {
  const seconds = Math.ceil(bounded(remainingMs) / SECOND_MS);
  return seconds < 60 ? `${seconds}s` : runningText(seconds * SECOND_MS);
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** The milliseconds of a duration as people type it (`90`, `90s`, `1.5m`, `2h`; seconds where nothing is said), or undefined. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (UNITS_MS[match[2] ?? "s"] ?? SECOND_MS);
}

/** What is no duration is shown as none. */
function bounded(durationMs: number): number {
  return durationMs >= 0 ? Math.min(durationMs, MAX_DURATION_MS) : 0;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
