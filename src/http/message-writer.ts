import { type Deferred, withResolvers } from "../util/timers.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { KEEP_ALIVE } from "../wire/frame.ts";
import { encodeText, shareBytes, type SharedBytes } from "../wire/shared-bytes.ts";
import { heartbeatMs, needsHeartbeat, type KeepAliveMember, type Vigilance } from "./keep-alive.ts";
import { enterStallWatch, joinKeepAlive } from "./shared-timers.ts";
import type { Sink, SinkListener } from "./sink.ts";
import type { StallMember, StallWatch } from "./stall-watch.ts";

export interface MessageWriterOptions extends Vigilance {
  readonly maxBufferedBytes: number;
  readonly closeTimeoutMs: number;
  readonly onError: ErrorListener;
  /** Called once, when all is over: the response has been sent to its end, or the far end is gone. */
  readonly onClosed: () => void;
}

/** This much is not kept for the end of the turn. */
const TURN_BYTES = 64 * 1024;

/**
 * Writes to one client what nobody else gets and no store keeps. What a turn brings is one write. What the sink cannot take waits in
 * a bounded buffer; beyond its bound the connection is cut off, so that the client comes again rather than missing something.
 */
export class MessageWriter implements SinkListener, KeepAliveMember, StallMember {
  readonly sink: Sink;
  readonly #stallWatch: StallWatch;
  readonly #leaveStallWatch: () => void;
  readonly #options: MessageWriterOptions;
  readonly #leaveKeepAlive: () => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isWritable = true;
  #isFlushDue = false;
  #wroteSinceTick = true;
  #state: "open" | "ending" | "closed" = "open";
  #ready: Deferred | undefined;
  readonly #closed = withResolvers();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param first written at once, so that proxies and browsers see an open stream */
  constructor(sink: Sink, first: string, options: MessageWriterOptions) {
    this.sink = sink;
    this.#options = options;
    this.#leaveKeepAlive = joinKeepAlive(needsHeartbeat(sink, options) ? heartbeatMs(options) : null, this);
    const { stallWatch, leave } = enterStallWatch(this);
    this.#stallWatch = stallWatch;
    this.#leaveStallWatch = leave;
    sink.bind(this);
    this.write(first);
    this.#flush();
    stallWatch.joined(this);
  }

  get stallTimeoutMs(): number | null {
    return this.#options.stallTimeoutMs;
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
    if (!this.#isWritable && this.#waitingBytes + bytes.byteLength > this.#options.maxBufferedBytes) {
      this.#overflow();
      return false;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    if (this.#waitingBytes >= TURN_BYTES) this.#flush();
    else if (!this.#isFlushDue && this.#isWritable) {
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
    if (this.#isWritable || this.#state !== "open") return Promise.resolve();
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
        this.#timer = setTimeout(() => this.sink.destroy(), this.#options.closeTimeoutMs);
        this.#settleReady();
        if (this.#waiting.length === 0) this.sink.end();
      }
    }
    return this.#closed.promise;
  }

  destroy(): void {
    this.sink.destroy();
  }

  onDrain(): void {
    this.#stallWatch.drained(this);
    if (this.#state === "closed") return;
    this.#isWritable = true;
    this.#flush();
    if (this.#state === "ending" && this.#waiting.length === 0) this.sink.end();
    else if (this.#isWritable) this.#settleReady();
  }

  onClosed(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#leaveKeepAlive();
    this.#leaveStallWatch();
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#settleReady();
    this.#closed.resolve();
    this.#options.onClosed();
  }

  onKeepAliveTick(): void {
    if (this.#wroteSinceTick) this.#wroteSinceTick = false;
    // A sink that is full is not quiet; a comment would only wait behind what waits already.
    else if (this.#isWritable && this.#state === "open") this.#put(KEEP_ALIVE);
  }

  #flush(): void {
    if (!this.#isWritable || this.#waiting.length === 0) return;
    const piece = shareBytes(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#put(piece);
  }

  #put(piece: SharedBytes): void {
    this.#wroteSinceTick = true;
    try {
      if (this.sink.write(piece)) return;
      this.#isWritable = false;
      this.#stallWatch.full(this, piece);
    } catch (error) {
      this.#options.onError(error);
      this.sink.destroy();
    }
  }

  #overflow(): void {
    const { maxBufferedBytes, onError } = this.#options;
    onError(
      new SSETargetError(
        "too-many-pending",
        `a client that does not read was cut off, for ${this.#waitingBytes} bytes wait for it; await \`ready\` before dispatching more, or raise \`maxBufferedBytes\` (${maxBufferedBytes})`,
      ),
    );
    this.sink.destroy();
  }

  #settleReady(): void {
    this.#ready?.resolve();
    this.#ready = undefined;
  }
}
