import type { ErrorListener } from "../../util/errors.ts";
import type { ServerSentEvent, StoredEvent } from "../../event/event.ts";
import type { EventFollower, EventSubscription } from "../../store/followable-store.ts";
import { unavailable } from "./sqlite-database.ts";
import type { SqliteHistory, StreamRow } from "./sqlite-history.ts";

/** A stream as its followers have been told of it. */
interface Followed<E extends ServerSentEvent> {
  lastId: number;
  epoch: string | undefined;
  readonly followers: Set<EventFollower<E>>;
}

/** How much of a history is in memory at once while a follower is told of it. */
const PAGE = { maxEvents: 1_000, maxBytes: 1024 * 1024 };

/**
 * The streams of a file that somebody in this process follows. What this process stores is told at once; what others do is
 * found by one look at a counter of SQLite's for the whole file, and only if it has moved at each stream that is followed.
 * @see https://www.sqlite.org/pragma.html#pragma_data_version
 */
export class FollowedStreams<E extends ServerSentEvent> {
  readonly #history: SqliteHistory;
  readonly #pollMs: number;
  readonly #onError: ErrorListener;
  readonly #streams = new Map<string, Followed<E>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #dataVersion = 0;

  constructor(history: SqliteHistory, pollMs: number, onError: ErrorListener) {
    this.#history = history;
    this.#pollMs = pollMs;
    this.#onError = onError;
  }

  /** Tells the follower what is there after an id, and from then on what comes. */
  follow(name: string, afterId: number, follower: EventFollower<E>): EventSubscription {
    // A wrapper of its own, so that one follower may follow twice; and so that nothing is told once it is closed.
    let isOpen = true;
    const entry: EventFollower<E> = {
      onEvents: (events, epoch) => isOpen && follower.onEvents(events, epoch),
      onInterrupted: () => isOpen && follower.onInterrupted(),
    };
    const followed = this.#followed(name);
    // Others hear of what has been stored in the meantime first: all of them then stand at the same place.
    this.#lookAt(name, followed);
    const row = this.#history.stream(name);
    const [firstId, lastId] = [row?.first_id ?? 1, row?.last_id ?? 0];
    if (afterId + 1 < firstId || afterId > lastId) entry.onInterrupted();
    if (row !== undefined) this.#tellPages(row, afterId, [entry]);
    followed.followers.add(entry);
    this.#startPolling();
    return {
      close: () => {
        isOpen = false;
        followed.followers.delete(entry);
        if (followed.followers.size === 0 && this.#streams.get(name) === followed) this.#streams.delete(name);
        if (this.#streams.size === 0) this.#stopPolling();
      },
    };
  }

  /** Tells followers of what this process has just stored. */
  tell(name: string, events: readonly StoredEvent<E>[], epoch: string): void {
    const followed = this.#streams.get(name);
    const last = events.at(-1);
    if (followed === undefined || last === undefined) return;
    const isNext = events[0]?.id === followed.lastId + 1 && (followed.epoch === epoch || followed.lastId === 0);
    if (!isNext) {
      // Another process was in between.
      this.#tryLookAt(name, followed);
      return;
    }
    followed.epoch = epoch;
    followed.lastId = last.id;
    for (const follower of Array.from(followed.followers)) follower.onEvents(events, epoch);
  }

  lookAtAll(): void {
    for (const [name, followed] of Array.from(this.#streams)) this.#tryLookAt(name, followed);
  }

  close(): void {
    this.#stopPolling();
    this.#streams.clear();
  }

  #followed(name: string): Followed<E> {
    let followed = this.#streams.get(name);
    if (followed === undefined) {
      const row = this.#history.stream(name);
      followed = { lastId: row?.last_id ?? 0, epoch: row?.epoch, followers: new Set() };
      this.#streams.set(name, followed);
    }
    return followed;
  }

  #tryLookAt(name: string, followed: Followed<E>): void {
    try {
      this.#lookAt(name, followed);
    } catch (error) {
      this.#onError(unavailable(error));
    }
  }

  #lookAt(name: string, followed: Followed<E>): void {
    const row = this.#history.stream(name);
    const [lastId, epoch] = [row?.last_id ?? 0, row?.epoch];
    const isOther = followed.epoch !== undefined && followed.epoch !== epoch;
    // Trimmed past those who follow, by another process that stored a lot in between two looks.
    const isGone = row !== undefined && followed.lastId + 1 < row.first_id;
    const afterId = isOther ? 0 : followed.lastId;
    followed.epoch = epoch;
    followed.lastId = lastId;
    const followers = Array.from(followed.followers);
    if (isOther || isGone) for (const follower of followers) follower.onInterrupted();
    if (row !== undefined && lastId > afterId) this.#tellPages(row, afterId, followers);
  }

  /** Tells what follows an id, up to what the row says is there. */
  #tellPages(
    { stream_id: streamId, first_id: firstId, last_id: lastId, epoch }: StreamRow,
    afterId: number,
    followers: readonly EventFollower<E>[],
  ): void {
    if (followers.length === 0) return;
    let after = Math.max(afterId, firstId - 1);
    while (after < lastId) {
      // Another process may have stored more since the row was read; that is told when it is looked for.
      const page = this.#history.eventsAfter<E>(streamId, after, PAGE).filter(({ id }) => id <= lastId);
      const last = page.at(-1);
      // Or it has trimmed what was to be told.
      if (page[0]?.id !== after + 1) for (const follower of followers) follower.onInterrupted();
      if (last === undefined) return;
      for (const follower of followers) follower.onEvents(page, epoch);
      after = last.id;
    }
  }

  #startPolling(): void {
    if (this.#timer !== undefined) return;
    this.#dataVersion = this.#history.dataVersion();
    this.#timer = setInterval(() => this.#poll(), this.#pollMs);
  }

  #poll(): void {
    try {
      this.#history.checkFile();
    } catch {
      // Reported where it was noticed first. Those who come again are told when they ask.
      this.#interruptAll();
      return;
    }
    try {
      const version = this.#history.dataVersion();
      if (version === this.#dataVersion) return;
      this.#dataVersion = version;
    } catch (error) {
      this.#onError(unavailable(error));
      return;
    }
    this.lookAtAll();
  }

  /** Ends everything that is followed here: the file is gone. */
  #interruptAll(): void {
    const streams = Array.from(this.#streams.values());
    this.close();
    for (const { followers } of streams) for (const follower of Array.from(followers)) follower.onInterrupted();
  }

  #stopPolling(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
