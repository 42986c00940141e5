import { MAX_TIMER_MS } from "../util/timers.ts";
import { guarded } from "../util/guard.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { delayOption, describeValue, readOptions, wholeNumberOption, checkFunction } from "../util/options.ts";
import type { ChunkStream } from "./chunk-log.ts";
import { Generation, type GenerationOptions } from "./generation.ts";
import { type SourceFailureOptions, isSource, type Source } from "../util/source-reader.ts";

/** Options of generations. Absent and `undefined` mean the default. */
export interface GenerationsOptions<C> extends SourceFailureOptions {
  /** How long a chunk may wait for others to be stored together with it, in milliseconds. @defaultValue 20 */
  readonly batchMs?: number;
  /**
   * Makes one of two chunks that are stored together, such as `(a, b) => a + b` for text; `undefined` leaves them two.
   * @defaultValue each chunk is an event of its own
   */
  readonly join?: (earlier: C, later: C) => C | undefined;
  /** Chunks that are not stored yet; at this many the source is not asked for more until they are. @defaultValue 1_000 */
  readonly maxPendingChunks?: number;
  /** How long a store that cannot be reached is tried again, in milliseconds, before the generation fails. @defaultValue 30_000 */
  readonly retryForMs?: number;
  /** How long a source may bring nothing, in milliseconds, before it is stopped and has failed; `null`: for ever. @defaultValue 300_000 (5 minutes) */
  readonly idleTimeoutMs?: number | null;
  /** Hears of what failed, whole. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** Where generations are stored and served: an `SSEHub`. */
export interface GenerationHub<C> {
  stream(name: string): ChunkStream<C>;
}

/**
 * Generations that go on whoever listens, such as the answers of a language model: what they bring is stored in a stream of a hub, and
 * a page that is reloaded, or opened a second time, reads it from there.
 *
 * ```ts
 * const hub = new SSEHub("/chat/:id/sse");
 * const generations = new Generations<string>(hub);
 * generations.start(id, async function* (signal) {
 *   for await (const part of await model.stream(prompt, { signal })) yield part.text;
 * });
 * generations.get(id)?.stop();
 * ```
 *
 * Each value is an event of type `chunk`. The stream always ends, with the reason in `ssetarget:end`: `completed`, `stopped` or `failed`.
 */
export class Generations<C = unknown> {
  readonly #hub: GenerationHub<C>;
  readonly #options: GenerationOptions<C>;
  readonly #running = new Map<string, Generation<C>>();
  #isClosed = false;

  /** @throws SSETargetError `invalid-option` */
  constructor(hub: GenerationHub<C>, given?: GenerationsOptions<C>) {
    const options = readOptions<GenerationsOptions<C>>("Generations", given, {
      batchMs: true,
      join: true,
      maxPendingChunks: true,
      retryForMs: true,
      idleTimeoutMs: true,
      errorMessage: true,
      onError: true,
    });
    if (typeof (hub as GenerationHub<C> | null)?.stream !== "function") {
      throw new SSETargetError("invalid-option", `\`hub\` must be an SSEHub, got ${describeValue(hub)}`);
    }
    for (const name of ["onError", "errorMessage", "join"] as const) checkFunction(name, options[name]);
    this.#hub = hub;
    this.#options = {
      batchMs: wholeNumberOption("batchMs", options.batchMs, 20, 0, MAX_TIMER_MS),
      maxPendingChunks: wholeNumberOption("maxPendingChunks", options.maxPendingChunks, 1_000, 1),
      retryForMs: wholeNumberOption("retryForMs", options.retryForMs, 30_000, 0),
      idleTimeoutMs: delayOption("idleTimeoutMs", options.idleTimeoutMs, 300_000),
      join: options.join,
      errorMessage: options.errorMessage,
      onError: guarded(options.onError),
    };
  }

  /** How many are running in this process. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Begins to store what the source brings in the stream of this name. One that is running is answered as it is, and the source is
   * not touched, so that a request which is sent twice starts one.
   *
   * @param source something to iterate, or a function that makes it with a signal that is aborted by `stop`
   * @throws SSETargetError `invalid-stream-name`, `invalid-option`, `closed`
   */
  start(id: string, source: Source<C>): Generation<C> {
    const running = this.#running.get(id);
    if (running !== undefined) return running;
    if (this.#isClosed) throw new SSETargetError("closed", "the generations have been closed; none can be started");
    if (!isSource(source)) {
      throw new SSETargetError(
        "invalid-option",
        `\`source\` must be something to iterate or a function that makes it, got ${describeValue(source)}`,
      );
    }
    const generation = new Generation(id, this.#hub.stream(id), source, this.#options);
    this.#running.set(id, generation);
    void generation.done.then(() => this.#running.delete(id));
    return generation;
  }

  /** The generation of this name, while it is running in this process. */
  get(id: string): Generation<C> | undefined {
    return this.#running.get(id);
  }

  /** Starts no more and stops those that are running, so that no page waits for them. To be awaited before the hub is closed. Idempotent. */
  async close(message = "The server is closing."): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#running.values(), (generation) => generation.stop(message)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
