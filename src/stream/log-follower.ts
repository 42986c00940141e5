import { END_EVENT_TYPE, type StreamEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { checkBounds, checkPage, checkStored, checkWatch } from "../store/check-log.ts";
import type { AppendNotice, EventBounds, EventLog, LogListener, LogWatch } from "../store/event-log.ts";
import { unref } from "../util/timers.ts";
import { withTimeout } from "../util/with-timeout.ts";

/** What a follower needs of its feed. */
export interface FollowerHost<E extends StreamEvent> {
  /** Whether anybody is waiting for events. */
  readonly isWatched: boolean;
  /** Following has started; the next event is the one after `bounds.lastId`. */
  onOpened(bounds: EventBounds): void;
  /** The next event: none is left out, none comes twice. */
  onEvent(event: StoredEvent<E>): void;
  /** Something may have been trimmed or deleted: what was kept of the log must be read again. */
  onChanged(): void;
  /** Continuity is lost: the history is another one, or was trimmed past the head. */
  onInterrupted(): void;
  onError(error: unknown): void;
}

const PAGE_LIMITS = { maxEvents: 1_000, maxBytes: 1024 * 1024 };
/** Longest interval between checks of a quiet log, in milliseconds. A lost notification delays an event by up to two. */
const CHECK_MS = 10_000;
/** Notices kept while following starts; with more of them the log is read instead. */
const MAX_EARLY_NOTICES = 1_000;

/**
 * Follows a log from its newest event on, and turns its notices into every event in order, each once.
 *
 * Events that continue the head are taken as they are. Whatever else happens (a hole, an unknown epoch, a change), a page
 * and the bounds are read: they tell what follows, or that continuity is lost. The same check is made of logs that were
 * quiet for a while, so a lost notification costs latency and never an event.
 */
export class LogFollower<E extends StreamEvent> {
  readonly #log: EventLog<E>;
  readonly #timeoutMs: number | null;
  readonly #host: FollowerHost<E>;
  /** Increments when following stops; what earlier sessions still bring is ignored. */
  #session = 0;
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #watch: LogWatch | undefined;
  #early: AppendNotice<E>[] = [];
  #epoch: string | undefined;
  #head = 0;
  #endId: number | undefined;
  /** Something was noticed that only reading can explain. */
  #isBehind = false;
  #reading: Promise<void> | undefined;
  #isQuiet = true;
  #checkedAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(log: EventLog<E>, timeoutMs: number | null, host: FollowerHost<E>) {
    this.#log = log;
    this.#timeoutMs = timeoutMs;
    this.#host = host;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined && !this.#isOpen;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** The id of the last event that the host has. */
  get head(): number {
    return this.#head;
  }

  /** The id of the stream's end, if it has ended. */
  get endId(): number | undefined {
    return this.#endId;
  }

  /** Starts following, and resolves when the head is that of the log. Rejects if the log does not answer. */
  open(): Promise<void> {
    if (this.#opening === undefined) {
      const opening = this.#open(this.#session).catch((error: unknown) => {
        // Stopped and opened again in the meantime: the new opening is not this one's to stop.
        if (this.#opening === opening) this.stop();
        throw error;
      });
      this.#opening = opening;
    } else if (this.#isOpen && (this.#isBehind || this.#isCheckDue)) {
      return this.#catchUp();
    }
    return this.#opening;
  }

  stop(): void {
    this.#session++;
    this.#opening = undefined;
    this.#reading = undefined;
    this.#isOpen = false;
    this.#isBehind = false;
    this.#early = [];
    this.#watch?.close();
    this.#watch = undefined;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Checks the log every few seconds for as long as the host is watched. */
  keepChecking(): void {
    if (this.#timer !== undefined || this.#log.isLocal === true) return;
    // Half to all of the time, so that the streams that clients reconnect to together are not checked together.
    this.#timer = unref(setTimeout(this.#check, CHECK_MS * (0.5 + Math.random() / 2)));
  }

  async #open(session: number): Promise<void> {
    const listener: LogListener<E> = {
      appended: (notice) => {
        if (session === this.#session) this.#onAppended(notice);
      },
      changed: () => {
        if (session === this.#session) this.#onChanged();
      },
    };
    // Before the bounds are read: what is appended between the two must be noticed.
    const watch = checkWatch(
      await withTimeout(this.#log.watch(listener), this.#timeoutMs, "the store did not watch", (late) => late.close()),
    );
    if (session !== this.#session) {
      watch.close();
      throw stopped();
    }
    this.#watch = watch;
    const bounds = await this.#readBounds();
    if (session !== this.#session) throw stopped();
    this.#epoch = bounds.epoch;
    this.#head = bounds.lastId;
    this.#endId = bounds.completed ? bounds.lastId : undefined;
    this.#checkedAtMs = performance.now();
    this.#isOpen = true;
    this.#host.onOpened(bounds);
    const early = this.#early;
    this.#early = [];
    for (const notice of early) this.#onAppended(notice);
    if (this.#isBehind) this.#catchUpInBackground();
  }

  #onAppended(notice: AppendNotice<E>): void {
    this.#isQuiet = false;
    if (!this.#isOpen) {
      if (this.#early.length < MAX_EARLY_NOTICES) this.#early.push(notice);
      else this.#isBehind = true;
      return;
    }
    const { afterId, events, epoch } = notice;
    if (events !== undefined && epoch === this.#epoch && afterId <= this.#head) this.#take(events);
    else this.#catchUpInBackground();
  }

  #onChanged(): void {
    this.#isQuiet = false;
    if (!this.#isOpen) {
      this.#isBehind = true;
      return;
    }
    this.#host.onChanged();
    this.#catchUpInBackground();
  }

  #take(events: readonly StoredEvent<E>[]): void {
    try {
      for (const event of events) {
        // Nothing follows an end, whatever a store that does not know of ends still appends.
        if (event.id <= this.#head || this.#endId !== undefined) continue;
        checkStored(event);
        this.#head = event.id;
        if (event.type === END_EVENT_TYPE) this.#endId = event.id;
        this.#host.onEvent(event);
      }
    } catch (error) {
      this.#host.onError(error);
      this.#host.onInterrupted();
    }
  }

  #catchUpInBackground(isCheck = false): void {
    this.#isBehind = true;
    if (this.#reading !== undefined) return;
    const session = this.#session;
    this.#catchUp().catch((error: unknown) => {
      if (session !== this.#session) return;
      this.#host.onError(error);
      // A check is repeated. What the log itself pointed out and cannot be read is as good as lost.
      if (!isCheck) this.#host.onInterrupted();
    });
  }

  #catchUp(): Promise<void> {
    this.#isBehind = true;
    this.#reading ??= this.#readAll(this.#session);
    return this.#reading;
  }

  async #readAll(session: number): Promise<void> {
    try {
      while (this.#isBehind && session === this.#session) {
        this.#isBehind = false;
        await this.#readOn(session);
      }
    } catch (error) {
      if (session === this.#session) this.#isBehind = true;
      throw error;
    } finally {
      // At the moment of the last look at the flag: whoever sets it from now on starts another read.
      if (session === this.#session) this.#reading = undefined;
    }
  }

  async #readOn(session: number): Promise<void> {
    const [head, endId] = [this.#head, this.#endId];
    const reading = this.#log.read(head, PAGE_LIMITS);
    const page = checkPage(await withTimeout(reading, this.#timeoutMs, "the store did not read events"), head);
    if (session !== this.#session) return;
    // After the page: what was trimmed or lost in between must show.
    const bounds = await this.#readBounds();
    if (session !== this.#session) return;
    this.#checkedAtMs = performance.now();
    if (this.#epoch === undefined && this.#head === 0 && bounds.epoch !== undefined) {
      // The history got its name with its first event. Only now can a page be known to belong to it.
      this.#epoch = bounds.epoch;
      this.#isBehind = true;
      return;
    }
    // Notices may have been taken since the page was asked for, so part of this compares with the head of that time.
    const isOther = bounds.epoch !== this.#epoch || bounds.lastId < head || (endId !== undefined && !bounds.completed);
    const nextId = page[0]?.id ?? bounds.lastId + 1;
    if (isOther || (nextId > this.#head + 1 && bounds.firstId > this.#head + 1)) {
      this.#host.onInterrupted();
      return;
    }
    this.#take(page);
    if (page.length > 0 && this.#head > head && bounds.lastId > this.#head) this.#isBehind = true;
  }

  async #readBounds(): Promise<EventBounds> {
    return checkBounds(await withTimeout(this.#log.bounds(), this.#timeoutMs, "the store did not tell its bounds"));
  }

  get #isCheckDue(): boolean {
    return this.#log.isLocal !== true && performance.now() - this.#checkedAtMs > CHECK_MS;
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    if (!this.#isOpen || !this.#host.isWatched) return;
    const wasQuiet = this.#isQuiet;
    this.#isQuiet = true;
    if (this.#isBehind || wasQuiet) void this.#lookForMissed();
    this.keepChecking();
  };

  async #lookForMissed(): Promise<void> {
    const [session, watch, head] = [this.#session, this.#watch, this.#head];
    // Bounds alone cost a log less than a page, and mostly show that there is nothing to read.
    if (!this.#isBehind && (await this.#isUpToDate())) return;
    if (session !== this.#session) return;
    this.#catchUpInBackground(true);
    await this.#reading?.catch(() => {});
    // Still quiet: what was found had not been notified.
    if (this.#isQuiet && this.#watch === watch && this.#head > head) watch?.missed?.();
  }

  async #isUpToDate(): Promise<boolean> {
    const bounds = await this.#readBounds().catch(() => undefined);
    if (bounds === undefined) return false;
    this.#checkedAtMs = performance.now();
    const isEnded = this.#endId !== undefined;
    return bounds.epoch === this.#epoch && bounds.lastId === this.#head && bounds.completed === isEnded;
  }
}

function stopped(): SSETargetError {
  return new SSETargetError("closed", "the stream was closed while it was being opened");
}
