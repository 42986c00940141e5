import type { WireMessage } from "./client-event.ts";
import type { ResolvedOptions } from "./connect-options.ts";
import type { ConnectionStatus } from "./connection-state.ts";

/** One try to read the stream, as a transport sees it. */
export interface Attempt {
  readonly options: ResolvedOptions;
  /** Aborted where the try is given up, whatever for. Nobody waits for an answer then. */
  readonly signal: AbortSignal;
  /** The cursor to go on from; may be empty. */
  readonly cursor: () => string;
  /** To be told `open`; and `waiting` by a transport that has lost its connection and makes another by itself. */
  readonly onState: (status: ConnectionStatus, attempt: number) => void;
  /**
   * To be told the server's name for the history (`SSETarget-Stream`), or null, before any message of a connection. Tabs share a
   * connection only if this is called. With a name, messages are to be marked as ours.
   */
  readonly onStream: (name: string | null) => void;
  /**
   * To be told the server's `retry:`. The last word of a response that ends in good order is told again as such: it is the delay of the next try
   * alone, taken as it is, because the server has spread its clients already.
   */
  readonly onRetry: (delayMs: number, isLastWord?: boolean) => void;
  /** Takes in what has arrived; nothing, where it was a comment. No more shall be read until the promise has resolved. */
  readonly onMessages: (messages: readonly WireMessage[]) => Promise<void>;
  /** For what cannot be paused: whether so much waits to be handled that it has to stop. */
  readonly isFull: () => boolean;
}

/**
 * Reads the stream. Resolves where nothing will ever follow, and rejects otherwise: with a `ConnectionError` of the code `connection-lost`, or with
 * anything that is none, where it shall be tried again.
 */
export type Transport = (attempt: Attempt) => Promise<void>;
