import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { delayOption, describeValue, readOptions, wholeNumberOption } from "../../util/options.ts";

/** Options of a file. What is retained is so for each stream of it. */
export interface SqliteEventStoresOptions {
  /** How many events a stream retains at least; the oldest go first, some at a time. @defaultValue 100_000 */
  readonly maxEvents?: number;
  /** The same in UTF-16 code units of JSON; the newest event always stays. @defaultValue 268_435_456 */
  readonly maxBytes?: number;
  /** How long an event is retained, in milliseconds; a stream of which nothing is left is forgotten. `null`: for ever. @defaultValue 2_592_000_000 (30 days) */
  readonly maxAgeMs?: number | null;
  /**
   * `NORMAL`: what was acknowledged survives the end of the process in whatever way, but not for certain that of the
   * machine. `FULL`: that too, at the price of a wait for the disk with each transaction. @defaultValue "NORMAL"
   * @see https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  readonly synchronous?: "NORMAL" | "FULL";
  /** How often to look for what other processes have written, in milliseconds, while something is followed. @defaultValue 50 */
  readonly pollMs?: number;
  /** How long to wait for another process that is writing, in milliseconds. The event loop waits too. @defaultValue 5_000 */
  readonly busyTimeoutMs?: number;
  /** Hears of what nobody awaits: a sweep or a look at the file that failed. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** The options with their defaults. @throws SSETargetError `invalid-option` */
export function resolveOptions(given?: SqliteEventStoresOptions): Required<SqliteEventStoresOptions> {
  const options = readOptions("SqliteEventStores", given, {
    maxEvents: true,
    maxBytes: true,
    maxAgeMs: true,
    synchronous: true,
    pollMs: true,
    busyTimeoutMs: true,
    onError: true,
  });
  const { synchronous = "NORMAL", onError = () => {} } = options;
  if (synchronous !== "NORMAL" && synchronous !== "FULL") {
    throw new SSETargetError(
      "invalid-option",
      `\`synchronous\` must be "NORMAL" or "FULL", got ${describeValue(synchronous)}`,
    );
  }
  if (typeof onError !== "function") {
    throw new SSETargetError("invalid-option", `\`onError\` must be a function, got ${describeValue(onError)}`);
  }
  return {
    maxEvents: wholeNumberOption("maxEvents", options.maxEvents, 100_000, 1),
    maxBytes: wholeNumberOption("maxBytes", options.maxBytes, 256 * 1024 * 1024, 1),
    maxAgeMs: ageOption(options.maxAgeMs),
    synchronous,
    pollMs: delayOption("pollMs", options.pollMs, 50) ?? 50,
    busyTimeoutMs: wholeNumberOption("busyTimeoutMs", options.busyTimeoutMs, 5_000, 0),
    onError,
  };
}

/** Longer than timers take, so not a delay: an age is only compared. */
function ageOption(value: number | null | undefined): number | null {
  if (value === null) return null;
  return wholeNumberOption("maxAgeMs", value, 30 * 24 * 3_600_000, 1);
}
