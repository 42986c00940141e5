import { backgroundTimer } from "../util/background-timer.ts";
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

/** A client is looked at so many times within its stall timeout. */
const LOOKS = 4;

/**
 * Lets clients go that do not read: one that has taken nothing of what waits for it for its stall timeout, and, if all that
 * waits is more than `maxBytes`, the one that has held the most for the longest.
 *
 * It knows only clients that something waits for. Its one timer runs only while there are some.
 */
export class StallWatch {
  readonly #maxBytes: number;
  readonly #waits = new Map<StallMember, Wait>();
  /** What full sinks were given last. It may be large, where what waits in a sink that is not full is small. */
  readonly #held = new Map<StallMember, Hold>();
  /** A piece that many clients wait for is in memory once. */
  readonly #shared = new Map<SharedBytes, Hold>();
  #heldBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The sink has been given this piece, and has answered whether it can take more. */
  wrote(member: StallMember, piece: SharedBytes, canTakeMore: boolean): void {
    if (canTakeMore && !isWaiting(member.sink)) return;
    this.#note(member);
    if (!canTakeMore) this.#hold(member, piece);
  }

  /** Nothing more will be written; the sink is to say when everything has gone out. */
  ending(member: StallMember): void {
    this.#note(member);
  }

  /** The sink can take more. */
  drained(member: StallMember): void {
    if (!this.#waits.has(member)) return;
    this.#forget(member);
    if (isWaiting(member.sink)) this.#note(member);
  }

  /** The connection is over. A web stream that was full keeps what it was given until it is read, and is watched until then. */
  left(member: StallMember): void {
    if (!this.#held.has(member) || !isWaiting(member.sink)) this.#forget(member);
  }

  #note(member: StallMember): void {
    if (this.#waits.has(member)) return;
    const nowMs = performance.now();
    this.#waits.set(member, { sinceMs: nowMs, progress: member.sink.progress?.() });
    if (member.stallTimeoutMs !== null) this.#lookAt(nowMs + member.stallTimeoutMs / LOOKS, nowMs);
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
    if (this.#waits.size > 0) return;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #letGo(member: StallMember): void {
    this.#forget(member);
    member.destroy();
  }

  #lookAt(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#dueMs = dueMs;
    this.#timer = backgroundTimer(() => this.#look(), Math.max(1, dueMs - nowMs));
  }

  #look(): void {
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [member, wait] of this.#waits) {
      const { stallTimeoutMs } = member;
      if (!this.#update(member, wait, nowMs) || stallTimeoutMs === null) continue;
      const leftMs = wait.sinceMs + stallTimeoutMs - nowMs;
      if (leftMs <= 0) this.#letGo(member);
      else nextMs = Math.min(nextMs, leftMs, stallTimeoutMs / LOOKS);
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#lookAt(nowMs + nextMs, nowMs);
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
