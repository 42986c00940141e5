import { KeepAlive, type KeepAliveMember } from "./keep-alive.ts";
import { StallWatch, type StallMember } from "./stall-watch.ts";

interface Entry {
  readonly keepAlive: KeepAlive;
  members: number;
}

const entries = new Map<number, Entry>();

/** In workerd a request may not write to another one's response, nor does a timer outlive the request that made it. */
const isShared = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== "Cloudflare-Workers";

/**
 * Counts a connection that belongs to no target in: one timer for all of the same interval, which runs only while there are some.
 * `null` turns keep-alive off. The function that comes back takes the connection out again.
 */
export function joinKeepAlive(intervalMs: number | null, member: KeepAliveMember): () => void {
  if (intervalMs === null) return () => {};
  const known = isShared ? entries.get(intervalMs) : undefined;
  const entry = known ?? { keepAlive: new KeepAlive(intervalMs), members: 0 };
  if (isShared) entries.set(intervalMs, entry);
  entry.members++;
  entry.keepAlive.add(member);
  let isIn = true;
  return () => {
    if (!isIn) return;
    isIn = false;
    entry.keepAlive.remove(member);
    entry.members--;
    if (entry.members === 0) entries.delete(intervalMs);
  };
}

interface Watched {
  readonly members: Set<StallMember>;
  readonly stallWatch: StallWatch;
}

const watched = newWatched();

/** The stall watch of connections that belong to no target, with this one among its members until it leaves. */
export function enterStallWatch(member: StallMember): { readonly stallWatch: StallWatch; readonly leave: () => void } {
  const { members, stallWatch } = isShared ? watched : newWatched();
  members.add(member);
  const leave = () => {
    members.delete(member);
    stallWatch.left(member);
  };
  return { stallWatch, leave };
}

function newWatched(): Watched {
  const members = new Set<StallMember>();
  return { members, stallWatch: new StallWatch(Number.POSITIVE_INFINITY, members) };
}
