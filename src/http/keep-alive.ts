import type { Sink } from "./sink.ts";

/** Something that wants to be asked from time to time whether it has been quiet. */
export interface KeepAliveMember {
  onKeepAliveTick(): void;
}

/** One timer for any number of connections; it runs only while there are some. */
export class KeepAlive {
  readonly #intervalMs: number | null;
  readonly #members = new Set<KeepAliveMember>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `null` turns keep-alive off. */
  constructor(intervalMs: number | null) {
    this.#intervalMs = intervalMs;
  }

  add(member: KeepAliveMember): void {
    this.#members.add(member);
    if (this.#timer !== undefined || this.#intervalMs === null) return;
    // Two ticks an interval: one that was written to in either half is left alone, so that silence never lasts longer.
    this.#timer = setInterval(() => {
      for (const each of this.#members) each.onKeepAliveTick();
    }, this.#intervalMs / 2);
  }

  remove(member: KeepAliveMember): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

export interface Vigilance {
  readonly keepAliveMs: number | null;
  readonly stallTimeoutMs: number | null;
}

/** How often connections are to be written to that would else be silent. */
export function heartbeatMs({ keepAliveMs, stallTimeoutMs }: Vigilance): number | null {
  return keepAliveMs ?? stallTimeoutMs;
}

/**
 * Whether a connection is to be written to when it is silent. Without a keep-alive this is only for the server to notice a
 * client that has vanished, and if the transport does that, nothing is to be written.
 */
export function needsHeartbeat(sink: Sink, { keepAliveMs, stallTimeoutMs }: Vigilance): boolean {
  const isSilent = stallTimeoutMs !== null && (keepAliveMs === null || keepAliveMs > stallTimeoutMs);
  const detectsLoss = isSilent ? sink.detectLoss?.(stallTimeoutMs) : undefined;
  return keepAliveMs !== null || detectsLoss === false;
}
