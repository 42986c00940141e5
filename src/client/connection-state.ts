import type { ConnectionError } from "./connection-error.ts";

/**
 * Where a connection stands.
 *
 * - `connecting`: a request is under way.
 * - `open`: events arrive as they happen.
 * - `waiting`: it was lost or could not be made, and is tried again at `retryAtMs`.
 * - `ended`: the stream is over and everything of it has been handed over; nothing is requested any more.
 * - `failed`: the server refused it for good (401, 403, 404, something that is no event stream). Only `reconnect()` tries again.
 * - `closed`: by `close()` or the signal.
 */
export type ConnectionStatus = "connecting" | "open" | "waiting" | "ended" | "failed" | "closed";

/** A connection at one moment: frozen, and another object when anything in it has changed. */
export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** How many tries in a row have come to nothing: 0 at first and while it is `open`. */
  readonly attempt: number;
  /** While `waiting`: when it is tried again, in milliseconds since the epoch. */
  readonly retryAtMs?: number;
  /** Why it is `waiting` or has `failed`. */
  readonly error?: ConnectionError;
  /** The cursor of the last event that was handed over. A cursor that moves is no change that subscribers are told of. */
  readonly lastEventId?: string;
}
