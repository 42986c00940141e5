import { END_EVENT_TYPE, type ServerSentEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { checkAllStored, checkPage, checkStored } from "../store/check-stored.ts";
import {
  isAppendable,
  isKeyed,
  type EventFollower,
  type EventStore,
  type EventSubscription,
} from "../store/event-store.ts";
import { withTimeout } from "./with-timeout.ts";

interface Job<E extends ServerSentEvent> {
  readonly events: readonly E[];
  readonly resolve: (stored: readonly StoredEvent<E>[]) => void;
  readonly reject: (error: unknown) => void;
  isRefused: boolean;
}

interface LocalFollower<E extends ServerSentEvent> {
  readonly target: EventFollower<E>;
  lastId: number;
  /** Events that came while the history before them was still being read. */
  early: StoredEvent<E>[] | undefined;
}

/** How many keys are remembered for a store that does not know keys itself. */
const MAX_KEYS = 10_000;

/**
 * Writes to a store that cannot be followed, one call at a time, and tells followers what was stored, in its order.
 *
 * One at a time, because such a store may finish its second call before its first: a client that had then been sent
 * 2 would resume after 2 and never see 1. What other processes wrote in between is read and told as soon as the
 * next id shows that something was.
 */
export class LocalWriter<E extends ServerSentEvent> {
  readonly #store: EventStore<E>;
  readonly #jobs: Job<E>[] = [];
  readonly #followers = new Set<LocalFollower<E>>();
  readonly #keys = new Map<string, StoredEvent<E>>();
  readonly #timeoutMs: number | null;
  #running = false;
  /** The store has not answered a write for so long that nobody waits for it any more. */
  #isStuck = false;
  #lastId = 0;
  /** Unknown until the history has been looked at once. */
  #completed: boolean | undefined;

  constructor(store: EventStore<E>, timeoutMs: number | null) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  /** The greatest id this process has seen; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return new Promise((resolve, reject) => {
      if (this.#isStuck) {
        reject(notWritten());
        return;
      }
      this.#jobs.push({ events, resolve, reject, isRefused: false });
      if (!this.#running) void this.#run();
    });
  }

  async subscribe(afterId: number, target: EventFollower<E>): Promise<EventSubscription> {
    const follower: LocalFollower<E> = { target, lastId: afterId, early: [] };
    // Follow before reading history: an append between the two would be lost.
    this.#followers.add(follower);
    try {
      const history = await this.#read(afterId);
      const early = follower.early ?? [];
      follower.early = undefined;
      this.#tell(follower, history);
      this.#tell(follower, early);
    } catch (error) {
      this.#followers.delete(follower);
      throw error;
    }
    return { close: () => void this.#followers.delete(follower) };
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      try {
        job.resolve(await this.#storeAll(job));
      } catch (error) {
        job.reject(error);
        // A store that cannot be read now is not asked again for each of those that wait.
        if (this.#completed === undefined) for (const waiting of this.#jobs.splice(0)) waiting.reject(error);
      }
    }
    this.#running = false;
  }

  /** One read. A store that does not answer holds up nobody for longer than this. */
  async #read(afterId: number): Promise<readonly StoredEvent<E>[]> {
    const reading = Promise.resolve(this.#store.getEvents(afterId));
    return checkPage(await withTimeout(reading, this.#timeoutMs, "the store did not read events"), afterId);
  }

  /**
   * One write. It is waited for until it is over, whatever that takes, for the next may not overtake it. Those who dispatch do not wait
   * so long: after the timeout all are refused until the store answers.
   */
  async #write<T>(write: () => Promise<T>, job: Job<E>): Promise<T> {
    if (this.#timeoutMs === null) return write();
    const timer = setTimeout(() => {
      this.#isStuck = true;
      job.isRefused = true;
      job.reject(
        new SSETargetError(
          "timeout",
          `the store did not store an event within ${this.#timeoutMs} ms (\`storeTimeoutMs\`); it may have done so all the same, so give events a \`key\` if they are dispatched again`,
        ),
      );
      for (const waiting of this.#jobs.splice(0)) waiting.reject(notWritten());
    }, this.#timeoutMs);
    try {
      return await write();
    } finally {
      clearTimeout(timer);
      this.#isStuck = false;
    }
  }

  async #storeAll(job: Job<E>): Promise<readonly StoredEvent<E>[]> {
    const { events } = job;
    await this.#lookForEnd();
    const store = this.#store;
    // A store that does not know keys is given one event at a time, so that its keys are looked after here.
    if (isAppendable(store) && isKeyed(store) && events.length > 1) {
      if (this.#completed) refuseCompleted();
      const stored = checkAllStored(await this.#write(() => store.storeEvents(events), job), events.length);
      await this.#publish(stored);
      return stored;
    }
    const answers: StoredEvent<E>[] = [];
    for (const event of events) {
      // Whoever dispatched it has been told that it failed.
      if (job.isRefused) break;
      const known = event.key === undefined ? undefined : this.#keys.get(event.key);
      if (known !== undefined) {
        answers.push(known);
        continue;
      }
      if (this.#completed && !isKeyed(this.#store)) refuseCompleted();
      const stored = checkStored(await this.#write(() => this.#store.storeEvent(event), job));
      this.#remember(stored);
      await this.#publish([stored]);
      answers.push(stored);
    }
    return answers;
  }

  async #lookForEnd(): Promise<void> {
    if (this.#completed !== undefined) return;
    const history = await this.#read(0);
    const end = history.find((event) => event.type === END_EVENT_TYPE);
    for (const event of history.slice(-MAX_KEYS)) this.#remember(event);
    this.#lastId = Math.max(this.#lastId, history.at(-1)?.id ?? 0);
    this.#completed = end !== undefined;
  }

  #remember(event: StoredEvent<E>): void {
    if (event.key === undefined || isKeyed(this.#store)) return;
    this.#keys.set(event.key, event);
    if (this.#keys.size <= MAX_KEYS) return;
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest);
      break;
    }
  }

  async #publish(stored: readonly StoredEvent<E>[]): Promise<void> {
    let events = stored.filter((event) => event.id > this.#lastId);
    const [first] = events;
    if (first === undefined) {
      const isRepeat = isKeyed(this.#store) && stored.every((event) => event.key !== undefined);
      if (!isRepeat) this.#startOver(stored);
      return;
    }
    if (first.id > this.#lastId + 1 && this.#followers.size > 0) {
      // Somebody else has written too. What cannot be read again is at least told as far as it is known here.
      try {
        const missed = await this.#read(this.#lastId);
        if (missed.length > 0) events = [...missed];
      } catch {
        // It is stored, whatever cannot be read just now: those who follow look for themselves.
        for (const { target } of this.#followers) target.onInterrupted();
      }
    }
    this.#lastId = Math.max(this.#lastId, (events.at(-1) as StoredEvent<E>).id);
    if (events.some((event) => event.type === END_EVENT_TYPE)) this.#completed = true;
    for (const follower of this.#followers) this.#tell(follower, events);
  }

  /** Ids went backwards: the store has lost its history, or its counter. Those who follow look at it anew. */
  #startOver(stored: readonly StoredEvent<E>[]): void {
    this.#lastId = stored.at(-1)?.id ?? 0;
    this.#completed = undefined;
    this.#keys.clear();
    for (const { target } of this.#followers) target.onInterrupted();
  }

  #tell(follower: LocalFollower<E>, events: readonly StoredEvent<E>[]): void {
    if (follower.early !== undefined) {
      follower.early.push(...events);
      return;
    }
    const fresh = events.filter((event) => event.id > follower.lastId);
    const last = fresh.at(-1);
    if (last === undefined) return;
    follower.lastId = last.id;
    follower.target.onEvents(fresh);
  }
}

function refuseCompleted(): never {
  throw new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it");
}

function notWritten(): SSETargetError {
  return new SSETargetError(
    "timeout",
    "the store has not answered an earlier write yet, so nothing more is given to it; dispatch again later",
  );
}
