/** This library where only `fetch` exists: web streams, carried to sockets by @hono/node-server. */
import { runBenchServer } from "../harness/bench-server.ts";
import { serveFetch } from "../harness/serve-fetch.ts";
import { targetSource } from "../harness/target-source.ts";

await runBenchServer(async (options) => {
  const { target, ...source } = targetSource(options);
  return { port: await serveFetch((request) => target.fetch(request)), ...source };
});
