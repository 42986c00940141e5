import type { ListenerOptions } from "../util/listener-options.ts";
import type { StreamEvent } from "../event/event.ts";
import type { ClientEvent, ClientEventOf, ClientEventType } from "./client-event.ts";
import type { ConnectionState } from "./connection-state.ts";

/**
 * A stream as one viewer follows it, over any number of connections: every event once and in order, or a gap that says what is missing.
 *
 * Iterating hands over each event when the loop asks for it. The loop holds everything of this connection back, listeners
 * included: while it is busy the server is not read from. Leaving the loop does not close the connection.
 * It ends when the stream ends or the connection is closed, rejects with the state's `error` where it failed, and with the signal's
 * reason where that was aborted.
 */
export interface EventConnection<E extends StreamEvent> extends AsyncIterable<ClientEvent<E>> {
  /** Another frozen object with each change. */
  readonly state: ConnectionState;
  /** The cursor of the last event that was handed over, as the server gave it; empty before the first. */
  readonly lastEventId: string;
  /** Resolves with the state when it has ended, failed or was closed. After a `reconnect()` from `failed` it is another promise. */
  readonly closed: Promise<ConnectionState>;
  /** Called whenever the state has changed, until the function that it returns is called. Bound, so that it can be handed on. */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * Calls the listener with each event of this type, `"*"` for all. A listener that was added already is not added again.
   * What it throws goes to `onError`, and disturbs nobody.
   */
  addEventListener<T extends ClientEventType<E>>(
    type: T,
    listener: (event: ClientEventOf<E, T>) => void,
    options?: ListenerOptions,
  ): void;
  removeEventListener<T extends ClientEventType<E>>(type: T, listener: (event: ClientEventOf<E, T>) => void): void;
  /** Connects again at once, as a button would: cuts a back-off short, replaces an open connection, tries again after `failed`. */
  reconnect(): void;
  /** Lets go of everything. What has not been handed over is dropped. Idempotent. */
  close(): void;
  [Symbol.dispose](): void;
}
