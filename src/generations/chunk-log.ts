import type { Handled } from "../http/handled.ts";
import type { RequestHead } from "../http/request-head.ts";
import { dataEvent, type DataEvent, type EndData } from "../event/event.ts";
import { SSETargetError, type ErrorListener, isTooMuch } from "../util/errors.ts";
import { randomId } from "../util/random-id.ts";
import { type Backoff, retry } from "../util/retry.ts";
import { within } from "../util/timers.ts";

/** A chunk of a generation, as it is stored: in a browser `JSON.parse(event.data)` is the chunk. */
export type ChunkEvent<C = unknown> = DataEvent<"chunk", C>;

/** An `EventStream` of chunks, or of events that may be chunks. */
export interface ChunkStream<C> {
  dispatchEvents(events: readonly ChunkEvent<C>[]): Promise<unknown>;
  complete(end?: EndData): Promise<void>;
  isCompleted(): Promise<boolean>;
  handle(head: RequestHead): Promise<Handled>;
}

export interface ChunkLogOptions<C> {
  readonly batchMs: number;
  readonly maxPendingChunks: number;
  readonly retryForMs: number;
  readonly join: ((earlier: C, later: C) => C | undefined) | undefined;
}

/** How many chunks are stored together at the most. */
const BATCH = 500;
const BACKOFF: Backoff = { minMs: 100, maxMs: 5_000 };
/** A store that has not answered by then is one that cannot be reached. */
const CALL_TIMEOUT_MS = 30_000;

/**
 * Writes chunks to a stored stream in their order: those of a short while together, for a token is not worth a transaction. What the
 * store cannot take just now is tried again; keys keep what was stored after all from being stored twice.
 */
export class ChunkLog<C> {
  readonly #stream: ChunkStream<C>;
  readonly #options: ChunkLogOptions<C>;
  readonly #run = randomId();
  /** As they came: they are joined when they are stored, so that what is too large as one can still be stored as several. */
  #chunks: C[] = [];
  /** How many have been added and not yet stored. */
  #pending = 0;
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #storing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  readonly #onFailure: ErrorListener;

  /** @param onFailure told at once when chunks could not be stored; nothing more is stored from then on */
  constructor(stream: ChunkStream<C>, options: ChunkLogOptions<C>, onFailure: ErrorListener) {
    this.#stream = stream;
    this.#options = options;
    this.#onFailure = onFailure;
  }

  /** Takes a chunk. Resolves at once, or when the store has caught up. Rejects where chunks before it could not be stored. */
  async add(chunk: C): Promise<void> {
    this.#check();
    this.#chunks.push(chunk);
    this.#pending++;
    this.#timer ??= setTimeout(() => this.#begin(), this.#options.batchMs);
    if (this.#pending < this.#options.maxPendingChunks) return;
    await this.flush();
    // A source and a store that never really wait would else keep everything else from happening, a stop included.
    await new Promise<void>((resolve) => setTimeout(resolve));
  }

  /** Resolves when everything that was added is stored. */
  async flush(): Promise<void> {
    this.#begin();
    await this.#storing;
    this.#check();
  }

  /** Ends the stream. What was added before is to be flushed. */
  complete(end: EndData): Promise<void> {
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    return this.#persist(() => this.#stream.complete(end));
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #begin(): void {
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#timer = undefined;
    // After a failure nothing more: a later chunk without the ones before it would be a hole.
    if (this.#chunks.length > 0 && this.#failure === undefined) this.#storing ??= this.#storeAll();
  }

  async #storeAll(): Promise<void> {
    try {
      while (this.#chunks.length > 0) {
        const pending = this.#pending;
        const chunks = this.#chunks;
        this.#chunks = [];
        for (let from = 0; from < chunks.length; from += BATCH) await this.#store(chunks.slice(from, from + BATCH));
        this.#pending -= pending;
      }
    } catch (error) {
      this.#failure = { error };
      this.#onFailure(error);
    }
    // In the same moment as the look at what is left, or a chunk could come in between and wait for ever.
    this.#storing = undefined;
  }

  async #store(chunks: readonly C[]): Promise<void> {
    const events = this.#join(chunks).map((chunk) => dataEvent("chunk", chunk, `${this.#run}:${++this.#count}`));
    const canBeLess = chunks.length > 1;
    try {
      await this.#persist(
        () => this.#stream.dispatchEvents(events),
        (error) => mayPass(error) && !(canBeLess && isTooMuch(error)),
      );
    } catch (error) {
      if (!canBeLess || !isTooMuch(error)) throw error;
      const half = Math.ceil(chunks.length / 2);
      await this.#store(chunks.slice(0, half));
      await this.#store(chunks.slice(half));
    }
  }

  #join(chunks: readonly C[]): readonly C[] {
    const { join } = this.#options;
    if (join === undefined) return chunks;
    const joined = chunks.slice(0, 1);
    for (const chunk of chunks.slice(1)) {
      const both = join(joined.at(-1) as C, chunk);
      if (both === undefined) joined.push(chunk);
      else joined[joined.length - 1] = both;
    }
    return joined;
  }

  async #persist(call: () => Promise<unknown>, isTransient = mayPass): Promise<void> {
    const attempt = () =>
      within(call(), CALL_TIMEOUT_MS, () => {
        throw new SSETargetError("timeout", `the store has not answered within ${CALL_TIMEOUT_MS} ms`);
      });
    await retry(attempt, { forMs: this.#options.retryForMs, backoff: BACKOFF, isTransient });
  }
}

const PASSING_CODES = new Set(["store-unavailable", "timeout", "too-many-pending", "too-many-streams"]);

/** Whether it may go better the next time. What a store throws of its own is mostly a lost connection. */
function mayPass(error: unknown): boolean {
  return !(error instanceof SSETargetError) || PASSING_CODES.has(error.code);
}
