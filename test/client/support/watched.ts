import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  type EventConnection,
  type ReceivedEvent,
  type UnknownEvent,
} from "ssetarget/client";
import { onTestFinished } from "vitest";

/** A connection with everything that it has said. */
export interface Watched {
  readonly connection: EventConnection<UnknownEvent>;
  readonly events: readonly ReceivedEvent[];
  /** The statuses that the connection went through, each once in a row. */
  readonly statuses: readonly string[];
  readonly ids: readonly unknown[];
  /** Every state that subscribers were told of. */
  readonly states: readonly ConnectionState[];
}

/** Connects, notes everything, and closes when the test is over. Delays are as short as they can be. */
export function watch(url: string, options: ConnectOptions = {}): Watched {
  const connection = connect(url, { ...options, backoff: { minMs: 1, maxMs: 40, ...options.backoff } });
  onTestFinished(() => connection.close());
  const events: ReceivedEvent[] = [];
  const statuses: string[] = [];
  const ids: unknown[] = [];
  const states: ConnectionState[] = [];
  connection.addEventListener("*", (event) => {
    events.push(event);
    ids.push(event.id);
  });
  connection.subscribe(() => {
    states.push(connection.state);
    if (statuses.at(-1) !== connection.state.status) statuses.push(connection.state.status);
  });
  return { connection, events, ids, statuses, states };
}

/** The data of each event as text, for streams that do not carry JSON. */
export const asText = { parse: (data: string) => data };
