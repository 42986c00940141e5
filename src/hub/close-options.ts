import { MAX_TIMER_MS } from "../util/timers.ts";
import { readOptions, wholeNumberOption } from "../util/options.ts";

/** How a target or hub is closed. */
export interface CloseOptions {
  /**
   * Clients reconnect within this time after the first half second, each at a moment of its own, so that they do not all
   * come at once: by default between 0.5 and 3.5 s, half of them within 2 s. In milliseconds. @defaultValue 3_000
   */
  readonly reconnectSpreadMs?: number;
  /** How long to wait for what is being stored and sent; after it connections are torn down. @defaultValue 5_000 */
  readonly closeTimeoutMs?: number;
}

/** The options with their defaults. @throws SSETargetError `invalid-option` */
export function resolveCloseOptions(options: CloseOptions | undefined): Required<CloseOptions> {
  const { reconnectSpreadMs, closeTimeoutMs } = readOptions("close", options, {
    reconnectSpreadMs: true,
    closeTimeoutMs: true,
  });
  return {
    reconnectSpreadMs: wholeNumberOption("reconnectSpreadMs", reconnectSpreadMs, 3_000, 0, MAX_TIMER_MS),
    closeTimeoutMs: wholeNumberOption("closeTimeoutMs", closeTimeoutMs, 5_000, 0, MAX_TIMER_MS),
  };
}
