import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** All connections may wait to be accepted at once: a burst of clients is not what is measured here. */
export const BACKLOG = 4_096;

/** A plain Node server at a private port of 127.0.0.1; resolves with the port. */
export function listen(listener: RequestListener): Promise<number> {
  return portOf(createServer(listener).listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }));
}

/** The port of a server that has been told to listen. */
export async function portOf(server: Pick<Server, "address" | "once" | "listening">): Promise<number> {
  if (!server.listening) await new Promise<void>((resolve) => void server.once("listening", () => resolve()));
  return (server.address() as AddressInfo).port;
}
