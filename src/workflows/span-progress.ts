import { cutText, safeText } from "./attribute-snapshot.ts";
import type { SpanProgress } from "./span-event.ts";

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
