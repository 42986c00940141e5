import { SSETargetError } from "../util/errors.ts";
import { withResolvers, type Deferred } from "../util/timers.ts";
import { openingFrame } from "../wire/frame.ts";
import { encodeText, shareBytes } from "../wire/shared-bytes.ts";
import { sharedGroup } from "./connection-group.ts";
import type { Sink } from "./sink.ts";
import { SinkWriter, type SinkWriterContext } from "./sink-writer.ts";

export interface MessageWriterOptions extends SinkWriterContext {
  readonly retryMs: number | null;
  readonly maxBufferedBytes: number;
  readonly closeTimeoutMs: number;
  /** Called once, when all is over: the response has been sent to its end, or the far end is gone. */
  readonly onClosed: () => void;
}

/** This much is not kept for the end of the turn. */
const TURN_BYTES = 64 * 1024;

/**
 * Writes to one client what no other gets and no store keeps. What a turn brings is one write. What the sink cannot take
 * waits in a bounded buffer; beyond its bound the connection is cut off, so that the client reconnects instead of missing
 * something.
 */
export class MessageWriter extends SinkWriter {
  readonly #options: MessageWriterOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isFlushDue = false;
  #state: "open" | "ending" | "closed" = "open";
  #ready: Deferred | undefined;
  readonly #closed = withResolvers();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sink: Sink, options: MessageWriterOptions) {
    super(sink, sharedGroup(options), options);
    this.#options = options;
    this.enter();
    if (this.isOpen) this.keepAlive();
    if (this.isOpen) this.put(openingFrame(options.retryMs));
    this.watchStalls();
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** What has been written and not yet been handed to the sink. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether it was taken. */
  write(text: string): boolean {
    if (this.#state !== "open") return false;
    const bytes = encodeText(text);
    if (!this.isWritable && this.#waitingBytes + bytes.byteLength > this.#options.maxBufferedBytes) {
      this.#overflow();
      return false;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    if (this.#waitingBytes >= TURN_BYTES) this.#flush();
    else if (!this.#isFlushDue && this.isWritable) {
      this.#isFlushDue = true;
      queueMicrotask(() => {
        this.#isFlushDue = false;
        this.#flush();
      });
    }
    return true;
  }

  /** Resolves when the sink can take more, and when there is nothing to be written to any longer. */
  ready(): Promise<void> {
    this.#flush();
    if (this.isWritable || this.#state !== "open") return Promise.resolve();
    this.#ready ??= withResolvers();
    return this.#ready.promise;
  }

  /** Takes no more, and ends the response after what was written. Resolves when all is over. Idempotent. */
  end(): Promise<void> {
    if (this.#state === "open") {
      this.#flush();
      // The flush may have found that the sink has failed.
      if (this.isOpen) {
        this.#state = "ending";
        this.stopHeartbeat();
        this.#timer = setTimeout(() => this.sink.destroy(), this.#options.closeTimeoutMs);
        this.#settleReady();
        if (this.#waiting.length === 0) this.sink.end();
      }
    }
    return this.#closed.promise;
  }

  protected onWritable(): void {
    if (this.#state === "closed") return;
    this.#flush();
    if (this.#state === "ending" && this.#waiting.length === 0) this.sink.end();
    else if (this.isWritable) this.#settleReady();
  }

  protected onOver(): void {
    this.#state = "closed";
    this.#waiting = [];
    this.#waitingBytes = 0;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#settleReady();
    this.#closed.resolve();
    this.#options.onClosed();
  }

  #flush(): void {
    if (!this.isWritable || this.#waiting.length === 0) return;
    const piece = shareBytes(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.put(piece);
  }

  #overflow(): void {
    const { maxBufferedBytes, onError } = this.#options;
    onError(
      new SSETargetError(
        "too-many-pending",
        `a client that does not read was disconnected, because ${this.#waitingBytes} bytes wait for it; await \`ready\` before dispatching more, or raise \`maxBufferedBytes\` (${maxBufferedBytes})`,
      ),
    );
    this.sink.destroy();
  }

  #settleReady(): void {
    this.#ready?.resolve();
    this.#ready = undefined;
  }
}
