import type { ErrorListener } from "../../util/errors.ts";

/** Tells each listener once. What a listener throws has nowhere to go, and must not take a connection with it. */
export function tellError(listeners: Iterable<ErrorListener>, error: unknown): void {
  for (const onError of new Set(listeners)) {
    try {
      onError(error);
    } catch {
      // Nothing is left to tell.
    }
  }
}
