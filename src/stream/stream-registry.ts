import { SSETargetError } from "../util/errors.ts";

/** What a registry keeps: something that knows whether it is needed and can be put away. */
export interface RegisteredStream {
  /** Whether it has clients, or some that are about to come in. */
  readonly isWatched: boolean;
  /** Whether events are on their way to its store. */
  readonly isStoring: boolean;
  /** Whether nothing would be lost with it. */
  readonly isEmpty: boolean;
  /** Gives up what it holds only for speed, such as a subscription to the store. It works on, a little slower at first. */
  rest(): void;
  /** Gives up everything; clients, if there are some, are asked to reconnect. */
  putAway(): void;
}

interface Entry<S> {
  readonly stream: S;
  /** On the monotonic clock: the system's may be set. */
  lastUsedMs: number;
}

/**
 * Streams by name: made when first asked for, put away when idle, never more than a set number.
 *
 * Those that the application has used itself are counted apart from those that only clients have named: strangers can name
 * any number of streams, and none of them may cost the application one of its own.
 */
export class StreamRegistry<S extends RegisteredStream> {
  readonly #make: (name: string) => S;
  readonly #maxStreams: number;
  readonly #idleMs: number | null;
  /** In the order of the application's last use. */
  readonly #own = new Map<string, Entry<S>>();
  /** In the order of the clients' last use. */
  readonly #viewed = new Map<string, Entry<S>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(make: (name: string) => S, maxStreams: number, idleMs: number | null) {
    this.#make = make;
    this.#maxStreams = maxStreams;
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#own.size + this.#viewed.size;
  }

  *streams(): IterableIterator<S> {
    for (const { stream } of this.#own.values()) yield stream;
    for (const { stream } of this.#viewed.values()) yield stream;
  }

  /** Does not count as use. */
  has(name: string): boolean {
    return this.#own.has(name) || this.#viewed.has(name);
  }

  /** The stream for the application, which has something for it. @throws SSETargetError `too-many-streams` */
  use(name: string): S {
    let entry = this.#own.get(name);
    if (entry === undefined) {
      if (this.#own.size >= this.#maxStreams) this.#makeRoomToUse();
      entry = this.#viewed.get(name) ?? { stream: this.#make(name), lastUsedMs: -Infinity };
      this.#viewed.delete(name);
    }
    this.#touch(this.#own, name, entry);
    return entry.stream;
  }

  /** The stream for a client. @throws SSETargetError `too-many-streams` */
  view(name: string): S {
    const own = this.#own.get(name);
    if (own !== undefined) {
      // Its place in order stays: clients have no say in what the application keeps.
      own.lastUsedMs = performance.now();
      return own.stream;
    }
    let entry = this.#viewed.get(name);
    if (entry === undefined) {
      if (this.#viewed.size >= this.#maxStreams) this.#makeRoomToView();
      entry = { stream: this.#make(name), lastUsedMs: -Infinity };
    }
    this.#touch(this.#viewed, name, entry);
    return entry.stream;
  }

  /** A client has left: what was made for clients alone and holds nothing is gone with the last of them. */
  left(name: string): void {
    const entry = this.#viewed.get(name);
    if (entry !== undefined && !isBusy(entry.stream) && entry.stream.isEmpty) this.#putAway(name, entry);
    if (this.size === 0) this.#stopSweeping();
  }

  close(): void {
    this.#stopSweeping();
    for (const entries of [this.#own, this.#viewed]) {
      for (const [name, entry] of entries) this.#putAway(name, entry);
    }
  }

  #touch(entries: Map<string, Entry<S>>, name: string, entry: Entry<S>): void {
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
      this.#putAwayFirst(this.#own, (stream) => !isBusy(stream)) ||
      this.#putAwayFirst(this.#own, (stream) => !stream.isStoring);
    if (isFree) return;
    throw new SSETargetError(
      "too-many-streams",
      `the hub holds ${this.#own.size} streams, and each has events on their way to its store; raise \`maxStreams\` (${this.#maxStreams}), dispatch less at once, or spread the streams over more processes`,
    );
  }

  #makeRoomToView(): void {
    const isFree =
      this.#putAwayFirst(this.#viewed, (stream) => !isBusy(stream) && stream.isEmpty) ||
      this.#putAwayFirst(this.#viewed, (stream) => !isBusy(stream));
    if (isFree) return;
    throw new SSETargetError(
      "too-many-streams",
      `clients of the hub watch ${this.#viewed.size} streams that this process has not dispatched to; raise \`maxStreams\` (${this.#maxStreams}), or say with \`exists\` which streams there are`,
    );
  }

  /** Puts the stream away that was used the longest ago among those wanted; `false` if there is none. */
  #putAwayFirst(entries: Map<string, Entry<S>>, isWanted: (stream: S) => boolean): boolean {
    for (const [name, entry] of entries) {
      if (!isWanted(entry.stream)) continue;
      this.#putAway(name, entry);
      return true;
    }
    return false;
  }

  #startSweeping(): ReturnType<typeof setInterval> {
    const sweepMs = Math.min(MAX_SWEEP_MS, this.#idleMs ?? MAX_SWEEP_MS);
    const timer = setInterval(() => this.#sweep(sweepMs), sweepMs);
    // In Node a timer keeps the process alive; this one is no reason to.
    (timer as unknown as { unref?: () => void }).unref?.();
    return timer;
  }

  #sweep(sweepMs: number): void {
    const nowMs = performance.now();
    for (const entries of [this.#own, this.#viewed]) {
      for (const [name, entry] of entries) {
        if (isBusy(entry.stream)) {
          entry.lastUsedMs = nowMs;
          continue;
        }
        const idleMs = nowMs - entry.lastUsedMs;
        const isForgotten = this.#idleMs !== null && idleMs >= this.#idleMs;
        if (isForgotten || (entry.stream.isEmpty && idleMs >= sweepMs)) this.#putAway(name, entry);
        else if (idleMs >= sweepMs) entry.stream.rest();
      }
    }
    if (this.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #putAway(name: string, { stream }: Entry<S>): void {
    this.#own.delete(name);
    this.#viewed.delete(name);
    stream.putAway();
  }
}

function isBusy(stream: RegisteredStream): boolean {
  return stream.isWatched || stream.isStoring;
}

const MAX_SWEEP_MS = 30_000;
/** Uses that are closer together than this count as one: putting a stream last in order costs more than using it. */
const MIN_ORDER_MS = 100;
