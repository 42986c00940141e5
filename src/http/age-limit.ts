import { unref } from "../util/timers.ts";

/** Something that ends in good order when it has become old. */
export interface AgingMember {
  onTooOld(): void;
}

/** Ends members at a maximum age. Its one timer waits for the oldest of them. */
export class AgeLimit {
  readonly #maxAgeMs: number | null;
  /** When each was added, on the monotonic clock; the oldest first. */
  readonly #members = new Map<AgingMember, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `null`: members may be of any age. */
  constructor(maxAgeMs: number | null) {
    this.#maxAgeMs = maxAgeMs;
  }

  add(member: AgingMember): void {
    if (this.#maxAgeMs === null) return;
    this.#members.set(member, performance.now());
    this.#timer ??= unref(setTimeout(this.#look, this.#maxAgeMs));
  }

  remove(member: AgingMember): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const maxAgeMs = this.#maxAgeMs ?? Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    for (const [member, sinceMs] of this.#members) {
      const leftMs = sinceMs + maxAgeMs - nowMs;
      if (leftMs > 0) {
        this.#timer = unref(setTimeout(this.#look, Math.max(1, leftMs)));
        return;
      }
      this.#members.delete(member);
      member.onTooOld();
    }
  };
}
