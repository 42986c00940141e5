import type { SharedBytes } from "../wire/shared-bytes.ts";

/** What a sink tells the connection that writes to it. */
export interface SinkListener {
  /** The sink can take more again. */
  onDrain(): void;
  /** All is over: the response has been sent to its end, the far end is gone, or the sink has failed. */
  onClosed(): void;
}

/** Where a connection's bytes go: a web stream or a Node response. */
export interface Sink {
  /** Called once, before the first write. */
  bind(listener: SinkListener): void;
  /** Takes the piece in any case; `false`: no more until `onDrain`. */
  write(piece: SharedBytes): boolean;
  /** Ends the response after what was written. Idempotent. */
  end(): void;
  /**
   * Tears the response down without waiting for a far end that does not read, and lets go of what it was given, also after
   * `end`. Idempotent.
   */
  destroy(): void;
  /**
   * How many bytes wait for the far end. A sink without it counts as waiting from a `write` that answers `false` to the next
   * `onDrain`, and from `end` to `onClosed`.
   */
  waitingBytes?(): number;
  /** A number that changes whenever the far end takes something of what waits. */
  progress?(): number;
  /** Whether what waits here is a copy, and not the piece that other sinks wait with. */
  readonly copies?: boolean;
  /**
   * Asks the transport to find out whether the far end is still there after so long a silence. `false`: it cannot, so
   * something must be written now and then.
   */
  detectLoss?(silentMs: number): boolean;
}

/** The far end of a request that gets no stream, or has gone before it could be given one. */
export const NOBODY: Sink = {
  bind: (listener) => listener.onClosed(),
  write: () => false,
  end: () => {},
  destroy: () => {},
};
