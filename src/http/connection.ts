import type { GapReason, StreamEvent } from "../event/event.ts";
import type { ErrorListener } from "../util/errors.ts";
import type { Feed, FeedConnection, StartingPoint } from "../stream/feed.ts";
import type { Chunk } from "../stream/frame-window.ts";
import type { Reading } from "../stream/page-cache.ts";
import { encodeCursor, encodeGap, encodeRetry, KEEP_ALIVE } from "../wire/frame.ts";
import { shareBytes, type SharedBytes } from "../wire/shared-bytes.ts";
import type { AgeLimit, AgingMember } from "./age-limit.ts";
import { type KeepAlive, type KeepAliveMember, needsHeartbeat } from "./keep-alive.ts";
import type { Sink, SinkListener } from "./sink.ts";
import type { StallMember, StallWatch } from "./stall-watch.ts";

/** What connections of one target have in common. */
export interface ConnectionContext {
  readonly keepAlive: KeepAlive;
  readonly keepAliveMs: number | null;
  readonly stallWatch: StallWatch;
  readonly stallTimeoutMs: number | null;
  readonly ageLimit: AgeLimit;
  readonly retryMs: number | null;
  /** Reconnect delay of a client that is sent away on purpose, each time another one. */
  readonly plannedRetryMs: () => number;
  readonly onError: ErrorListener;
  readonly onClosed: (connection: Connection) => void;
}

/**
 * One client: a cursor over a feed. It never holds events of its own.
 *
 * Up to date, it is attached and the feed hands it what is new. Behind (new, resumed, or its sink was full) it is
 * detached and reads on from its cursor, as fast as the sink drains, until it has caught up. Replay, resume and
 * overflow are this one path.
 */
export class Connection implements FeedConnection, SinkListener, KeepAliveMember, StallMember, AgingMember {
  readonly sink: Sink;
  readonly #feed: Feed<StreamEvent>;
  readonly #context: ConnectionContext;
  readonly #onClosed: () => void;
  readonly #isPartial: boolean;
  /** The newest event when the client came: nothing after it was left out on purpose. */
  readonly #headAtStart: number;
  #cursor: number;
  #isWritable = true;
  #isReading = false;
  #isClosed = false;
  #isOver = false;
  #wroteSinceTick = true;
  /** A gap that is told with the next thing that is read, because only then it is known where events go on. */
  #gap: { readonly reason: GapReason; readonly after: number | null } | undefined;
  /** Why a hole that is found later would be one: the client's old cursor at first, its slowness from then on. */
  #gapReason: "trimmed" | "overflow" | undefined;

  constructor(
    feed: Feed<StreamEvent>,
    sink: Sink,
    start: StartingPoint,
    context: ConnectionContext,
    onClosed: () => void,
  ) {
    this.#onClosed = onClosed;
    this.#feed = feed;
    this.sink = sink;
    this.#context = context;
    this.#cursor = start.afterId;
    this.#gap = start.gap;
    this.#isPartial = start.partial === true;
    this.#headAtStart = feed.head;
    this.#gapReason = this.#isPartial ? undefined : "trimmed";
  }

  /** Begins to write. */
  open(): void {
    this.sink.bind(this);
    if (this.#isClosed) return;
    if (!this.#feed.join(this)) {
      this.reconnect();
      return;
    }
    if (needsHeartbeat(this.sink, this.#context)) this.#context.keepAlive.add(this);
    this.#context.ageLimit.add(this);
    // The first bytes make proxies and browsers see an open stream at once, even where there is no event yet.
    this.#write(this.#context.retryMs === null ? KEEP_ALIVE : encodeRetry(this.#context.retryMs));
    if (this.#isPartial) this.#write(shareBytes([encodeCursor(this.#feed.cursorAt(this.#cursor))]));
    this.readOn();
  }

  deliver(chunk: Chunk): void {
    if (chunk.afterId === this.#cursor && this.#isWritable) {
      this.#cursor = chunk.lastId;
      this.#write(chunk.piece);
      this.#afterWrite();
      return;
    }
    // It was attached while this chunk was being collected and has part of it already.
    if (chunk.lastId > this.#cursor) this.readOn();
  }

  readOn(): void {
    if (this.#isReading) return;
    this.#feed.detach(this);
    while (!this.#isClosed && this.#isWritable) {
      const reading = this.#feed.read(this.#cursor);
      if (reading === undefined) {
        this.#caughtUp();
        return;
      }
      if (reading instanceof Promise) {
        this.#isReading = true;
        reading.then(
          (page) => {
            this.#isReading = false;
            if (this.#isClosed) return;
            this.#take(page);
            this.readOn();
          },
          (error: unknown) => {
            this.#isReading = false;
            if (this.#isClosed) return;
            this.#context.onError(error);
            this.reconnect();
          },
        );
        return;
      }
      this.#take(reading);
    }
  }

  get stallTimeoutMs(): number | null {
    return this.#context.stallTimeoutMs;
  }

  onDrain(): void {
    this.#context.stallWatch.drained(this);
    if (this.#isClosed) return;
    this.#isWritable = true;
    this.readOn();
  }

  onClosed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leave();
    this.#context.onClosed(this);
    this.#context.stallWatch.left(this);
    this.#onClosed();
  }

  onKeepAliveTick(): void {
    if (this.#wroteSinceTick) this.#wroteSinceTick = false;
    // A sink that is full is not quiet; a comment would only wait behind what waits already.
    else if (this.#isWritable) this.#write(KEEP_ALIVE);
  }

  onTooOld(): void {
    this.reconnect(this.#context.plannedRetryMs());
  }

  /** Ends the response; the client is asked to come again after `delayMs`, or after a moment of its own. */
  reconnect(delayMs = jitter(this.#context.retryMs ?? DEFAULT_RETRY_MS)): void {
    if (this.#isClosed) return;
    if (this.#isWritable) this.sink.write(encodeRetry(delayMs));
    this.#finish();
  }

  /** Tears the connection down. */
  destroy(): void {
    this.#leave();
    try {
      this.sink.destroy();
    } catch (error) {
      this.#context.onError(error);
    }
  }

  #caughtUp(): void {
    if (this.#gap !== undefined) {
      const gap = encodeGap({ ...this.#gap, resumesAt: this.#feed.head + 1 });
      this.#gap = undefined;
      this.#write(shareBytes([gap]));
    }
    this.#gapReason = "overflow";
    if (this.#isFinished()) this.#finish();
    else if (this.#isWritable) this.#feed.attach(this);
  }

  #take({ chunk, isGap }: Reading): void {
    const reason = this.#gapReason ?? (chunk.firstId > this.#headAtStart + 1 ? "overflow" : undefined);
    if (isGap && reason !== undefined) this.#gap ??= { reason, after: this.#cursor };
    // From its first event on the client knows where it is: what is missing later was trimmed while it was reading.
    this.#gapReason = "overflow";
    this.#cursor = chunk.lastId;
    if (this.#gap === undefined) {
      if (chunk.piece.byteLength > 0) this.#write(chunk.piece);
    } else {
      const gap = encodeGap({ ...this.#gap, resumesAt: chunk.firstId });
      this.#gap = undefined;
      this.#write(shareBytes([gap, chunk.piece.bytes]));
    }
    this.#afterWrite();
  }

  #afterWrite(): void {
    if (this.#isFinished()) this.#finish();
    else if (!this.#isWritable) this.#feed.detach(this);
  }

  #isFinished(): boolean {
    return this.#feed.isEnd(this.#cursor);
  }

  /** Nothing more is written; the sink says when what was written has gone out. */
  #finish(): void {
    if (this.#isClosed) return;
    this.#leave();
    this.#context.stallWatch.ending(this);
    this.sink.end();
  }

  #leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#feed.leave(this);
    this.#context.keepAlive.remove(this);
    this.#context.ageLimit.remove(this);
  }

  #write(piece: SharedBytes): void {
    this.#wroteSinceTick = true;
    try {
      if (this.sink.write(piece)) return;
      this.#isWritable = false;
      this.#context.stallWatch.full(this, piece);
    } catch (error) {
      // One sink that fails must not keep the others of this turn from being written to.
      this.#context.onError(error);
      this.destroy();
    }
  }
}

const DEFAULT_RETRY_MS = 2000;

/** Half to one and a half of the delay, so that clients that were cut off together do not come back together. */
function jitter(delayMs: number): number {
  return delayMs * (0.5 + Math.random());
}
