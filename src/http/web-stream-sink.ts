import { SSETargetError } from "../util/errors.ts";
import type { SharedBytes } from "../wire/shared-bytes.ts";
import type { Handled } from "./handled.ts";
import type { Sink, SinkListener } from "./sink.ts";

/** How many bytes wait in a stream for its reader before it counts as full. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;

/** The `Response` to a request that was handled; `headers` replaces those that it was handled with. */
export function toResponse(
  handled: Handled,
  request: Request,
  headers: Headers | Handled["headers"] = handled.headers,
): Response {
  if (handled.kind === "reply") return new Response(handled.body, { status: handled.status, headers });
  const sink = new WebStreamSink(request.signal);
  handled.connect(sink);
  return new Response(sink.body, { status: 200, headers });
}

/** A `ReadableStream` as the body of a `Response`. Back-pressure is the stream's own: `desiredSize` and `pull`. */
export class WebStreamSink implements Sink {
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #listener: SinkListener | undefined;
  #isFull = false;
  #isOver = false;
  #writtenBytes = 0;
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
        cancel: () => {
          this.#finish();
          this.#controller = undefined;
        },
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
    if (controller === undefined || this.#isOver) return false;
    this.#writtenBytes += piece.byteLength;
    controller.enqueue(piece.bytes);
    this.#isFull = (controller.desiredSize ?? 0) <= 0;
    return !this.#isFull;
  }

  end(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#controller?.close();
  }

  destroy(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    const isUnread = this.waitingBytes() > 0;
    const wasOver = this.#isOver;
    this.#controller = undefined;
    this.#finish();
    try {
      // A stream that is closed keeps what it has until it is read, which may be never; one that fails lets go of it.
      if (isUnread) controller.error(new SSETargetError("timeout", "the response was closed because it was not read"));
      // Whoever still reads sees an ordinary end, and reconnects with its cursor.
      else if (!wasOver) controller.close();
    } catch {
      // Already cancelled by its reader, which is all that was wanted.
    }
  }

  /** What the reader has not taken, also after the end. */
  waitingBytes(): number {
    const desiredSize = this.#controller?.desiredSize ?? null;
    if (desiredSize === null || (this.#isOver && desiredSize === 0)) return 0;
    return HIGH_WATER_MARK_BYTES - desiredSize;
  }

  progress(): number {
    return this.#writtenBytes - this.waitingBytes();
  }

  detectLoss(): boolean {
    return false;
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#listener?.onClosed();
  }
}
