/** A run that this browser has watched. */
export interface RecentRun {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** When it was last watched, in milliseconds since 1970. */
  readonly seenAt: number;
}

const storageKey = "ssetarget:recent-runs";
const maxRuns = 8;

/** The runs that this browser has watched, latest first. */
export function recentRuns(): readonly RecentRun[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isRecentRun).slice(0, maxRuns) : [];
  } catch {
    // Storage may be disabled or hold something else; the list is optional.
    return [];
  }
}

export function rememberRun(run: RecentRun): void {
  write([run, ...recentRuns().filter((other) => other.id !== run.id)].slice(0, maxRuns));
}

export function forgetRun(id: string): void {
  write(recentRuns().filter((other) => other.id !== id));
}

function write(runs: readonly RecentRun[]): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(runs));
  } catch {
    // As above.
  }
}

function isRecentRun(value: unknown): value is RecentRun {
  if (typeof value !== "object" || value === null) return false;
  const run = value as Partial<Record<keyof RecentRun, unknown>>;
  return (
    typeof run.id === "string" &&
    typeof run.name === "string" &&
    typeof run.state === "string" &&
    typeof run.seenAt === "number"
  );
}
