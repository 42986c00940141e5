import type { Socket } from "node:net";

/**
 * A number that changes whenever the far end of a socket takes something of what waits for it.
 *
 * A write is over when all of it has been taken. How much of the one under way is left, only the handle knows: Node itself
 * asks it, to see whether a socket with a timeout is idle. Without it, only writes that are over count.
 */
export function progressOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return socket.bytesWritten - socket.writableLength - (handle?.writeQueueSize ?? 0);
}

/** What TCP sends before it gives the far end up: ten probes, one a second, as libuv sets it. */
const PROBING_MS = 10_000;

/** The system asks the far end for a sign of life, early enough to know after `silentMs` that there is none. */
export function detectLossOf(socket: Socket, silentMs: number): boolean {
  socket.setKeepAlive(true, Math.max(1_000, silentMs - PROBING_MS));
  return true;
}
