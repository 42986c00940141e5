import { readOptions } from "../../util/options.ts";
import { parseTime } from "../tree/parse.ts";

/** Of so many of the newest live events the freshest counts. */
const MAX_SAMPLES = 16;
/** By more than this the system's clock does not go ahead of the monotonic one unless it is set, or the machine has slept. */
const JUMP_MS = 1000;

export interface ServerClockOptions {
  /**
   * What arrives sooner than this after `connected`, in milliseconds, may be history that is replayed, and not live. @defaultValue 1500
   */
  readonly replayMs?: number;
  /** The viewer's clock, in milliseconds since the epoch. @defaultValue the system's, but that it is never set back */
  readonly now?: () => number;
}

/**
 * The server's clock, as far as one can tell from events alone: what is still running has lasted `clock.now() - node.startTime`, also on a
 * machine whose own clock is wrong.
 *
 * An event's timestamp is on the server's clock, and is never later than the moment at which it arrives. So the server's clock is ahead of the
 * viewer's by at least `timestamp - arrival`, and by little more where the event has come live. Of the newest live events the largest of these
 * differences is the estimate: it is late by the shortest way that one of them had. An event of a replayed history may be hours old; it
 * only proves that the server's clock is not behind it.
 *
 * If the viewer's clock is set back, this one goes on. If it is set forward, which looks like a machine that has slept, it follows until the next
 * live event.
 *
 * Where the events come from several processes, the estimate is of the clock that is furthest ahead.
 */
export class ServerClock {
  readonly #replayMs: number;
  readonly #now: () => number;
  /** Differences of live events, the newest last. */
  #samples: number[] = [];
  /** What history has proved. */
  #atLeastMs = 0;
  #connectedAt: number;
  /** By how much the system's clock is ahead of the monotonic one, at the most so far. */
  #aheadMs = -Infinity;
  /** The clock has jumped since the samples were taken. */
  #isJumped = false;

  constructor(given?: ServerClockOptions) {
    const options = readOptions("ServerClock", given, { replayMs: true, now: true });
    this.#replayMs = options.replayMs ?? 1500;
    this.#now = options.now ?? this.#systemTime;
    this.#connectedAt = this.#now();
  }

  readonly #systemTime = (): number => {
    const monotonicMs = performance.now();
    const aheadMs = Date.now() - monotonicMs;
    if (aheadMs > this.#aheadMs + JUMP_MS && this.#samples.length > 0) this.#isJumped = true;
    this.#aheadMs = Math.max(this.#aheadMs, aheadMs);
    return monotonicMs + this.#aheadMs;
  };

  /** Call it when a connection has opened, for then history may follow. The time of construction counts as the first. */
  connected(): void {
    this.#connectedAt = this.#now();
  }

  /**
   * Takes note of an event that has just arrived. It need not be trusted: what has no `timestamp` is passed over.
   *
   * @param isLive whether it has come as it happened @defaultValue whether more than `replayMs` have passed since `connected`
   */
  observe(event: unknown, isLive?: boolean): void {
    const time = timeOf(event);
    if (time === undefined) return;
    const arrival = this.#now();
    const aheadMs = time - arrival;
    if (isLive ?? Math.abs(arrival - this.#connectedAt) > this.#replayMs) {
      if (this.#isJumped) this.#samples = [];
      this.#isJumped = false;
      this.#samples = [...this.#samples, aheadMs].slice(-MAX_SAMPLES);
    } else this.#atLeastMs = Math.max(this.#atLeastMs, aheadMs);
  }

  /** Whether an event has come live, so that `offsetMs` is more than a guess. */
  get isKnown(): boolean {
    return this.#samples.length > 0;
  }

  /** How far the server's clock is ahead of the viewer's, in milliseconds; negative: behind. Until an event has come live: what history proves, else 0. */
  get offsetMs(): number {
    return this.isKnown ? Math.max(...this.#samples) : this.#atLeastMs;
  }

  /** Now, on the server's clock, in milliseconds since the epoch. */
  now(): number {
    return this.#now() + this.offsetMs;
  }
}

function timeOf(event: unknown): number | undefined {
  try {
    return parseTime((event as { readonly timestamp?: unknown } | null | undefined)?.timestamp);
  } catch {
    return undefined;
  }
}
