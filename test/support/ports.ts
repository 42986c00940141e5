import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * The first of `count` ports of 127.0.0.1, one after the other, on which nobody listens now. They are none of those that systems give to
 * connections and to `listen(0)` (from 32768 on): such a one could be taken before a server that is started here has it.
 */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = randomInt(10_000, 32_768 - count);
    const ports = Array.from({ length: count }, (_, more) => first + more);
    if ((await Promise.all(ports.map((port) => isFree(port)))).every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Whether somebody takes connections on this port of 127.0.0.1. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
