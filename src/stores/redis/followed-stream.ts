import type { StreamEvent, StoredEvent } from "../../event/event.ts";
import type { ErrorListener } from "../../util/errors.ts";
import type { EventFollower, EventSubscription } from "../../store/followable-store.ts";
import type { LiveMessage } from "./live-message.ts";
import type { StreamReader } from "./stream-reader.ts";
import { tellError } from "./tell-error.ts";

/** One who follows: up to where it has been told, and of which history. */
interface Entry<E extends StreamEvent> {
  readonly follower: EventFollower<E>;
  readonly onError: ErrorListener;
  position: number;
  /** Up to date: it is told what is new. If not, it is still reading the history. */
  isLive: boolean;
  isClosed: boolean;
}

/** What a stream that is followed needs of the process. */
export interface FollowingHost<E extends StreamEvent> {
  readonly reader: StreamReader<E>;
  /** Resolves when what is published from now on will be heard. */
  subscribe(): Promise<void>;
  /** Nobody follows any more. */
  onIdle(): void;
}

/** How long after a message was published it may still be on its way. */
const MESSAGE_DELAY_MS = 1_000;

/**
 * A stream that somebody in this process follows: what is published is read once, and handed to all who follow.
 *
 * Ids are dense, so a message that does not go on from the last one means that others were missed: they are read from
 * the stream, as everything is after the connection was lost.
 */
export class FollowedStream<E extends StreamEvent> {
  readonly #host: FollowingHost<E>;
  readonly #entries = new Set<Entry<E>>();
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #epoch: string | undefined;
  /** The last event that was told to those who are up to date. */
  #head = 0;
  #refreshing: Promise<void> | undefined;
  /** Something was heard that only another look at the stream can explain. */
  #isDirty = false;
  #hasHeard = false;

  constructor(host: FollowingHost<E>) {
    this.#host = host;
  }

  /** Those who hear of errors. */
  get errorListeners(): readonly ErrorListener[] {
    return Array.from(this.#entries, ({ onError }) => onError);
  }

  /** @throws SSETargetError `store-unavailable` */
  async follow(afterId: number, follower: EventFollower<E>, onError: ErrorListener): Promise<EventSubscription> {
    const entry: Entry<E> = { follower, onError, position: afterId, isLive: false, isClosed: false };
    this.#entries.add(entry);
    try {
      this.#opening ??= this.#open();
      await this.#opening;
      await this.#catchUp(entry);
    } catch (error) {
      this.#leave(entry);
      throw error;
    }
    return { close: () => this.#leave(entry) };
  }

  /** Something was published. */
  take(message: LiveMessage<E>): void {
    if (!this.#isOpen) {
      this.#isDirty = true;
      return;
    }
    // The first events of a stream are read as well: a channel is shared by all databases of a server.
    if (this.#epoch === undefined || message.epoch !== this.#epoch) {
      this.#refreshInBackground();
      return;
    }
    this.#hasHeard = true;
    if (message.lastId <= this.#head) return;
    const events = message.firstId <= this.#head + 1 ? message.events() : undefined;
    if (events === undefined) this.#refreshInBackground();
    else this.#advance(events);
  }

  /** Messages may have been missed. Resolves when everybody is up to date. */
  async refresh(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isDirty = true;
    this.#refreshing ??= this.#readOn();
    await this.#refreshing;
  }

  /** Looks whether the stream is what it is taken for, unless that was heard of anyway. `false`: messages do not arrive. */
  async audit(): Promise<boolean> {
    const isQuiet = !this.#hasHeard;
    this.#hasHeard = false;
    if (!this.#isOpen || !isQuiet) return true;
    const { epoch, lastId } = await this.#host.reader.readBounds();
    if (this.#epoch !== undefined && epoch !== this.#epoch) {
      await this.refresh();
      return true;
    }
    if (lastId <= this.#head) return true;
    await new Promise((resolve) => setTimeout(resolve, MESSAGE_DELAY_MS));
    const isMissing = lastId > this.#head;
    await this.refresh();
    return !isMissing;
  }

  async #open(): Promise<void> {
    try {
      // Before history is read: an append between the two would be lost.
      await this.#host.subscribe();
      const { epoch, lastId } = await this.#host.reader.readBounds();
      this.#epoch = epoch;
      this.#head = lastId;
      this.#isOpen = true;
      if (this.#isDirty) this.#refreshInBackground();
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  async #catchUp(entry: Entry<E>): Promise<void> {
    // What it has read of may still be on its way here.
    if (entry.position > this.#head) await this.refresh();
    const epoch = this.#epoch;
    if (entry.position > this.#head) this.#interrupt(entry);
    while (!entry.isLive && !entry.isClosed) {
      if (this.#epoch !== epoch) {
        this.#interrupt(entry);
      } else if (entry.position >= this.#head) {
        entry.isLive = true;
      } else {
        const page = await this.#host.reader.readPage(entry.position);
        if (page.epoch !== this.#epoch) await this.refresh();
        else if (page.firstId > entry.position + 1) this.#interrupt(entry);
        else this.#tell(entry, page.events);
      }
    }
  }

  #refreshInBackground(): void {
    this.refresh().catch((error: unknown) => tellError(this.errorListeners, error));
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#isDirty) {
        this.#isDirty = false;
        await this.#readOnce();
      }
    } finally {
      // In the same moment as the last look at the flag: what sets it from now on begins anew.
      this.#refreshing = undefined;
    }
  }

  async #readOnce(): Promise<void> {
    const head = this.#head;
    const page = await this.#host.reader.readPage(head);
    if (this.#epoch === undefined && head === 0) this.#epoch = page.epoch;
    // Messages may have come while the page was read, so some of it is compared with what was known before.
    if (page.epoch !== this.#epoch || page.lastId < head || page.firstId > this.#head + 1) {
      this.#epoch = page.epoch;
      this.#head = page.lastId;
      for (const entry of this.#entries) if (entry.isLive) this.#interrupt(entry);
      return;
    }
    this.#advance(page.events);
    if (page.lastId > this.#head) this.#isDirty = true;
  }

  #advance(events: readonly StoredEvent<E>[]): void {
    const last = events.at(-1);
    if (last === undefined || last.id <= this.#head) return;
    this.#head = last.id;
    for (const entry of this.#entries) if (entry.isLive) this.#tell(entry, events);
  }

  #tell(entry: Entry<E>, events: readonly StoredEvent<E>[]): void {
    const last = events.at(-1);
    if (entry.isClosed || last === undefined || last.id <= entry.position) return;
    const isNew = (events[0] as StoredEvent<E>).id > entry.position;
    const fresh = isNew ? events : events.filter(({ id }) => id > entry.position);
    entry.position = last.id;
    try {
      entry.follower.onEvents(fresh, this.#epoch);
    } catch (error) {
      tellError([entry.onError], error);
    }
  }

  /** It goes on with what is new. */
  #interrupt(entry: Entry<E>): void {
    if (entry.isClosed) return;
    entry.position = this.#head;
    entry.isLive = true;
    try {
      entry.follower.onInterrupted();
    } catch (error) {
      tellError([entry.onError], error);
    }
  }

  #leave(entry: Entry<E>): void {
    if (entry.isClosed) return;
    entry.isClosed = true;
    this.#entries.delete(entry);
    if (this.#entries.size === 0) this.#host.onIdle();
  }
}
