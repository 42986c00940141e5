import { ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { SharedBytes } from "../wire/shared-bytes.ts";
import { detectLossOf, progressOf } from "./socket-state.ts";
import type { Sink, SinkListener } from "../http/sink.ts";

/** A Node response as a sink. Back-pressure is the response's own: `write`'s answer and `drain`. */
export class NodeSink implements Sink {
  readonly #response: ServerResponse;
  #isOver = false;
  #writtenBytes = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  bind(listener: SinkListener): void {
    const response = this.#response;
    response.on("drain", () => listener.onDrain());
    // Node emits `close` exactly once, after the end as well as after a failure; `error` must be heard or it is thrown.
    response.on("close", () => {
      this.#isOver = true;
      listener.onClosed();
    });
    response.on("error", () => {});
    if (isGone(response)) {
      this.#isOver = true;
      listener.onClosed();
    }
  }

  write(piece: SharedBytes): boolean {
    if (this.#isOver) return false;
    this.#writtenBytes += piece.byteLength;
    const canTakeMore = this.#response.write(piece.bytes);
    // A compressing middleware keeps what it has until it is told to let go.
    (this.#response as { flush?: () => void }).flush?.();
    return canTakeMore;
  }

  end(): void {
    if (!this.#isOver) this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  waitingBytes(): number {
    // What imitates a response may not have it.
    return this.#isOver ? 0 : this.#response.writableLength || 0;
  }

  progress(): number {
    const socket = this.#socket;
    return socket === undefined ? this.#writtenBytes - this.waitingBytes() : progressOf(socket);
  }

  /** A middleware that compresses, and TLS, make bytes of each connection's own; HTTP/2 waits with those it was given. */
  get copies(): boolean {
    return this.#socket !== undefined;
  }

  detectLoss(silentMs: number): boolean {
    return this.#socket !== undefined && detectLossOf(this.#socket, silentMs);
  }

  /** The socket that belongs to this response alone: not that of an HTTP/2 session. */
  get #socket(): Socket | undefined {
    const response = this.#response;
    return response instanceof ServerResponse && response.socket instanceof Socket ? response.socket : undefined;
  }
}

/** Whether the far end is gone. HTTP/2's response does not say so itself, and its `close` may have been emitted by now. */
export function isGone(response: ServerResponse): boolean {
  const { stream } = response as { stream?: { readonly destroyed?: boolean } };
  return response.destroyed || stream?.destroyed === true || response.socket?.destroyed === true;
}
