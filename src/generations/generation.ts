import { unref } from "../util/timers.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import type { Handled } from "../http/handled.ts";
import { requestHead, type RequestHead } from "../http/request-head.ts";
import { toResponse } from "../http/web-stream-sink.ts";
import { ChunkLog, type ChunkLogOptions, type ChunkStream } from "./chunk-log.ts";
import { failureMessage, type SourceFailureOptions, DONE, SourceReader, type Source } from "../util/source-reader.ts";

/** How a generation has ended. */
export interface GenerationEnd {
  /** `completed`: the source ended by itself. `stopped`: somebody stopped it. `failed`: the source, or the store, did. */
  readonly reason: "completed" | "stopped" | "failed";
  /** What clients were told with it. */
  readonly message?: string;
  /** Why it failed; clients are not told. */
  readonly error?: unknown;
}

/** Options of one generation, with their defaults. */
export interface GenerationOptions<C> extends ChunkLogOptions<C> {
  readonly idleTimeoutMs: number | null;
  readonly errorMessage: SourceFailureOptions["errorMessage"];
  readonly onError: ErrorListener;
}

/** How often to look whether somebody else has ended the stream. */
const END_CHECK_MS = 500;

/** A source whose values are stored as they come, whoever listens. `Generations.start` makes one. */
export class Generation<C = unknown> {
  readonly id: string;
  /** Never rejects: resolves when the end is stored, or could not be. */
  readonly done: Promise<GenerationEnd>;
  readonly #stream: ChunkStream<C>;
  readonly #reader: SourceReader<C>;
  readonly #options: GenerationOptions<C>;
  #stopped: GenerationEnd | undefined;

  constructor(id: string, stream: ChunkStream<C>, source: Source<C>, options: GenerationOptions<C>) {
    this.id = id;
    this.#stream = stream;
    this.#options = options;
    this.#reader = new SourceReader(source);
    this.done = this.#run();
  }

  /** Aborts the signal that the source was given, stores what it had brought, and ends the stream. Idempotent. */
  stop(message?: string): Promise<GenerationEnd> {
    this.#stopped ??= { reason: "stopped", message };
    this.#reader.stop(new Error(message ?? "the generation was stopped"));
    return this.done;
  }

  /** Responds to a request of any path and method with this generation, from its beginning or from the request's cursor. */
  async fetch(request: Request): Promise<Response> {
    return toResponse(await this.handle(requestHead(request)), request);
  }

  /** The same for `toNodeHandler(generation)`. */
  handle(head: RequestHead): Promise<Handled> {
    // The response is the stream, whatever else the request wanted.
    return this.#stream.handle({ ...head, method: head.method === "HEAD" ? "HEAD" : "GET" });
  }

  async #run(): Promise<GenerationEnd> {
    // What cannot be kept need not be made: the source is stopped without waiting for what it brings next.
    const log = new ChunkLog(this.#stream, this.#options, (error) => this.#reader.stop(error));
    // Ended by somebody else, in this process or another: that stops a generation from afar, and keeps one that has ended from
    // being begun again.
    const isEnded = await this.#stopIfEnded();
    // Only the source may keep the process alive.
    const watch = unref(setInterval(() => void this.#stopIfEnded(), END_CHECK_MS));
    let end = isEnded ? STOPPED : await this.#read(log);
    clearInterval(watch);
    if (end.reason === "completed" && (await this.#stopIfEnded())) end = STOPPED;
    try {
      const { reason, message } = end;
      await log.complete(message === undefined ? { reason } : { reason, message });
    } catch (error) {
      this.#options.onError(error);
      end = { ...end, error: end.error ?? error };
    }
    return end;
  }

  async #stopIfEnded(): Promise<boolean> {
    try {
      if (!(await this.#stream.isCompleted())) return false;
    } catch {
      // A store that cannot be reached is told of where something is to be stored.
      return false;
    }
    this.#stopped ??= STOPPED;
    this.#reader.stop(new Error("the stream of the generation has been ended"));
    return true;
  }

  /** Stores what the source brings. Never rejects. */
  async #read(log: ChunkLog<C>): Promise<GenerationEnd> {
    try {
      for (;;) {
        const chunk = await this.#next();
        if (chunk === DONE) break;
        await log.add(chunk);
      }
      await log.flush();
      return this.#stopped ?? { reason: "completed" };
    } catch (error) {
      this.#reader.stop(error);
      if (error instanceof SSETargetError && error.code === "stream-completed") return STOPPED;
      // What came before the failure is not lost with it; where the store has failed there is nothing more to be done.
      await log.flush().catch(() => {});
      this.#options.onError(error);
      return {
        reason: "failed",
        message: failureMessage(error, this.#options.errorMessage, this.#options.onError),
        error,
      };
    }
  }

  async #next(): Promise<C | typeof DONE> {
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs === null) return this.#reader.next();
    let isLate = false;
    const late = new SSETargetError(
      "timeout",
      `the source has sent nothing for ${idleTimeoutMs} ms; raise \`idleTimeoutMs\`, or pass null to wait forever`,
    );
    const timer = setTimeout(() => {
      isLate = true;
      this.#reader.stop(late);
    }, idleTimeoutMs);
    try {
      const chunk = await this.#reader.next();
      if (isLate && this.#stopped === undefined) throw late;
      return chunk;
    } finally {
      clearTimeout(timer);
    }
  }
}

const STOPPED: GenerationEnd = { reason: "stopped" };
