import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { describeValue, readOptions, wholeNumberOption } from "../../util/options.ts";
import type { AppendOptions } from "./appender.ts";

/** Options of a {@link RedisEventStore}. All stores over one stream, in whatever process, should have the same. */
export interface RedisEventStoreOptions {
  /** How many events are kept; the oldest are forgotten first, up to 100 at a time. @defaultValue 10_000 */
  readonly maxEvents?: number;
  /** How much JSON is kept, in bytes; the newest event always is. @defaultValue 16_777_216 (16 MiB) */
  readonly maxBytes?: number;
  /** A stream to which nothing was added for this time is forgotten, in milliseconds (up to a tenth later); `null`: never. @defaultValue 604_800_000 (7 days) */
  readonly ttlMs?: number | null;
  /** How long to try again where Redis cannot be reached, in milliseconds; then calls reject with `store-unavailable`. @defaultValue 10_000 */
  readonly retryForMs?: number;
  /**
   * Redis loses nothing that it has acknowledged, not when it crashes and not when a replica takes over. Then clients simply
   * go on after either. Without it the history counts as another one from then on, and clients are told to begin anew:
   * they would else miss in silence what was lost. @defaultValue false
   */
  readonly durable?: boolean;
  /**
   * The connection that follows streams is asked for a sign of life this often, in milliseconds, and quiet streams are
   * looked at. The store that opens the connection decides. @defaultValue 10_000
   */
  readonly pingMs?: number;
  /** Hears of what nobody awaits: a lost connection that is being opened again. Must not throw. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** The options with their defaults, checked. */
export interface ResolvedRedisOptions extends AppendOptions {
  readonly isDurable: boolean;
  readonly pingMs: number;
  readonly onError: ErrorListener;
}

/** @throws SSETargetError `invalid-option` */
export function resolveRedisOptions(given?: RedisEventStoreOptions): ResolvedRedisOptions {
  const options = readOptions("RedisEventStore", given, {
    maxEvents: true,
    maxBytes: true,
    ttlMs: true,
    retryForMs: true,
    durable: true,
    pingMs: true,
    onError: true,
  });
  const { ttlMs, durable = false, onError = () => {} } = options;
  if (typeof durable !== "boolean") {
    throw new SSETargetError("invalid-option", `\`durable\` must be true or false, got ${describeValue(durable)}`);
  }
  if (typeof onError !== "function") {
    throw new SSETargetError("invalid-option", `\`onError\` must be a function, got ${describeValue(onError)}`);
  }
  return {
    maxEvents: wholeNumberOption("maxEvents", options.maxEvents, 10_000, 1),
    maxBytes: wholeNumberOption("maxBytes", options.maxBytes, 16 * 1024 * 1024, 1),
    ttlMs: ttlMs === null ? null : wholeNumberOption("ttlMs", ttlMs, 7 * 24 * 3_600_000, 1_000),
    retryForMs: wholeNumberOption("retryForMs", options.retryForMs, 10_000, 1),
    isDurable: durable,
    pingMs: wholeNumberOption("pingMs", options.pingMs, 10_000, 100),
    onError,
  };
}
