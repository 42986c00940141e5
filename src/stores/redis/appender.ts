import { dataText, withId, type StreamEvent, type StoredEvent } from "../../event/event.ts";
import { SSETargetError } from "../../util/errors.ts";
import { randomId } from "../../util/random-id.ts";
import type { RedisConnection } from "./client.ts";
import type { OriginalDataGuard } from "./original-data.ts";
import { APPEND, runScript } from "./scripts.ts";
import { withRetries } from "./retry.ts";
import { decodeEvent, encodeText, type StreamKeys } from "./codec.ts";

/** The store's options that concern appends. */
export interface AppendOptions {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly ttlMs: number | null;
  readonly retryForMs: number;
}

interface Job<E extends StreamEvent> {
  readonly events: readonly E[];
  readonly bytes: number;
  readonly resolve: (stored: readonly StoredEvent<E>[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Redis does nothing else while it runs a call, so calls must be small. */
const MAX_CALL_EVENTS = 1_000;
const MAX_CALL_BYTES = 512 * 1024;
/** Larger events are not published; watchers read them. A subscriber that is too slow would lose its connection. */
const MAX_MESSAGE_BYTES = 128 * 1024;
/** How long Redis remembers what the last call of a writer did. Longer than any client repeats a command. */
const WRITER_TTL_MS = 3_600_000;
/** Events beyond `maxEvents` that may be kept, so that they need not be dropped one by one. */
const MAX_SLACK = 100;

/**
 * Appends to one stream, one call at a time; events given meanwhile go into the next call together. So order holds
 * whatever happens to the connection, and the more there is to do, the less each event costs.
 *
 * Each call has a number by which Redis recognizes a repeat.
 */
export class Appender<E extends StreamEvent> {
  readonly #connection: RedisConnection;
  readonly #guard: OriginalDataGuard;
  readonly #keys: readonly string[];
  readonly #channel: string;
  /** One text, because clients spend more on each argument than Redis spends on parsing it. */
  readonly #limits: string;
  readonly #retryForMs: number;
  readonly #jobs: Job<E>[] = [];
  #running: Promise<void> | undefined;
  /** Prefix of the epochs that start with this appender. A number follows, so that none is used twice. */
  readonly #epoch = randomId();
  /** How often the stream's time to live is set. */
  readonly #touchEveryMs: number;
  #touchedAtMs = Number.NEGATIVE_INFINITY;
  #calls = 0;
  #attempts = 0;

  constructor(connection: RedisConnection, guard: OriginalDataGuard, keys: StreamKeys, options: AppendOptions) {
    this.#connection = connection;
    this.#guard = guard;
    this.#keys = [keys.events, keys.meta, keys.keys, keys.writer + randomId() + randomId()];
    this.#channel = keys.channel;
    const slack = Math.min(MAX_SLACK, Math.floor(options.maxEvents / 8));
    this.#limits = [
      options.maxEvents,
      slack,
      options.maxBytes,
      MAX_MESSAGE_BYTES,
      // A tenth more than the option says, so that it need not be set with every event.
      Math.floor((options.ttlMs ?? 0) * 1.1),
      WRITER_TTL_MS,
    ].join(" ");
    this.#touchEveryMs = (options.ttlMs ?? Number.POSITIVE_INFINITY) / 10;
    this.#retryForMs = options.retryForMs;
  }

  /** Stores all of these events or none. They must be snapshots. */
  append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    let bytes = 0;
    for (const event of events) bytes += dataText(event).length;
    return new Promise((resolve, reject) => {
      this.#jobs.push({ events, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is pending. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Events that one piece of code appends without waiting go into one call.
    await Promise.resolve();
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      try {
        await this.#call(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  #nextBatch(): Job<E>[] {
    let [count, events, bytes] = [0, 0, 0];
    for (const job of this.#jobs) {
      events += job.events.length;
      bytes += job.bytes;
      if (count > 0 && (events > MAX_CALL_EVENTS || bytes > MAX_CALL_BYTES)) break;
      count++;
    }
    return this.#jobs.splice(0, count);
  }

  async #call(batch: readonly Job<E>[]): Promise<void> {
    await this.#guard.check();
    const call = String(++this.#calls);
    const groups: string[] = [];
    for (const { events } of batch) {
      groups.push(String(events.length));
      for (const event of events) {
        groups.push(encodeText(event.type), event.key === undefined ? "" : encodeText(event.key), dataText(event));
      }
    }
    const nowMs = performance.now();
    const isDue = nowMs - this.#touchedAtMs >= this.#touchEveryMs;
    const reply = await withRetries(() => {
      const epoch = this.#epoch + (this.#attempts++).toString(36);
      const head = [this.#channel, call, epoch, isDue ? "1" : "0", this.#limits];
      return runScript(this.#connection, APPEND, this.#keys, head.concat(groups));
    }, this.#retryForMs);
    const [, answer = ""] = reply;
    if (isDue && answer.includes("+")) this.#touchedAtMs = nowMs;
    this.#settle(batch, reply);
  }

  /** @see APPEND for the form of the reply */
  #settle(batch: readonly Job<E>[], [firstId, answer = "", ...rest]: readonly string[]): void {
    const known = new Map<number, StoredEvent<E>>();
    for (let index = 0; index + 2 < rest.length; index += 3) {
      const id = Number(rest[index]);
      known.set(id, decodeEvent(id, rest[index + 1] as string, rest[index + 2] as string));
    }
    let nextId = Number(firstId);
    for (const [index, group] of answer.split(";").slice(0, batch.length).entries()) {
      const { events, resolve, reject } = batch[index] as Job<E>;
      if (group === "E") {
        reject(new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it"));
        continue;
      }
      const ids = group.match(/\+|\d+/g) ?? [];
      resolve(
        events.map((event, place) => {
          const id = ids[place];
          if (id === "+") return withId(event, nextId++);
          // Dropped since, so only its id is known.
          return known.get(Number(id)) ?? withId(event, Number(id));
        }),
      );
    }
  }
}
