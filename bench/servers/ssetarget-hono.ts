/** This library in a Hono app on @hono/node-server, through `fetch`. */
import { Hono } from "hono";
import { runBenchServer } from "../harness/bench-server.ts";
import { serveFetch } from "../harness/serve-fetch.ts";
import { targetSource } from "../harness/target-source.ts";

await runBenchServer(async (options) => {
  const { target, ...source } = targetSource(options);
  const app = new Hono();
  app.get("/streams/:id/sse", (context) => target.fetch(context.req.raw));
  return { port: await serveFetch(app.fetch), ...source };
});
