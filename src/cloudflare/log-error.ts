import { guarded } from "../util/guard.ts";
import type { ErrorListener } from "../util/errors.ts";

/** The default listener of the bridge: the console is a Worker's log, and a silent failure would be found by nobody. */
export const logError: ErrorListener = (error) => {
  // oxlint-disable-next-line no-console
  console.error("ssetarget:", error);
};

/** The listener, or the default one; never throws. */
export function errorListener(onError: ErrorListener = logError): ErrorListener {
  return guarded(onError, logError);
}
