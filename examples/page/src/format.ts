const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const two = (value: number): string => String(value).padStart(2, "0");

/** A duration that stands still, as exact as is of use: `120 ms`, `4.25 s`, `3 m 05 s`, `2 h 03 m`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(ms / second).toFixed(2)} s`;
  return formatRunning(ms);
}

/** A duration that counts: one decimal, so that it moves calmly, and whole seconds where `coarse`. */
export function formatRunning(durationMs: number, coarse = false): string {
  const ms = Math.max(0, durationMs);
  // Truncated, not rounded: a clock never shows a time before it has come, nor "60.0 s".
  if (ms < minute) return coarse ? `${Math.floor(ms / second)} s` : `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} m ${two(Math.floor((ms % minute) / second))} s`;
  if (ms < day) return `${Math.floor(ms / hour)} h ${two(Math.floor((ms % hour) / minute))} m`;
  return `${Math.floor(ms / day)} d ${two(Math.floor((ms % day) / hour))} h`;
}

/** The time left until something, rounded up: a countdown ends when it shows nothing, not at "0 s". */
export function formatRemaining(remainingMs: number): string {
  const seconds = Math.ceil(Math.max(0, remainingMs) / second);
  return seconds < 60 ? `${seconds} s` : formatRunning(seconds * second);
}

/** A mark on the time axis: `0`, `500 ms`, `2.5 s`, `1:30`, `2:00:00`. */
export function formatTick(ms: number): string {
  if (ms === 0) return "0";
  if (ms < second) return `${ms} ms`;
  if (ms < minute) return `${ms / second} s`;
  const minutes = Math.floor((ms % hour) / minute);
  const seconds = Math.floor((ms % minute) / second);
  return ms < hour ? `${minutes}:${two(seconds)}` : `${Math.floor(ms / hour)}:${two(minutes)}:${two(seconds)}`;
}

/** The time of day of a moment; with its date when that is not today. */
export function formatMoment(timestamp: number): string {
  const moment = new Date(timestamp);
  if (Number.isNaN(moment.getTime())) return "";
  const sameDay = moment.toDateString() === new Date().toDateString();
  return sameDay
    ? moment.toLocaleTimeString()
    : moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** How long ago something was, in words: `just now`, `12 s ago`, `3 m ago`. */
export function formatAgo(elapsedMs: number): string {
  if (elapsedMs < 2 * second) return "just now";
  if (elapsedMs < minute) return `${Math.floor(elapsedMs / second)} s ago`;
  if (elapsedMs < hour) return `${Math.floor(elapsedMs / minute)} m ago`;
  if (elapsedMs < day) return `${Math.floor(elapsedMs / hour)} h ago`;
  return `${Math.floor(elapsedMs / day)} d ago`;
}

export function formatCount(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}
