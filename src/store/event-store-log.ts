import { END_EVENT_TYPE, dataText, snapshotEvent, type StreamEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError, streamCompleted } from "../util/errors.ts";
import { withTimeout } from "../util/with-timeout.ts";
import { checkPage, checkStored } from "./check-log.ts";
import type { EventBounds, EventLog, EventStore, LogListener, LogWatch, PageLimits } from "./event-log.ts";
import { LogListeners } from "./log-listeners.ts";

interface Job<E extends StreamEvent> {
  readonly events: readonly E[];
  readonly resolve: (stored: readonly StoredEvent<E>[]) => void;
  readonly reject: (error: unknown) => void;
  isRefused: boolean;
}

/** How many keys are remembered, because two methods cannot look one up. */
const MAX_KEYS = 10_000;

/**
 * Makes a log of a store with two methods.
 *
 * It writes one event at a time, because such a store may finish its second call before its first: a client that had then
 * been sent 2 would resume after 2 and never see 1. What other processes wrote in between is read and reported as soon as
 * the next id shows it. Keys, the end of the stream and the bounds are found in the history.
 */
export class EventStoreLog<E extends StreamEvent> implements EventLog<E> {
  readonly isLocal = true;
  readonly #store: EventStore<E>;
  readonly #timeoutMs: number | null;
  readonly #jobs: Job<E>[] = [];
  readonly #listeners = new LogListeners<E>();
  readonly #keys = new Map<string, StoredEvent<E>>();
  #isRunning = false;
  /** A write has taken longer than the timeout and is still waited for. */
  #isStuck = false;
  /** The greatest id seen in this process; 0 before the first. */
  #lastId = 0;
  /** Undefined until the history has been read once. */
  #completed: boolean | undefined;

  /** @param timeoutMs limits each call of the store; `null`: no limit. */
  constructor(store: EventStore<E>, timeoutMs: number | null) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    return new Promise((resolve, reject) => {
      if (this.#isStuck) {
        reject(notWritten());
        return;
      }
      const job = { events: events.map((event) => snapshotEvent(event)), resolve, reject, isRefused: false };
      this.#jobs.push(job);
      if (!this.#isRunning) void this.#run();
    });
  }

  async read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    const events = await this.#eventsAfter(afterId);
    let bytes = 0;
    let count = 0;
    for (const event of events) {
      bytes += dataText(event).length;
      if (count > 0 && (bytes > limits.maxBytes || count === limits.maxEvents)) break;
      count++;
    }
    return events.slice(0, count);
  }

  async bounds(): Promise<EventBounds> {
    // Before the read: what is stored during it may be missing from it.
    const knownId = this.#lastId;
    const events = await this.#eventsAfter(0);
    const end = events.find(({ type }) => type === END_EVENT_TYPE);
    const lastId = end?.id ?? Math.max(events.at(-1)?.id ?? 0, this.#lastId);
    // Nothing is there although something was stored: the store keeps nothing.
    const keepsEvents = events.length > 0 || knownId === 0;
    return { firstId: events[0]?.id ?? lastId + 1, lastId, completed: end !== undefined, keepsEvents };
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      try {
        job.resolve(await this.#storeAll(job));
      } catch (error) {
        job.reject(error);
        // A store that cannot be read now is not asked again for each waiting job.
        if (this.#completed === undefined) for (const waiting of this.#jobs.splice(0)) waiting.reject(error);
      }
    }
    this.#isRunning = false;
  }

  async #storeAll(job: Job<E>): Promise<readonly StoredEvent<E>[]> {
    await this.#lookForEnd();
    const answers: StoredEvent<E>[] = [];
    for (const event of job.events) {
      // Its caller already has a rejection.
      if (job.isRefused) break;
      const known = event.key === undefined ? undefined : this.#keys.get(event.key);
      if (known === undefined && this.#completed) {
        throw streamCompleted();
      }
      answers.push(known ?? (await this.#storeOne(event, job)));
    }
    return answers;
  }

  async #storeOne(event: E, job: Job<E>): Promise<StoredEvent<E>> {
    const stored = checkStored(await this.#write(event, job));
    this.#remember(stored);
    await this.#publish(stored);
    return stored;
  }

  /**
   * One write. It is waited for until it is over, however long that takes, because the next may not overtake it. Callers
   * do not wait that long: after the timeout all of them are rejected until the store answers.
   */
  async #write(event: E, job: Job<E>): Promise<StoredEvent<E>> {
    if (this.#timeoutMs === null) return this.#store.storeEvent(event);
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
      return await this.#store.storeEvent(event);
    } finally {
      clearTimeout(timer);
      this.#isStuck = false;
    }
  }

  async #eventsAfter(afterId: number): Promise<readonly StoredEvent<E>[]> {
    const reading = Promise.resolve(this.#store.getEvents(afterId));
    return checkPage(await withTimeout(reading, this.#timeoutMs, "the store did not read events"), afterId);
  }

  async #lookForEnd(): Promise<void> {
    if (this.#completed !== undefined) return;
    const history = await this.#eventsAfter(0);
    for (const event of history.slice(-MAX_KEYS)) this.#remember(event);
    this.#lastId = Math.max(this.#lastId, history.at(-1)?.id ?? 0);
    this.#completed = history.some(({ type }) => type === END_EVENT_TYPE);
  }

  #remember(event: StoredEvent<E>): void {
    if (event.key === undefined) return;
    this.#keys.set(event.key, event);
    if (this.#keys.size <= MAX_KEYS) return;
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest);
      break;
    }
  }

  async #publish(stored: StoredEvent<E>): Promise<void> {
    const afterId = this.#lastId;
    if (stored.id <= afterId) {
      this.#startOver(stored.id);
      return;
    }
    let events: readonly StoredEvent<E>[] | undefined = [stored];
    if (stored.id > afterId + 1 && this.#listeners.size > 0) {
      // Another process has written too. The event is stored, whether or not the others can be read now.
      events = await this.#eventsAfter(afterId).catch(() => undefined);
    }
    this.#lastId = Math.max(stored.id, events?.at(-1)?.id ?? 0);
    if ([stored, ...(events ?? [])].some(({ type }) => type === END_EVENT_TYPE)) this.#completed = true;
    this.#listeners.appended({ afterId, events, epoch: undefined });
  }

  /** Ids went backwards: the store has lost its history, or its counter. */
  #startOver(lastId: number): void {
    this.#lastId = lastId;
    this.#completed = undefined;
    this.#keys.clear();
    this.#listeners.changed();
  }
}

function notWritten(): SSETargetError {
  return new SSETargetError(
    "timeout",
    "the store has not answered an earlier write yet, so nothing more is given to it; dispatch again later",
  );
}
