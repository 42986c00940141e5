import { END_EVENT_TYPE, type Cursor, type GapReason, type ServerSentEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { checkPage, checkStored } from "../store/check-stored.ts";
import type { EventFollower, EventStore, EventSubscription } from "../store/event-store.ts";
import { randomEpoch } from "../store/random-epoch.ts";
import { eventFrame } from "../wire/frame.ts";
import { shareBytes, shareText } from "../wire/shared-bytes.ts";
import { EventLog } from "./event-log.ts";
import { FrameWindow, type Chunk } from "./frame-window.ts";
import { PageCache, type Reading } from "./page-cache.ts";
import { PendingLimit } from "./pending-limit.ts";
import type { TurnQueue } from "./turn-queue.ts";
import { withTimeout } from "./with-timeout.ts";

/** Where a client that brings no cursor begins. `{ last: n }`: the newest n events; neither it nor `"new"` counts as a gap. */
export type StartAt = "beginning" | "new" | { readonly last: number };

/** Limits of one feed; SSETargetOptions documents each. */
export interface FeedLimits {
  readonly maxWindowEvents: number;
  readonly maxWindowBytes: number;
  readonly maxPendingEvents: number;
  readonly maxPendingBytes: number;
  readonly storeTimeoutMs: number | null;
  readonly onError: ErrorListener;
}

/** What the feed knows of a connection. */
export interface FeedConnection {
  /** New frames, for a connection that is attached. */
  deliver(chunk: Chunk): void;
  /** The feed can no longer promise continuity; the client shall come again with its cursor. */
  reconnect(): void;
}

/** Where a new connection stands, and what it must be told first. */
export interface StartingPoint {
  readonly afterId: number;
  readonly gap?: { readonly reason: GapReason; readonly after: number | null };
  /** History before the starting point is left out on purpose, so its absence is not a gap. */
  readonly partial?: boolean;
}

/** How many bytes one turn's piece may have before the next is begun. */
const MAX_TURN_LENGTH = 64 * 1024;
/** How many bytes of history a connection is handed at once. They are shared, so one that does not read them costs little. */
const MAX_CHUNK_BYTES = 256 * 1024;
/** A page is read once for all who stand at one place, and a client at the beginning needs as few writes as possible. */
const PAGE_LIMITS = { maxEvents: 2_000, maxBytes: 512 * 1024 };
const MAX_START_TRIES = 5;

/**
 * One stream as this process sees it: it follows the store, encodes each event once, keeps a window of the newest
 * frames, and hands what is new to the connections that are up to date, once per turn of the event loop.
 */
export class Feed<E extends ServerSentEvent> {
  readonly #log: EventLog<E>;
  readonly #limits: FeedLimits;
  readonly #turns: TurnQueue;
  readonly #window: FrameWindow;
  readonly #connections = new Set<FeedConnection>();
  readonly #live = new Set<FeedConnection>();
  readonly #pages: PageCache;
  #opening: Promise<void> | undefined;
  #subscription: EventSubscription | undefined;
  /** Counts up whenever following stops; what an earlier one still delivers is ignored. */
  #generation = 0;
  #epoch: string | undefined;
  #refusesBareIds = false;
  #historyName = "";
  #head = 0;
  #endId: number | undefined;
  #keepsEvents = true;
  #flushedId = 0;
  /** What this turn has brought: the ids and the text of its frames. */
  #turnIds: number[] = [];
  #turnText = "";
  readonly #maxTurnLength: number;
  #flushIsDue = false;
  readonly #pending: PendingLimit;

  constructor(store: EventStore<E>, limits: FeedLimits, turns: TurnQueue) {
    this.#log = new EventLog(store, limits.storeTimeoutMs);
    this.#limits = limits;
    this.#pending = new PendingLimit(limits.maxPendingEvents, limits.maxPendingBytes);
    this.#turns = turns;
    this.#window = new FrameWindow(limits.maxWindowEvents, limits.maxWindowBytes);
    this.#pages = new PageCache(limits.maxWindowBytes);
    this.#maxTurnLength = Math.min(MAX_TURN_LENGTH, limits.maxWindowBytes);
  }

  /** The id of the last event that connections can be sent; what this turn has brought comes after it. */
  get head(): number {
    return this.#flushedId;
  }

  /** The cursor of a client that has everything up to this id. */
  cursorAt(id: number): Cursor {
    return { id, epoch: this.#epoch };
  }

  /** Whether a client with this cursor has everything up to the stream's end. */
  isEnd(cursor: number): boolean {
    return this.#endId !== undefined && cursor >= this.#endId;
  }

  /**
   * Name of the history that clients are served: the store's epoch, or a random name if the store named none when this
   * feed began to follow it. Two clients that were given the same name get the same events.
   */
  get historyName(): string {
    return this.#historyName;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get pendingEvents(): number {
    return this.#pending.events;
  }

  /**
   * Stores events, in order. `bytes` is the size of their JSON together.
   *
   * @throws SSETargetError `too-many-pending` and whatever the store rejects with
   */
  async append(events: readonly E[], bytes: number): Promise<readonly StoredEvent<E>[]> {
    this.#pending.admit(events.length, bytes);
    try {
      return await this.#log.append(events);
    } finally {
      this.#pending.release(events.length, bytes);
    }
  }

  /** The same for a single event, which is what is asked for the most. */
  async appendOne(event: E, bytes: number): Promise<StoredEvent<E>> {
    this.#pending.admit(1, bytes);
    try {
      return checkStored(await this.#log.appendOne(event));
    } finally {
      this.#pending.release(1, bytes);
    }
  }

  /** Resolves when nothing is on its way to the store. */
  settled(): Promise<void> {
    return this.#pending.settled();
  }

  /** Begins to follow the store, unless it already does. Rejects where the store does not answer. */
  open(): Promise<void> {
    if (this.#opening !== undefined) return this.#opening;
    const opening = this.#follow().catch((error: unknown) => {
      // Stopped and opened again in the meantime: the new opening is not this one's to stop.
      if (this.#opening === opening) this.stop();
      throw error;
    });
    this.#opening = opening;
    return opening;
  }

  /** Whether it begins to follow the store just now. */
  get isOpening(): boolean {
    return this.#opening !== undefined && this.#subscription === undefined;
  }

  /** Stops following the store and forgets the window; connections shall have been closed before. `open` starts anew. */
  stop(): void {
    this.#generation++;
    this.#opening = undefined;
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#pages.clear();
    this.#window.reset(0);
    this.#turnIds = [];
    this.#turnText = "";
  }

  /** Where a client with this cursor goes on; `null` where it already has everything up to the stream's end. */
  locate(cursor: Cursor | "unknown" | undefined, startAt: StartAt): StartingPoint | null {
    if (cursor === "unknown") return { ...this.#initial(startAt), gap: { reason: "unknown-cursor", after: null } };
    if (cursor === undefined) return this.#initial(startAt);
    // One that says where nothing had come yet has a place in this history; `0` alone is whoever has none.
    if (cursor.id === 0 && cursor.epoch !== undefined && cursor.epoch === this.#epoch) return { afterId: 0 };
    if (cursor.id === 0) return this.#initial("beginning");
    const isOtherHistory = cursor.epoch === undefined ? this.#refusesBareIds : cursor.epoch !== this.#epoch;
    if (isOtherHistory || cursor.id > this.#head) {
      return { ...this.#initial(startAt), gap: { reason: "reset", after: cursor.id } };
    }
    return this.isEnd(cursor.id) ? null : { afterId: cursor.id };
  }

  #initial(startAt: StartAt): StartingPoint {
    if (startAt === "beginning" && this.#keepsEvents) return { afterId: 0 };
    const wanted = typeof startAt === "string" ? this.head : Math.max(0, this.head - startAt.last);
    // The end is always told: a client that only wants what is new would else wait for ever.
    return { afterId: this.#endId === undefined ? wanted : Math.min(wanted, this.#endId - 1), partial: true };
  }

  /** Counts the connection in; `false` where the feed does not follow its store (any more). */
  join(connection: FeedConnection): boolean {
    if (this.#subscription === undefined) return false;
    this.#connections.add(connection);
    return true;
  }

  leave(connection: FeedConnection): void {
    this.#connections.delete(connection);
    this.#live.delete(connection);
  }

  /** From now on `deliver` is called. The connection has everything up to `head`. */
  attach(connection: FeedConnection): void {
    this.#live.add(connection);
  }

  detach(connection: FeedConnection): void {
    this.#live.delete(connection);
  }

  /** What follows the cursor: at once from the window, else from the store; `undefined` where there is nothing. */
  read(afterId: number): Reading | Promise<Reading> | undefined {
    if (afterId >= this.head) return undefined;
    const chunk = this.#window.chunkAfter(afterId, MAX_CHUNK_BYTES);
    if (chunk !== undefined) return { chunk, isGap: false };
    return this.#pages.get(afterId, this.#readPage);
  }

  readonly #readPage = async (afterId: number): Promise<Reading> => {
    const limit = this.head;
    const { storeTimeoutMs } = this.#limits;
    const page = await withTimeout(
      this.#log.readPage(afterId, PAGE_LIMITS),
      storeTimeoutMs,
      "the store did not read events",
    );
    // The store may already show more than it has told of; that is delivered when it is told.
    const events = checkPage(page, afterId).filter((event) => event.id <= limit);
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) {
      return { chunk: { afterId, firstId: limit + 1, lastId: limit, piece: shareBytes([]) }, isGap: true };
    }
    const piece = shareText(events.map((event) => eventFrame(event, this.#epoch)).join(""));
    const chunk = { afterId, firstId: first.id, lastId: last.id, piece };
    return { chunk, isGap: first.id !== afterId + 1 && (await this.#isTrimmedPast(afterId)) };
  };

  /** Whether events after this id are gone, or the ids merely have a hole there. Read after the page, so that it errs towards a gap. */
  async #isTrimmedPast(afterId: number): Promise<boolean> {
    if (!this.#log.isBounded) return true;
    const bounds = await withTimeout(
      this.#log.getBounds(),
      this.#limits.storeTimeoutMs,
      "the store did not tell its bounds",
    );
    return bounds.firstId > afterId + 1;
  }

  async #follow(): Promise<void> {
    const { storeTimeoutMs } = this.#limits;
    for (let tries = 1; ; tries++) {
      const generation = this.#generation;
      const bounds = await withTimeout(this.#log.getBounds(), storeTimeoutMs, "the store did not tell its bounds");
      if (generation !== this.#generation) throw stopped();
      this.#epoch = bounds.epoch;
      this.#refusesBareIds = bounds.refusesBareIds === true;
      this.#historyName = bounds.epoch ?? randomEpoch();
      this.#head = bounds.lastId;
      this.#endId = bounds.completed ? bounds.lastId : undefined;
      this.#keepsEvents = bounds.keepsEvents !== false;
      this.#flushedId = bounds.lastId;
      this.#window.reset(bounds.lastId);
      let isInterrupted = false;
      const follower: EventFollower<E> = {
        onEvents: (events, epoch) => {
          if (generation !== this.#generation || isInterrupted) return;
          if (this.#isOfThisHistory(epoch)) this.#take(events);
          else follower.onInterrupted();
        },
        onInterrupted: () => {
          isInterrupted = true;
          if (generation === this.#generation && this.#subscription !== undefined) this.sendAway();
        },
      };
      const subscription = await withTimeout(
        this.#log.follow(bounds.lastId, follower),
        storeTimeoutMs,
        "the store did not follow",
        (late) => late.close(),
      );
      if (generation !== this.#generation) {
        subscription.close();
        throw stopped();
      }
      if (!isInterrupted) {
        this.#subscription = subscription;
        return;
      }
      // Something was appended or trimmed between the look at the bounds and the subscription: look again.
      subscription.close();
      if (tries === MAX_START_TRIES)
        throw new SSETargetError("store-contract", "the store interrupts every subscription");
    }
  }

  /** A history may get its name with its first event. */
  #isOfThisHistory(epoch: string | undefined): boolean {
    if (this.#epoch === undefined && this.#head === 0) this.#epoch = epoch;
    return epoch === undefined || epoch === this.#epoch;
  }

  /** Stops, and asks every client to reconnect with its cursor; it is then told what it missed, if anything. */
  sendAway(): void {
    const connections = [...this.#connections];
    this.stop();
    for (const connection of connections) connection.reconnect();
  }

  #take(events: readonly StoredEvent<E>[]): void {
    for (const event of events) {
      // Nothing follows an end, whatever a store that does not know of ends still appends.
      if (event.id <= this.#head || this.#endId !== undefined) continue;
      let frame: string;
      try {
        frame = eventFrame(checkStored(event), this.#epoch);
      } catch (error) {
        this.#limits.onError(error);
        this.sendAway();
        return;
      }
      const isFull =
        this.#turnText.length + frame.length > this.#maxTurnLength ||
        this.#turnIds.length >= this.#limits.maxWindowEvents;
      if (isFull) this.#handOn();
      // An empty array that is pushed to makes room for seventeen, which the window would then keep.
      if (this.#turnIds.length === 0) this.#turnIds = [event.id];
      else this.#turnIds.push(event.id);
      this.#turnText += frame;
      this.#head = event.id;
      if (event.type === END_EVENT_TYPE) this.#endId = event.id;
    }
    if (this.#turnIds.length === 0 || this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#turns.add(this);
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
    const chunk = { afterId: this.#flushedId, firstId, lastId: this.#head, ids, piece: shareText(this.#turnText) };
    this.#flushedId = this.#head;
    this.#turnIds = [];
    this.#turnText = "";
    this.#window.push(chunk);
    for (const connection of this.#live) connection.deliver(chunk);
  }
}

function stopped(): SSETargetError {
  return new SSETargetError("closed", "the stream was closed while it was being opened");
}
