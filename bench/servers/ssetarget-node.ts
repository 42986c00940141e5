/** This library on `node:http`: `toNodeHandler(target)`. */
import { toNodeHandler } from "../../dist/node.js";
import { runBenchServer } from "../harness/bench-server.ts";
import { listen } from "../harness/listen.ts";
import { targetSource } from "../harness/target-source.ts";

await runBenchServer(async (options) => {
  const { target, ...source } = targetSource(options);
  return { port: await listen(toNodeHandler(target)), ...source };
});
