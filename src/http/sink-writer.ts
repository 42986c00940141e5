import type { ErrorListener } from "../util/errors.ts";
import { KEEP_ALIVE } from "../wire/frame.ts";
import type { SharedBytes } from "../wire/shared-bytes.ts";
import { needsHeartbeat, type ConnectionGroup, type GroupMember, type Vigilance } from "./connection-group.ts";
import type { Sink, SinkListener } from "./sink.ts";

/** What a writer is given once for all connections that are alike. */
export interface SinkWriterContext extends Vigilance {
  readonly onError: ErrorListener;
}

/**
 * One client's end of a response, as a member of a group: what it is written, whether its sink can take more, and when it
 * was quiet. The two kinds of connections differ in where the bytes come from.
 */
export abstract class SinkWriter implements SinkListener, GroupMember {
  readonly sink: Sink;
  hasHeartbeat = false;
  protected isWritable = true;
  readonly #group: ConnectionGroup;
  readonly #context: SinkWriterContext;
  #wroteSinceHeartbeat = true;
  #isOver = false;

  protected constructor(sink: Sink, group: ConnectionGroup, context: SinkWriterContext) {
    this.sink = sink;
    this.#group = group;
    this.#context = context;
  }

  get stallTimeoutMs(): number | null {
    return this.#context.stallTimeoutMs;
  }

  onDrain(): void {
    this.#group.stallWatch.drained(this);
    this.isWritable = true;
    this.onWritable();
  }

  onClosed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#group.leave(this);
    this.onOver();
  }

  onHeartbeat(): void {
    if (this.#wroteSinceHeartbeat) this.#wroteSinceHeartbeat = false;
    // A sink that is full is not quiet; a comment would only wait behind what waits already.
    else if (this.isWritable) this.put(KEEP_ALIVE);
  }

  /** Tears the connection down. */
  destroy(): void {
    try {
      this.sink.destroy();
    } catch (error) {
      this.#context.onError(error);
    }
  }

  /** The sink can take more again, or would if anything more was to come. */
  protected abstract onWritable(): void;

  /** All is over: the response has been sent to its end, or the far end is gone. */
  protected abstract onOver(): void;

  /** Joins the group, and starts to listen to the sink. */
  protected enter(): void {
    this.#group.join(this);
    this.sink.bind(this);
  }

  /** From now on, writes to the connection when it is quiet, if it needs that. */
  protected keepAlive(): void {
    if (needsHeartbeat(this.sink, this.#context)) this.#group.startHeartbeat(this);
  }

  protected stopHeartbeat(): void {
    this.#group.stopHeartbeat(this);
  }

  /** To be called once the first bytes are written. */
  protected watchStalls(): void {
    this.#group.stallWatch.joined(this);
  }

  protected put(piece: SharedBytes): void {
    this.#wroteSinceHeartbeat = true;
    try {
      if (this.sink.write(piece)) return;
      this.isWritable = false;
      this.#group.stallWatch.full(this, piece);
    } catch (error) {
      // One sink that fails must not keep the others of this turn from being written to.
      this.#context.onError(error);
      this.destroy();
    }
  }

  /** Ends the response after what was written; nothing more is. */
  protected finish(): void {
    this.#group.stallWatch.ending(this);
    this.sink.end();
  }
}
