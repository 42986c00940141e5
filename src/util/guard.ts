import type { ErrorListener } from "./errors.ts";

/** An error listener that never throws. What `onError` throws goes to `fallback`, which drops it by default. */
export function guarded(onError: ErrorListener | undefined, fallback: ErrorListener = () => {}): ErrorListener {
  return (error) => {
    try {
      onError?.(error);
    } catch (thrown) {
      fallback(thrown);
    }
  };
}
