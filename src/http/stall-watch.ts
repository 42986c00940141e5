import { unref } from "../util/timers.ts";
import type { SharedBytes } from "../wire/shared-bytes.ts";
import type { Sink } from "./sink.ts";

/** A client that is written to. */
export interface StallMember {
  readonly sink: Sink;
  /** How long the client may take nothing of what waits for it. `null`: forever. */
  readonly stallTimeoutMs: number | null;
  /** Lets the client go, at once. */
  destroy(): void;
}

/** A client that something waits for. */
interface Wait {
  /** When the client last took something, as far as is known; on the monotonic clock. */
  sinceMs: number;
  progress: number | undefined;
}

/** Memory that waits for clients. */
interface Hold {
  readonly piece: SharedBytes;
  /** Clients that wait for the same piece of memory. */
  members: number;
}

/** Looks at each client within its stall timeout. */
const LOOKS = 4;

/**
 * Disconnects clients that do not read: a client that has taken nothing of what waits for it for its stall timeout, and,
 * if everything that waits is more than `maxBytes`, the client that has held the most for the longest.
 *
 * A look now and then, instead of one at each write, finds what waits in sinks that are not full: a write is the server's
 * most frequent act. So a stall is noticed up to a quarter of the timeout late. The timer runs only while there are clients.
 */
export class StallWatch {
  readonly #maxBytes: number;
  readonly #members: ReadonlySet<StallMember>;
  readonly #waits = new Map<StallMember, Wait>();
  /** What full sinks were given last. It may be large, where what waits in a sink that is not full is small. */
  readonly #held = new Map<StallMember, Hold>();
  /** A piece that many clients wait for is in memory once. */
  readonly #shared = new Map<SharedBytes, Hold>();
  #heldBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  /** The shortest stall timeout that a look is planned for. */
  #shortestMs = Number.POSITIVE_INFINITY;

  /** `members`: the clients, as their owner keeps them. */
  constructor(maxBytes: number, members: ReadonlySet<StallMember>) {
    this.#maxBytes = maxBytes;
    this.#members = members;
  }

  /** A client has joined the members, and was written its first bytes. */
  joined(member: StallMember): void {
    if (!this.#members.has(member)) return;
    const { sink, stallTimeoutMs } = member;
    if (isWaiting(sink) === true) this.#note(member, performance.now());
    if (stallTimeoutMs === null || stallTimeoutMs >= this.#shortestMs) return;
    this.#shortestMs = stallTimeoutMs;
    const nowMs = performance.now();
    this.#lookAt(nowMs + stallTimeoutMs / LOOKS, nowMs);
  }

  /** The sink was given this piece and takes no more for now. */
  full(member: StallMember, piece: SharedBytes): void {
    this.#note(member, performance.now());
    this.#hold(member, piece);
  }

  /** Nothing more will be written; the sink is to say when everything has gone out. */
  ending(member: StallMember): void {
    this.#note(member, performance.now());
  }

  /** The sink can take more. */
  drained(member: StallMember): void {
    this.#forget(member);
  }

  /** The connection is over. A web stream that was full keeps what it was given until it is read, and is watched until then. */
  left(member: StallMember): void {
    if (!this.#held.has(member) || !isWaiting(member.sink)) this.#forget(member);
    this.#restIfAlone();
  }

  #note(member: StallMember, nowMs: number): void {
    if (this.#waits.has(member)) return;
    this.#waits.set(member, { sinceMs: nowMs, progress: member.sink.progress?.() });
  }

  #hold(member: StallMember, piece: SharedBytes): void {
    this.#release(member);
    const isShared = member.sink.copies !== true;
    let hold = isShared ? this.#shared.get(piece) : undefined;
    if (hold === undefined) {
      hold = { piece, members: 0 };
      if (isShared) this.#shared.set(piece, hold);
      this.#heldBytes += piece.byteLength;
    }
    hold.members++;
    this.#held.set(member, hold);
    if (this.#heldBytes > this.#maxBytes) this.#relieve();
  }

  #release(member: StallMember): void {
    const hold = this.#held.get(member);
    if (hold === undefined) return;
    this.#held.delete(member);
    hold.members--;
    if (hold.members > 0) return;
    this.#heldBytes -= hold.piece.byteLength;
    if (this.#shared.get(hold.piece) === hold) this.#shared.delete(hold.piece);
  }

  #forget(member: StallMember): void {
    this.#release(member);
    this.#waits.delete(member);
  }

  #restIfAlone(): void {
    if (this.#members.size > 0 || this.#waits.size > 0) return;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#shortestMs = Number.POSITIVE_INFINITY;
  }

  #letGo(member: StallMember): void {
    this.#forget(member);
    member.destroy();
  }

  #lookAt(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#dueMs = dueMs;
    this.#timer = unref(setTimeout(() => this.#look(), Math.max(1, dueMs - nowMs)));
  }

  #look(): void {
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#shortestMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      if (isWaiting(member.sink) === true) this.#note(member, nowMs);
      const { stallTimeoutMs } = member;
      if (stallTimeoutMs === null) continue;
      this.#shortestMs = Math.min(this.#shortestMs, stallTimeoutMs);
      nextMs = Math.min(nextMs, stallTimeoutMs / LOOKS);
    }
    for (const [member, wait] of this.#waits) {
      const { stallTimeoutMs } = member;
      if (!this.#update(member, wait, nowMs) || stallTimeoutMs === null) continue;
      const leftMs = wait.sinceMs + stallTimeoutMs - nowMs;
      if (leftMs <= 0) this.#letGo(member);
      else nextMs = Math.min(nextMs, leftMs, stallTimeoutMs / LOOKS);
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#lookAt(nowMs + nextMs, nowMs);
    this.#restIfAlone();
  }

  /** Sees what the client has taken; `false` if nothing waits for it any more. */
  #update(member: StallMember, wait: Wait, nowMs: number): boolean {
    if (isWaiting(member.sink) === false) {
      this.#forget(member);
      return false;
    }
    const progress = member.sink.progress?.();
    if (progress === wait.progress) return true;
    wait.sinceMs = nowMs;
    wait.progress = progress;
    return true;
  }

  #relieve(): void {
    const nowMs = performance.now();
    for (const member of this.#held.keys()) this.#update(member, this.#waits.get(member) as Wait, nowMs);
    while (this.#heldBytes > this.#maxBytes) {
      let most: StallMember | undefined;
      let mostHeld = 0;
      for (const [member, { piece, members }] of this.#held) {
        const waitedMs = nowMs - (this.#waits.get(member) as Wait).sinceMs;
        const held = (piece.byteLength / members) * (waitedMs + 1);
        if (held <= mostHeld) continue;
        most = member;
        mostHeld = held;
      }
      if (most === undefined) return;
      this.#letGo(most);
    }
  }
}

/** `undefined`: the sink cannot say. */
function isWaiting(sink: Sink): boolean | undefined {
  return sink.waitingBytes === undefined ? undefined : sink.waitingBytes() > 0;
}
