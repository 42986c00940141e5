import type { WireMessage } from "./client-event.ts";
import type { ConnectionError } from "./connection-error.ts";
import type { ConnectionState, ConnectionStatus } from "./connection-state.ts";
import type { Continuity } from "./continuity.ts";
import type { Delivery } from "./delivery.ts";

/** A connection as its network and its tabs see it. */
export interface Host extends Pick<Continuity, "cursor" | "position">, Pick<Delivery, "isFull" | "drained"> {
  readonly state: () => ConnectionState;
  /** The server has answered with a stream: the name that it gives the history, if it names it. */
  readonly onStream: (name: string | null) => void;
  /** Takes in what has arrived, by whatever way. */
  readonly onMessages: (messages: readonly WireMessage[]) => void;
  readonly onState: (status: ConnectionStatus, attempt: number, error?: ConnectionError, retryAtMs?: number) => void;
  /** The network has stopped by itself: without an error because nothing will ever follow. */
  readonly onOver: (error: ConnectionError | undefined) => void;
  /** Whether this tab needs a connection of its own may have changed. */
  readonly onTabs: () => void;
  /** A button was pressed in another tab: whoever has a connection shall make another. */
  readonly reconnect: () => void;
}
