import type { Server } from "node:http";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { BACKLOG, portOf } from "./listen.ts";

/** Serves a `fetch` function with @hono/node-server at a private port of 127.0.0.1; resolves with the port. */
export function serveFetch(
  fetch: (request: Request, bindings: HttpBindings) => Response | Promise<Response>,
): Promise<number> {
  const server = createAdaptorServer({
    fetch: (request, bindings) => fetch(request, bindings as HttpBindings),
  }) as Server;
  return portOf(server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }));
}
