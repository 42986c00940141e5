import type { GapReason, StreamEvent } from "../event/event.ts";
import type { Feed, FeedConnection, StartingPoint } from "../stream/feed.ts";
import type { Chunk } from "../stream/frame-window.ts";
import type { Reading } from "../stream/page-cache.ts";
import { encodeCursor, encodeGap, encodeRetry } from "../wire/frame.ts";
import { shareBytes, type SharedBytes } from "../wire/shared-bytes.ts";
import type { AgeLimit, AgingMember } from "./age-limit.ts";
import type { ConnectionGroup } from "./connection-group.ts";
import type { Sink } from "./sink.ts";
import { SinkWriter, type SinkWriterContext } from "./sink-writer.ts";

/** What connections of one target have in common. */
export interface ConnectionContext extends SinkWriterContext {
  readonly group: ConnectionGroup;
  readonly ageLimit: AgeLimit;
  readonly retryMs: number | null;
  /** The first bytes of each connection. */
  readonly opening: SharedBytes;
  /** Reconnect delay of a client that is sent away on purpose, each time another one. */
  readonly plannedRetryMs: () => number;
  readonly onOver: (connection: Connection) => void;
}

/**
 * One client: a cursor over a feed. It never holds events of its own.
 *
 * Up to date, it is live and the feed delivers what is new. Behind (new, resumed, or its sink was full) it is not, and
 * reads on from its cursor, as fast as the sink drains, until it has caught up. Replay, resume and overflow are this one
 * path.
 */
export class Connection extends SinkWriter implements FeedConnection, AgingMember {
  readonly feed: Feed<StreamEvent>;
  /** The transport session it shares with others. */
  readonly session: object | undefined;
  isLive = false;
  readonly #context: ConnectionContext;
  readonly #isPartial: boolean;
  /** The newest event when the client came: nothing after it was left out on purpose. */
  readonly #headAtStart: number;
  #cursor: number;
  #isReading = false;
  /** Nothing more is written. */
  #isClosed = false;
  /** A gap that is told with the next thing that is read, because only then it is known where events go on. */
  #gap: { readonly reason: GapReason; readonly after: number | null } | undefined;
  /** Why a hole that is found later would be one: the client's old cursor at first, its slowness from then on. */
  #gapReason: "trimmed" | "overflow" | undefined;

  constructor(
    feed: Feed<StreamEvent>,
    sink: Sink,
    start: StartingPoint,
    context: ConnectionContext,
    session: object | undefined,
  ) {
    super(sink, context.group, context);
    this.feed = feed;
    this.session = session;
    this.#context = context;
    this.#cursor = start.afterId;
    this.#gap = start.gap;
    this.#isPartial = start.partial === true;
    this.#headAtStart = feed.head;
    this.#gapReason = this.#isPartial ? undefined : "trimmed";
  }

  /** Starts to write. */
  open(): void {
    this.enter();
    if (!this.#isClosed) this.#start();
    this.watchStalls();
  }

  #start(): void {
    if (!this.feed.join(this)) {
      this.reconnect();
      return;
    }
    this.keepAlive();
    this.#context.ageLimit.add(this);
    this.put(this.#context.opening);
    if (this.#isPartial) this.put(shareBytes([encodeCursor(this.feed.cursorAt(this.#cursor))]));
    this.readOn();
  }

  deliver(chunk: Chunk): void {
    if (chunk.afterId === this.#cursor && this.isWritable) {
      this.#cursor = chunk.lastId;
      this.put(chunk.piece);
      this.#afterWrite();
      return;
    }
    // It went live while this chunk was being collected and has part of it already.
    if (chunk.lastId > this.#cursor) this.readOn();
  }

  readOn(): void {
    if (this.#isReading) return;
    this.isLive = false;
    while (!this.#isClosed && this.isWritable) {
      const reading = this.feed.read(this.#cursor);
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

  protected onWritable(): void {
    if (!this.#isClosed) this.readOn();
  }

  protected onOver(): void {
    this.#leave();
    this.#context.onOver(this);
  }

  onTooOld(): void {
    this.reconnect(this.#context.plannedRetryMs());
  }

  /** Ends the response; the client is asked to reconnect after `delayMs`, or after a jittered delay. */
  reconnect(delayMs = jitter(this.#context.retryMs ?? DEFAULT_RETRY_MS)): void {
    if (this.#isClosed) return;
    if (this.isWritable) this.sink.write(encodeRetry(delayMs));
    this.#finish();
  }

  override destroy(): void {
    this.#leave();
    super.destroy();
  }

  #caughtUp(): void {
    if (this.#gap !== undefined) {
      const gap = encodeGap({ ...this.#gap, resumesAt: this.feed.head + 1 });
      this.#gap = undefined;
      this.put(shareBytes([gap]));
    }
    this.#gapReason = "overflow";
    if (this.feed.isEnd(this.#cursor)) this.#finish();
    else this.isLive = this.isWritable && !this.#isClosed;
  }

  #take({ chunk, isGap }: Reading): void {
    const reason = this.#gapReason ?? (chunk.firstId > this.#headAtStart + 1 ? "overflow" : undefined);
    if (isGap && reason !== undefined) this.#gap ??= { reason, after: this.#cursor };
    // From its first event on the client knows where it is: what is missing later was trimmed while it was reading.
    this.#gapReason = "overflow";
    this.#cursor = chunk.lastId;
    if (this.#gap === undefined) {
      if (chunk.piece.byteLength > 0) this.put(chunk.piece);
    } else {
      const gap = encodeGap({ ...this.#gap, resumesAt: chunk.firstId });
      this.#gap = undefined;
      this.put(shareBytes([gap, chunk.piece.bytes]));
    }
    this.#afterWrite();
  }

  #afterWrite(): void {
    if (this.feed.isEnd(this.#cursor)) this.#finish();
    else if (!this.isWritable) this.isLive = false;
  }

  /** Nothing more is written; the sink says when what was written has gone out. */
  #finish(): void {
    if (this.#isClosed) return;
    this.#leave();
    this.finish();
  }

  #leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isLive = false;
    this.feed.leave(this);
    this.stopHeartbeat();
    this.#context.ageLimit.remove(this);
  }
}

const DEFAULT_RETRY_MS = 2000;

/** Half to one and a half of the delay, so that clients that were cut off together do not come back together. */
function jitter(delayMs: number): number {
  return delayMs * (0.5 + Math.random());
}
