/** This library in a Hono app on @hono/node-server, through the Node response that Hono hands on: the socket path. */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { toNodeHandler } from "../../dist/node.js";
import { runBenchServer } from "../harness/bench-server.ts";
import { serveFetch } from "../harness/serve-fetch.ts";
import { targetSource } from "../harness/target-source.ts";

await runBenchServer(async (options) => {
  const { target, ...source } = targetSource(options);
  const handle = toNodeHandler(target);
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get("/streams/:id/sse", (context) => {
    void handle(context.env.incoming, context.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  return { port: await serveFetch(app.fetch), ...source };
});
