import { guarded } from "../util/guard.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { type CorsOptions, CorsPolicy } from "../http/cors.ts";
import type { Authorize, EndpointOptions } from "../http/endpoint.ts";
import {
  delayOption,
  describeValue,
  type OptionNames,
  readOptions,
  wholeNumberOption,
  checkFunction,
} from "../util/options.ts";
import type { StartAt } from "../stream/feed.ts";
import type { StreamOptions } from "../stream/open-stream.ts";
import { MAX_TIMER_MS } from "../util/timers.ts";

/** Options of a target, and of every stream of a hub. Absent and `undefined` mean the default. */
export interface SSETargetOptions {
  /**
   * Decides about every request before any byte: `true`, or the status that refuses it (401, 403, 404; `false` is 403).
   * It holds for history as for what is live. A function that throws refuses with 500. @defaultValue everyone may read
   */
  readonly authorize?: Authorize;
  /** Lets pages of other origins read the stream; `true` is any origin, without credentials. @defaultValue off */
  readonly cors?: CorsOptions | boolean;
  /** Where a client without a cursor begins. @defaultValue "beginning" */
  readonly startAt?: StartAt;
  /**
   * A quiet connection is sent a comment this often, in milliseconds; `null`: never, save what `stallTimeoutMs` needs.
   *
   * @defaultValue 15_000
   */
  readonly keepAliveMs?: number | null;
  /**
   * How long a client may take nothing of what waits for it, in milliseconds, before it is let go; it comes back with its
   * cursor. `null`: forever.
   *
   * A client that has vanished is noticed so too. If `keepAliveMs` leaves connections silent for longer than this, then by
   * TCP's own keep-alive on Node's sockets, and elsewhere by a comment this often.
   * @defaultValue 120_000 (2 minutes)
   */
  readonly stallTimeoutMs?: number | null;
  /**
   * What waits for all clients together that cannot take more just now, in bytes; clients that wait for the same events share
   * one piece of memory. Beyond it the client is let go that has held the most for the longest. @defaultValue 67_108_864 (64 MiB)
   */
  readonly maxStalledBytes?: number;
  /**
   * Age at which a connection is ended in good order, in milliseconds; the client is asked to reconnect between 0.5 and 3.5 s
   * later. Spreads clients over new processes, and asks `authorize` again. @defaultValue null: any age
   */
  readonly maxConnectionAgeMs?: number | null;
  /** How long clients wait before they connect again, in milliseconds; `null`: their own default. @defaultValue 2_000 */
  readonly retryMs?: number | null;
  /** The largest event, in bytes of its JSON; a larger one is refused with `event-too-large`. @defaultValue 1_048_576 */
  readonly maxEventBytes?: number;
  /**
   * Connections at a time, requests that are being decided about included; further ones get 503 and `Retry-After`.
   *
   * @defaultValue 100_000
   */
  readonly maxConnections?: number;
  /**
   * Connections at a time of one HTTP/2 session, requests that are being decided about included; further ones get 503.
   * Over HTTP/1.1 a socket has one. Raise it if a proxy puts many clients on one session.
   *
   * @defaultValue 250
   */
  readonly maxConnectionsPerSession?: number;
  /**
   * Requests that wait for `authorize`, `exists` or the store at a time; further ones get 503 and `Retry-After`.
   *
   * @defaultValue 10_000
   */
  readonly maxPendingRequests?: number;
  /** Encoded events kept for connections that are a little behind; older ones are read from the store. @defaultValue 1_000 */
  readonly maxWindowEvents?: number;
  /** The same in bytes; the newest event is always kept. @defaultValue 1_048_576 */
  readonly maxWindowBytes?: number;
  /** Dispatched events that the store has not stored yet; beyond it `dispatchEvent` rejects with `too-many-pending`. @defaultValue 10_000 */
  readonly maxPendingEvents?: number;
  /** The same in bytes of JSON. @defaultValue 16_777_216 */
  readonly maxPendingBytes?: number;
  /**
   * Timeout for the store, `authorize` and `exists` while serving a client, in milliseconds; on expiry the client is asked
   * to reconnect. `null`: no timeout. A dispatch waits as long as its store takes, unless the store has only two methods:
   * such a store is given one event at a time, so after this time all that wait reject with `timeout`.
   * @defaultValue 10_000
   */
  readonly storeTimeoutMs?: number | null;
  /** Hears of what nobody awaits: a store that fails under a live connection, a listener that throws. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** The options with their defaults, checked. */
export interface ResolvedOptions extends StreamOptions, EndpointOptions {}

/** The names of {@link SSETargetOptions}. */
export const TARGET_OPTIONS: OptionNames<SSETargetOptions> = {
  authorize: true,
  cors: true,
  startAt: true,
  keepAliveMs: true,
  retryMs: true,
  maxEventBytes: true,
  maxConnections: true,
  maxConnectionsPerSession: true,
  maxPendingRequests: true,
  maxWindowEvents: true,
  maxWindowBytes: true,
  maxPendingEvents: true,
  maxPendingBytes: true,
  storeTimeoutMs: true,
  stallTimeoutMs: true,
  maxStalledBytes: true,
  maxConnectionAgeMs: true,
  onError: true,
};

/** @throws SSETargetError `invalid-option` */
export function resolveOptions(options: SSETargetOptions): ResolvedOptions {
  const { authorize, cors, startAt = "beginning", onError } = options;
  checkFunction("authorize", authorize);
  checkFunction("onError", onError);
  checkStartAt(startAt);
  return {
    authorize,
    cors: cors === undefined || cors === false ? undefined : new CorsPolicy(cors),
    startAt,
    keepAliveMs: delayOption("keepAliveMs", options.keepAliveMs, 15_000),
    stallTimeoutMs: delayOption("stallTimeoutMs", options.stallTimeoutMs, 120_000),
    maxStalledBytes: wholeNumberOption("maxStalledBytes", options.maxStalledBytes, 64 * 1024 * 1024, 1),
    maxConnectionAgeMs: delayOption("maxConnectionAgeMs", options.maxConnectionAgeMs, null),
    retryMs: delayOption("retryMs", options.retryMs, 2_000),
    maxEventBytes: wholeNumberOption("maxEventBytes", options.maxEventBytes, 1024 * 1024, 1),
    maxConnections: wholeNumberOption("maxConnections", options.maxConnections, 100_000, 1),
    maxConnectionsPerSession: wholeNumberOption("maxConnectionsPerSession", options.maxConnectionsPerSession, 250, 1),
    maxPendingRequests: wholeNumberOption("maxPendingRequests", options.maxPendingRequests, 10_000, 1),
    maxWindowEvents: wholeNumberOption("maxWindowEvents", options.maxWindowEvents, 1_000, 1),
    maxWindowBytes: wholeNumberOption("maxWindowBytes", options.maxWindowBytes, 1024 * 1024, 1),
    maxPendingEvents: wholeNumberOption("maxPendingEvents", options.maxPendingEvents, 10_000, 1),
    maxPendingBytes: wholeNumberOption("maxPendingBytes", options.maxPendingBytes, 16 * 1024 * 1024, 1),
    storeTimeoutMs: delayOption("storeTimeoutMs", options.storeTimeoutMs, 10_000),
    onError: guarded(onError),
  };
}

function checkStartAt(startAt: StartAt): void {
  if (startAt === "beginning" || startAt === "new") return;
  if (typeof startAt === "object" && startAt !== null) {
    readOptions("startAt", startAt, { last: true });
    wholeNumberOption("startAt.last", startAt.last, 0, 0);
    if (startAt.last !== undefined) return;
  }
  throw new SSETargetError(
    "invalid-option",
    `\`startAt\` must be "beginning", "new" or { last: <number of events> }, got ${describeValue(startAt)}`,
  );
}

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

export type ResolvedCloseOptions = Required<CloseOptions>;

/** The options with their defaults. @throws SSETargetError `invalid-option` */
export function resolveCloseOptions(options: CloseOptions | undefined): ResolvedCloseOptions {
  const { reconnectSpreadMs, closeTimeoutMs } = readOptions("close", options, {
    reconnectSpreadMs: true,
    closeTimeoutMs: true,
  });
  return {
    reconnectSpreadMs: wholeNumberOption("reconnectSpreadMs", reconnectSpreadMs, 3_000, 0, MAX_TIMER_MS),
    closeTimeoutMs: wholeNumberOption("closeTimeoutMs", closeTimeoutMs, 5_000, 0, MAX_TIMER_MS),
  };
}
