import { SSETargetError } from "../errors.ts";

/** What a registry keeps: something that knows whether it is needed and can be put away. */
export interface RegisteredStream {
  /** Whether it has clients, or events on their way to the store. */
  readonly isBusy: boolean;
  /** Whether nothing would be lost with it. */
  readonly isEmpty: boolean;
  /** Gives up what it holds only for speed, such as a subscription to the store. It works on, a little slower at first. */
  rest(): void;
  /** Gives up everything. */
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
 * Kept in the order of their last use, so that both the sweep and the search for one to put away look at the oldest first.
 */
export class StreamRegistry<S extends RegisteredStream> {
  readonly #make: (name: string) => S;
  readonly #maxStreams: number;
  readonly #idleMs: number | null;
  readonly #entries = new Map<string, Entry<S>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(make: (name: string) => S, maxStreams: number, idleMs: number | null) {
    this.#make = make;
    this.#maxStreams = maxStreams;
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  *streams(): IterableIterator<S> {
    for (const { stream } of this.#entries.values()) yield stream;
  }

  /** Does not count as use. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws SSETargetError `too-many-streams` */
  get(name: string): S {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      if (this.#entries.size >= this.#maxStreams) this.#makeRoom();
      entry = { stream: this.#make(name), lastUsedMs: -Infinity };
    }
    const nowMs = performance.now();
    if (nowMs - entry.lastUsedMs >= MIN_ORDER_MS) {
      this.#entries.delete(name);
      this.#entries.set(name, entry);
      entry.lastUsedMs = nowMs;
    }
    this.#timer ??= this.#startSweeping();
    return entry.stream;
  }

  close(): void {
    this.#stopSweeping();
    for (const [name, entry] of this.#entries) this.#putAway(name, entry);
  }

  #makeRoom(): void {
    // Those that were only asked for go first: asking for names at random must not push histories out.
    for (const isWanted of [(stream: S) => stream.isEmpty, () => true]) {
      for (const [name, entry] of this.#entries) {
        if (entry.stream.isBusy || !isWanted(entry.stream)) continue;
        this.#putAway(name, entry);
        return;
      }
    }
    throw new SSETargetError(
      "too-many-streams",
      `the hub holds ${this.#entries.size} streams and all of them are in use; raise \`maxStreams\` (${this.#maxStreams}) or spread them over more processes`,
    );
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
    for (const [name, entry] of this.#entries) {
      if (entry.stream.isBusy) {
        entry.lastUsedMs = nowMs;
        continue;
      }
      const idleMs = nowMs - entry.lastUsedMs;
      const isForgotten = this.#idleMs !== null && idleMs >= this.#idleMs;
      if (isForgotten || (entry.stream.isEmpty && idleMs >= sweepMs)) this.#putAway(name, entry);
      else if (idleMs >= sweepMs) entry.stream.rest();
    }
    if (this.#entries.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #putAway(name: string, { stream }: Entry<S>): void {
    this.#entries.delete(name);
    stream.putAway();
  }
}

const MAX_SWEEP_MS = 30_000;
/** Uses that are closer together than this count as one: putting a stream last in order costs more than using it. */
const MIN_ORDER_MS = 100;
