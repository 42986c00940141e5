import type { Cursor, GapReason, StreamEvent, StoredEvent } from "../event/event.ts";
import type { ErrorListener } from "../util/errors.ts";
import { checkBounds, checkPage } from "../store/check-log.ts";
import type { EventBounds, EventLog } from "../store/event-log.ts";
import { randomId } from "../util/random-id.ts";
import { textHash } from "../util/text-hash.ts";
import { withTimeout } from "../util/with-timeout.ts";
import { eventFrame } from "../wire/frame.ts";
import { shareBytes, shareText } from "../wire/shared-bytes.ts";
import { FrameWindow, type Chunk } from "./frame-window.ts";
import { LogFollower, type FollowerHost } from "./log-follower.ts";
import { PageCache, type Reading } from "./page-cache.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** Where a client without a cursor starts. `{ last: n }`: the newest n events; neither it nor `"new"` counts as a gap. */
export type StartAt = "beginning" | "new" | { readonly last: number };

/** Options of one feed; SSETargetOptions documents each. */
export interface FeedOptions {
  readonly startAt: StartAt;
  readonly maxWindowEvents: number;
  readonly maxWindowBytes: number;
  readonly storeTimeoutMs: number | null;
  readonly onError: ErrorListener;
}

/** What the feed knows of a connection. */
export interface FeedConnection {
  /** Whether it has everything up to the feed's `head` and can take more, so that new frames go to `deliver`. */
  readonly isLive: boolean;
  deliver(chunk: Chunk): void;
  /** The client must reconnect with its cursor, after `delayMs` or a delay of the connection's own. */
  reconnect(delayMs?: number): void;
}

/** Where a new connection starts, and what it must be told first. */
export interface StartingPoint {
  readonly afterId: number;
  readonly gap?: { readonly reason: GapReason; readonly after: number | null };
  /** History before the starting point is left out on purpose, so its absence is not a gap. */
  readonly partial?: boolean;
}

/** Bytes that one turn's piece may have before the next is started. */
const MAX_TURN_LENGTH = 64 * 1024;
/** Bytes of history that a connection is handed at once. They are shared, so one that does not read them costs little. */
const MAX_CHUNK_BYTES = 256 * 1024;
/** A page is read once for all connections at one place, and a client at the beginning needs as few writes as possible. */
const PAGE_LIMITS = { maxEvents: 2_000, maxBytes: 512 * 1024 };

/**
 * One stream as this process sees it: it follows the log, encodes each event once, keeps a window of the newest
 * frames, and hands what is new to the connections that are up to date, once per turn of the event loop.
 */
export class Feed<E extends StreamEvent> implements FollowerHost<E> {
  /** The stream's name. */
  readonly name: string;
  readonly #log: EventLog<E>;
  readonly #options: FeedOptions;
  readonly #turns: TurnQueue;
  readonly #follower: LogFollower<E>;
  readonly #window: FrameWindow;
  readonly #pages: PageCache;
  readonly #connections = new Set<FeedConnection>();
  readonly #maxTurnLength: number;
  #refusesBareIds = false;
  #keepsEvents = true;
  #historyName = "";
  #flushedId = 0;
  /** What this turn has brought: the ids and the text of its frames. */
  #turnIds: number[] = [];
  #turnText = "";
  #flushIsDue = false;

  constructor(name: string, log: EventLog<E>, options: FeedOptions, turns: TurnQueue) {
    this.name = name;
    this.#log = log;
    this.#options = options;
    this.#turns = turns;
    this.#follower = new LogFollower(log, options.storeTimeoutMs, this);
    this.#window = new FrameWindow(options.maxWindowEvents, options.maxWindowBytes);
    this.#pages = new PageCache(options.maxWindowBytes);
    this.#maxTurnLength = Math.min(MAX_TURN_LENGTH, options.maxWindowBytes);
  }

  /** The id of the last event that connections can be sent; what this turn has brought comes after it. */
  get head(): number {
    return this.#flushedId;
  }

  /** The cursor of a client that has everything up to this id. */
  cursorAt(id: number): Cursor {
    return { id, epoch: this.#follower.epoch };
  }

  /** Whether a client with this cursor has everything up to the stream's end. */
  isEnd(cursor: number): boolean {
    const { endId } = this.#follower;
    return endId !== undefined && cursor >= endId;
  }

  /**
   * Opaque name of what clients are served: two clients that were given the same name get the same events. It is a hash,
   * because a stream's name may say whose it is, of the history, the stream, and where clients start. The history is the
   * log's epoch, or random if the log had none when this feed started to follow it.
   */
  get historyName(): string {
    return this.#historyName;
  }

  get isWatched(): boolean {
    return this.#connections.size > 0;
  }

  /** Starts to follow the log, unless it already does. Rejects if the log does not answer. */
  open(): Promise<void> {
    return this.#follower.open();
  }

  /** Whether it is starting to follow the log. */
  get isOpening(): boolean {
    return this.#follower.isOpening;
  }

  /** Stops following the log and drops the window; connections must have been closed before. `open` starts again. */
  stop(): void {
    this.#follower.stop();
    this.#pages.clear();
    this.#window.reset(0);
    this.#turnIds = [];
    this.#turnText = "";
  }

  /** Where a client with this cursor continues; `null` if it already has everything up to the stream's end. */
  locate(cursor: Cursor | "unknown" | undefined): StartingPoint | null {
    if (cursor === "unknown")
      return { ...this.#initial(this.#options.startAt), gap: { reason: "unknown-cursor", after: null } };
    if (cursor === undefined) return this.#initial(this.#options.startAt);
    const { epoch, head } = this.#follower;
    // With an epoch, 0 is a place in this history: before its first event. Without one, it is a client that has nothing.
    if (cursor.id === 0 && cursor.epoch !== undefined && cursor.epoch === epoch) return { afterId: 0 };
    if (cursor.id === 0) return this.#initial("beginning");
    const isOtherHistory = cursor.epoch === undefined ? this.#refusesBareIds : cursor.epoch !== epoch;
    if (isOtherHistory || cursor.id > head) {
      return { ...this.#initial(this.#options.startAt), gap: { reason: "reset", after: cursor.id } };
    }
    return this.isEnd(cursor.id) ? null : { afterId: cursor.id };
  }

  #initial(startAt: StartAt): StartingPoint {
    if (startAt === "beginning" && this.#keepsEvents) return { afterId: 0 };
    const wanted = typeof startAt === "string" ? this.head : Math.max(0, this.head - startAt.last);
    const { endId } = this.#follower;
    // The end is always sent: a client that only wants what is new would otherwise wait forever.
    return { afterId: endId === undefined ? wanted : Math.min(wanted, endId - 1), partial: true };
  }

  /** Registers the connection; `false` if the feed does not follow its log (anymore). */
  join(connection: FeedConnection): boolean {
    if (!this.#follower.isOpen) return false;
    this.#connections.add(connection);
    this.#follower.keepChecking();
    return true;
  }

  leave(connection: FeedConnection): void {
    this.#connections.delete(connection);
  }

  /** What follows the cursor: at once from the window, else from the log; `undefined` if there is nothing. */
  read(afterId: number): Reading | Promise<Reading> | undefined {
    if (afterId >= this.head) return undefined;
    const chunk = this.#window.chunkAfter(afterId, MAX_CHUNK_BYTES);
    if (chunk !== undefined) return { chunk, isGap: false };
    return this.#pages.get(afterId, this.#readPage);
  }

  readonly #readPage = async (afterId: number): Promise<Reading> => {
    const limit = this.head;
    const reading = this.#log.read(afterId, PAGE_LIMITS);
    const page = await withTimeout(reading, this.#options.storeTimeoutMs, "the store did not read events");
    // The log may already show more than it has notified of; that is delivered when it is.
    const events = checkPage(page, afterId).filter((event) => event.id <= limit);
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) {
      return { chunk: { afterId, firstId: limit + 1, lastId: limit, piece: shareBytes([]) }, isGap: true };
    }
    const { epoch } = this.#follower;
    const piece = shareText(events.map((event) => eventFrame(event, epoch)).join(""));
    const chunk = { afterId, firstId: first.id, lastId: last.id, piece };
    return { chunk, isGap: first.id !== afterId + 1 && (await this.#isTrimmedPast(afterId)) };
  };

  /** Whether events after this id are gone; if not, the ids just have a hole. Read after the page, so that it errs towards a gap. */
  async #isTrimmedPast(afterId: number): Promise<boolean> {
    const { storeTimeoutMs } = this.#options;
    const bounds = await withTimeout(this.#log.bounds(), storeTimeoutMs, "the store did not tell its bounds");
    return checkBounds(bounds).firstId > afterId + 1;
  }

  onOpened(bounds: EventBounds): void {
    this.#refusesBareIds = bounds.refusesBareIds === true;
    this.#keepsEvents = bounds.keepsEvents !== false;
    const history = bounds.epoch ?? randomId();
    this.#historyName = textHash(JSON.stringify([history, this.name, this.#options.startAt]));
    this.#flushedId = bounds.lastId;
    this.#window.reset(bounds.lastId);
  }

  onEvent(event: StoredEvent<E>): void {
    const frame = eventFrame(event, this.#follower.epoch);
    const isFull =
      this.#turnText.length + frame.length > this.#maxTurnLength ||
      this.#turnIds.length >= this.#options.maxWindowEvents;
    if (isFull) this.#handOn();
    // An empty array that is pushed to reserves seventeen places, which the window would then keep.
    if (this.#turnIds.length === 0) this.#turnIds = [event.id];
    else this.#turnIds.push(event.id);
    this.#turnText += frame;
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#turns.add(this);
  }

  onChanged(): void {
    this.#pages.clear();
    this.#window.reset(this.#flushedId);
  }

  onInterrupted(): void {
    this.sendAway();
  }

  onError(error: unknown): void {
    this.#options.onError(error);
  }

  /** Stops, and asks every client to reconnect with its cursor; a gap then says what it missed, if anything. */
  sendAway(retryMs?: () => number): void {
    const connections = [...this.#connections];
    this.stop();
    for (const connection of connections) connection.reconnect(retryMs?.());
  }

  /** Hands all that is new to the connections that are up to date. */
  flush(): void {
    this.#flushIsDue = false;
    this.#handOn();
  }

  #handOn(): void {
    const ids = this.#turnIds;
    const [firstId] = ids;
    if (firstId === undefined) return;
    const lastId = ids.at(-1) as number;
    const chunk = { afterId: this.#flushedId, firstId, lastId, ids, piece: shareText(this.#turnText) };
    this.#flushedId = lastId;
    this.#turnIds = [];
    this.#turnText = "";
    this.#window.push(chunk);
    for (const connection of this.#connections) if (connection.isLive) connection.deliver(chunk);
  }
}
