import type { Sink } from "./sink.ts";
import { StallWatch, type StallMember } from "./stall-watch.ts";

/** A connection of a group. */
export interface GroupMember extends StallMember {
  /** Whether something must be written to it when it is quiet. */
  hasHeartbeat: boolean;
  onHeartbeat(): void;
}

export interface Vigilance {
  readonly keepAliveMs: number | null;
  readonly stallTimeoutMs: number | null;
}

/**
 * The connections of one target or hub, and what watches over all of them: one timer that writes to those that are quiet,
 * and one that finds those that do not read. The timers run only while there are connections that need them.
 */
export class ConnectionGroup {
  readonly stallWatch: StallWatch;
  /** Called when the last connection has left. */
  onEmpty: (() => void) | undefined;
  readonly #heartbeatMs: number | null;
  readonly #members = new Set<GroupMember>();
  #heartbeats = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(vigilance: Vigilance, maxStalledBytes: number) {
    this.#heartbeatMs = heartbeatMs(vigilance);
    this.stallWatch = new StallWatch(maxStalledBytes, this.#members);
  }

  get size(): number {
    return this.#members.size;
  }

  members(): IterableIterator<GroupMember> {
    return this.#members.values();
  }

  join(member: GroupMember): void {
    this.#members.add(member);
  }

  leave(member: GroupMember): void {
    this.stopHeartbeat(member);
    this.#members.delete(member);
    this.stallWatch.left(member);
    if (this.#members.size === 0) this.onEmpty?.();
  }

  startHeartbeat(member: GroupMember): void {
    if (this.#heartbeatMs === null || member.hasHeartbeat) return;
    member.hasHeartbeat = true;
    this.#heartbeats++;
    // Two ticks an interval: one that was written to in either half is left alone, so that silence never lasts longer.
    this.#timer ??= setInterval(() => {
      for (const each of this.#members) if (each.hasHeartbeat) each.onHeartbeat();
    }, this.#heartbeatMs / 2);
  }

  stopHeartbeat(member: GroupMember): void {
    if (!member.hasHeartbeat) return;
    member.hasHeartbeat = false;
    this.#heartbeats--;
    if (this.#heartbeats > 0) return;
    clearInterval(this.#timer as ReturnType<typeof setInterval>);
    this.#timer = undefined;
  }
}

/** In workerd a request may not write to another one's response, nor does a timer outlive the request that made it. */
const isShared = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== "Cloudflare-Workers";
const sharedGroups = new Map<number | null, ConnectionGroup>();

/** The group of connections that belong to no target: one for each interval of heartbeats. */
export function sharedGroup(vigilance: Vigilance): ConnectionGroup {
  if (!isShared) return new ConnectionGroup(vigilance, Number.POSITIVE_INFINITY);
  const interval = heartbeatMs(vigilance);
  let group = sharedGroups.get(interval);
  if (group === undefined) {
    group = new ConnectionGroup(vigilance, Number.POSITIVE_INFINITY);
    group.onEmpty = () => sharedGroups.delete(interval);
    sharedGroups.set(interval, group);
  }
  return group;
}

/** How often connections must be written to that would otherwise be silent. */
function heartbeatMs({ keepAliveMs, stallTimeoutMs }: Vigilance): number | null {
  return keepAliveMs ?? stallTimeoutMs;
}

/**
 * Whether a connection must be written to when it is silent. Without a keep-alive this is only for the server to notice a
 * client that has vanished, and if the transport does that, nothing needs to be written.
 */
export function needsHeartbeat(sink: Sink, { keepAliveMs, stallTimeoutMs }: Vigilance): boolean {
  const isSilent = stallTimeoutMs !== null && (keepAliveMs === null || keepAliveMs > stallTimeoutMs);
  const detectsLoss = isSilent ? sink.detectLoss?.(stallTimeoutMs) : undefined;
  return keepAliveMs !== null || detectsLoss === false;
}
