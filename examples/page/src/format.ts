const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Formats a time as its age: `just now`, `12 s ago`, `3 m ago`. */
export function formatAgo(elapsedMs: number): string {
  if (elapsedMs < 2 * second) return "just now";
  if (elapsedMs < minute) return `${Math.floor(elapsedMs / second)} s ago`;
  if (elapsedMs < hour) return `${Math.floor(elapsedMs / minute)} m ago`;
  if (elapsedMs < day) return `${Math.floor(elapsedMs / hour)} h ago`;
  return `${Math.floor(elapsedMs / day)} d ago`;
}
