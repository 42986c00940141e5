import type { ServerResponse } from "node:http";
import type { SharedBytes } from "../wire/shared-bytes.ts";
import type { Sink, SinkListener } from "./sink.ts";

/** A Node response as a sink. Back-pressure is the response's own: `write`'s answer and `drain`. */
export class NodeSink implements Sink {
  readonly #response: ServerResponse;
  #isOver = false;

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
    if (response.destroyed || response.socket?.destroyed) {
      this.#isOver = true;
      listener.onClosed();
    }
  }

  write(piece: SharedBytes): boolean {
    if (this.#isOver) return false;
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
}
