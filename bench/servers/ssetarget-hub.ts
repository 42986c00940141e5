/** This library's hub on `node:http`: `toNodeHandler(hub)`, each stream created when it is first used. */
import { toNodeHandler } from "../../dist/node.js";
import { runBenchServer } from "../harness/bench-server.ts";
import { listen } from "../harness/listen.ts";
import { hubSource } from "../harness/target-source.ts";

await runBenchServer(async () => {
  const { target, ...source } = hubSource();
  return { port: await listen(toNodeHandler(target)), ...source };
});
