import type { SharedBytes } from "../wire/shared-bytes.ts";
import type { Sink, SinkListener } from "./sink.ts";

/** How many bytes wait in a stream for its reader before it counts as full. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;

/** A `ReadableStream` as the body of a `Response`. Back-pressure is the stream's own: `desiredSize` and `pull`. */
export class WebStreamSink implements Sink {
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #listener: SinkListener | undefined;
  #isFull = false;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.destroy();

  constructor(signal?: AbortSignal) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => {
          if (!this.#isFull) return;
          this.#isFull = false;
          this.#listener?.onDrain();
        },
        cancel: () => this.#finish(),
      },
      { highWaterMark: HIGH_WATER_MARK_BYTES, size: (chunk) => chunk.byteLength },
    );
    // Some adapters abort the request but never cancel the body.
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  bind(listener: SinkListener): void {
    this.#listener = listener;
    if (this.#signal?.aborted) this.destroy();
  }

  write(piece: SharedBytes): boolean {
    const controller = this.#controller;
    if (controller === undefined) return false;
    controller.enqueue(piece.bytes);
    this.#isFull = (controller.desiredSize ?? 0) <= 0;
    return !this.#isFull;
  }

  end(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#finish();
    controller.close();
  }

  destroy(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#finish();
    // Not `error`: whoever still reads sees an ordinary end and comes again with its cursor.
    try {
      controller.close();
    } catch {
      // Already cancelled by its reader, which is all that was wanted.
    }
  }

  #finish(): void {
    this.#controller = undefined;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#listener?.onClosed();
  }
}
