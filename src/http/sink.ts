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
  /** Tears the response down without waiting for a far end that does not read. Idempotent. */
  destroy(): void;
}
