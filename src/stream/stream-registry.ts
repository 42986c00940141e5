import type { StreamEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { unref } from "../util/timers.ts";
import type { OpenStream } from "./open-stream.ts";

/** How a registry makes and keeps streams. */
export interface RegistryOptions<E extends StreamEvent> {
  readonly make: (name: string) => OpenStream<E>;
  /** Called when a stream is put away. */
  readonly onPutAway: (name: string) => void;
  readonly maxStreams: number;
  /** How long a stream is kept that nobody uses or watches; `null`: until there is no room. */
  readonly evictAfterMs: number | null;
  readonly onError: ErrorListener;
}

interface Entry<E extends StreamEvent> {
  readonly stream: OpenStream<E>;
  /** On the monotonic clock: the system's may be set. */
  lastUsedMs: number;
}

/**
 * Streams by name: made when first used, put away when idle, never more than a set number.
 *
 * Those that the application has used are counted apart from those that only clients have named: strangers can name any
 * number of streams, and none of them may cost the application one of its own.
 */
export class StreamRegistry<E extends StreamEvent> {
  readonly #options: RegistryOptions<E>;
  /** In the order of the application's last use. */
  readonly #own = new Map<string, Entry<E>>();
  /** In the order of the clients' last use. */
  readonly #viewed = new Map<string, Entry<E>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: RegistryOptions<E>) {
    this.#options = options;
  }

  get size(): number {
    return this.#own.size + this.#viewed.size;
  }

  *streams(): IterableIterator<OpenStream<E>> {
    for (const { stream } of this.#own.values()) yield stream;
    for (const { stream } of this.#viewed.values()) yield stream;
  }

  /** Does not count as use. */
  has(name: string): boolean {
    return this.#own.has(name) || this.#viewed.has(name);
  }

  /** The stream, if it is held. Does not count as use. */
  get(name: string): OpenStream<E> | undefined {
    return (this.#own.get(name) ?? this.#viewed.get(name))?.stream;
  }

  /** Puts a stream away whether or not it is used; its clients are asked to reconnect, each after `retryMs()`. */
  putAway(name: string, retryMs: () => number): void {
    const entry = this.#own.get(name) ?? this.#viewed.get(name);
    if (entry !== undefined) this.#putAway(name, entry, retryMs);
  }

  /** The stream for the application, which writes to it. @throws SSETargetError `too-many-streams` */
  use(name: string): OpenStream<E> {
    let entry = this.#own.get(name);
    if (entry === undefined) {
      if (this.#own.size >= this.#options.maxStreams) this.#makeRoomToUse();
      entry = this.#viewed.get(name) ?? { stream: this.#options.make(name), lastUsedMs: -Infinity };
      this.#viewed.delete(name);
    }
    this.#touch(this.#own, name, entry);
    return entry.stream;
  }

  /** The stream for a client. @throws SSETargetError `too-many-streams` */
  view(name: string): OpenStream<E> {
    const own = this.#own.get(name);
    if (own !== undefined) {
      // Its place in the order stays: clients have no say in what the application keeps.
      own.lastUsedMs = performance.now();
      return own.stream;
    }
    let entry = this.#viewed.get(name);
    if (entry === undefined) {
      if (this.#viewed.size >= this.#options.maxStreams) this.#makeRoomToView();
      entry = { stream: this.#options.make(name), lastUsedMs: -Infinity };
    }
    this.#touch(this.#viewed, name, entry);
    return entry.stream;
  }

  /** A client has left. A stream made for clients alone that holds nothing is put away with the last of them. */
  left(name: string): void {
    const entry = this.#viewed.get(name);
    if (entry !== undefined && !entry.stream.isBusy && entry.stream.isEmpty) this.#putAway(name, entry);
    if (this.size === 0) this.#stopSweeping();
  }

  close(): void {
    this.#stopSweeping();
    for (const entries of [this.#own, this.#viewed]) {
      for (const [name, entry] of entries) this.#putAway(name, entry);
    }
  }

  #touch(entries: Map<string, Entry<E>>, name: string, entry: Entry<E>): void {
    const nowMs = performance.now();
    if (!entries.has(name) || nowMs - entry.lastUsedMs >= MIN_ORDER_MS) {
      entries.delete(name);
      entries.set(name, entry);
      entry.lastUsedMs = nowMs;
    }
    this.#timer ??= this.#startSweeping();
  }

  #makeRoomToUse(): void {
    const isFree =
      this.#putAwayFirst(this.#own, (stream) => !stream.isBusy) ||
      this.#putAwayFirst(this.#own, (stream) => !stream.isStoring);
    if (isFree) return;
    throw new SSETargetError(
      "too-many-streams",
      `the hub holds ${this.#own.size} streams, and each has events on their way to its store; raise \`maxStreams\` (${this.#options.maxStreams}), dispatch less at once, or spread the streams over more processes`,
    );
  }

  #makeRoomToView(): void {
    const isFree =
      this.#putAwayFirst(this.#viewed, (stream) => !stream.isBusy && stream.isEmpty) ||
      this.#putAwayFirst(this.#viewed, (stream) => !stream.isBusy);
    if (isFree) return;
    throw new SSETargetError(
      "too-many-streams",
      `clients of the hub watch ${this.#viewed.size} streams that this process has not dispatched to; raise \`maxStreams\` (${this.#options.maxStreams}), or say with \`exists\` which streams there are`,
    );
  }

  /** Puts away the least recently used of the streams wanted; `false` if there is none. */
  #putAwayFirst(entries: Map<string, Entry<E>>, isWanted: (stream: OpenStream<E>) => boolean): boolean {
    for (const [name, entry] of entries) {
      if (!isWanted(entry.stream)) continue;
      this.#putAway(name, entry);
      return true;
    }
    return false;
  }

  #startSweeping(): ReturnType<typeof setInterval> {
    const sweepMs = Math.min(MAX_SWEEP_MS, this.#options.evictAfterMs ?? MAX_SWEEP_MS);
    return unref(setInterval(() => this.#sweep(sweepMs), sweepMs));
  }

  #sweep(sweepMs: number): void {
    const nowMs = performance.now();
    const { evictAfterMs } = this.#options;
    for (const entries of [this.#own, this.#viewed]) {
      for (const [name, entry] of entries) {
        if (entry.stream.isBusy) {
          entry.lastUsedMs = nowMs;
          continue;
        }
        const idleMs = nowMs - entry.lastUsedMs;
        const isTooOld = evictAfterMs !== null && idleMs >= evictAfterMs;
        if (isTooOld || (entry.stream.isEmpty && idleMs >= sweepMs)) this.#putAway(name, entry);
        // It works on, but without a subscription to its store; the next client opens it again.
        else if (idleMs >= sweepMs) entry.stream.feed.stop();
      }
    }
    if (this.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #putAway(name: string, { stream }: Entry<E>, retryMs?: () => number): void {
    this.#own.delete(name);
    this.#viewed.delete(name);
    this.#options.onPutAway(name);
    stream.release(retryMs).catch(this.#options.onError);
  }
}

const MAX_SWEEP_MS = 30_000;
/** Uses closer together than this count as one: moving a stream to the end of the order costs more than using it. */
const MIN_ORDER_MS = 100;
