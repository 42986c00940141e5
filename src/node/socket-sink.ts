import { OutgoingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { SharedBytes } from "../wire/shared-bytes.ts";
import { detectLossOf, progressOf } from "./socket-state.ts";
import type { Sink, SinkListener } from "../http/sink.ts";

/**
 * A Node response whose body goes straight to its socket, as chunks that are framed once for all connections.
 *
 * `http` made the head and makes the end; in between it does not know that anything is written. What it would have done
 * for each connection and write (framing in four pieces, corking, a tick) is what makes other servers slow.
 */
export class NodeSocketSink implements Sink {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  #listener: SinkListener | undefined;
  #isOver = false;

  constructor(response: ServerResponse, socket: Socket) {
    this.#response = response;
    this.#socket = socket;
  }

  bind(listener: SinkListener): void {
    this.#listener = listener;
    // Node emits `close` exactly once, after the end as well as after a failure of the socket.
    this.#response.on("close", () => {
      this.#isOver = true;
      listener.onClosed();
    });
    if (this.#socket.destroyed) {
      this.#isOver = true;
      listener.onClosed();
    }
  }

  write(piece: SharedBytes): boolean {
    // Ended by somebody else: what came after the end would not be part of the response.
    if (this.#isOver || this.#response.writableEnded) return false;
    if (this.#socket.write(piece.chunked)) return true;
    // Only a socket that is full has a listener; a thousand that are not need none.
    this.#socket.once("drain", () => {
      if (!this.#isOver) this.#listener?.onDrain();
    });
    return false;
  }

  end(): void {
    if (!this.#isOver) this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  waitingBytes(): number {
    return this.#isOver ? 0 : this.#socket.writableLength;
  }

  progress(): number {
    return progressOf(this.#socket);
  }

  /** TLS waits with what it has encrypted for this connection. */
  get copies(): boolean {
    return "encrypted" in this.#socket;
  }

  detectLoss(silentMs: number): boolean {
    return detectLossOf(this.#socket, silentMs);
  }
}

/**
 * The socket that the body of this response may be written to directly, its head having been sent; `undefined` where that
 * must be left to the response: HTTP/2, HTTP/1.0 (no chunks), a response that waits for an earlier one of the same
 * connection (pipelining), and one that a middleware has put its own `write` or `end` on (compression).
 */
export function socketOf(response: ServerResponse): Socket | undefined {
  if (!(response instanceof ServerResponse) || !response.chunkedEncoding) return undefined;
  const own = OutgoingMessage.prototype;
  const isWrapped = (["write", "end"] as const).some((method) => response[method] !== own[method]);
  return isWrapped || !(response.socket instanceof Socket) ? undefined : response.socket;
}
