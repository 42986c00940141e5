import { cutText, safeText } from "./attribute-snapshot.ts";
import type { SpanProgress } from "../events.ts";

/** A copy of a user's progress that JSON can carry; undefined where it says no number. Throws what its getters throw. */
export function snapshotProgress(progress: SpanProgress, maxTextLength: number): SpanProgress | undefined {
  const { current, total, unit, message } = progress;
  if (!Number.isFinite(current)) return undefined;
  return {
    current,
    ...(Number.isFinite(total) ? { total } : {}),
    ...(unit === undefined ? {} : { unit: cutText(safeText(unit), maxTextLength) }),
    ...(message === undefined ? {} : { message: cutText(safeText(message), maxTextLength) }),
  };
}

/** A frozen copy of what an event said, of which `current` has been checked: what of the rest is no number and no text is left out. */
export function readProgress({ current, total, unit, message }: SpanProgress): SpanProgress {
  return Object.freeze({
    current,
    ...(Number.isFinite(total) ? { total } : {}),
    ...(typeof unit === "string" ? { unit } : {}),
    ...(typeof message === "string" ? { message } : {}),
  });
}

export function isSameProgress(a: SpanProgress, b: SpanProgress): boolean {
  return a.current === b.current && a.total === b.total && a.unit === b.unit && a.message === b.message;
}
