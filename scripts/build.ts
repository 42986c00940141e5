import { rmSync } from "node:fs";
import { ROOT, runSteps } from "./run.ts";

rmSync(`${ROOT}/dist`, { recursive: true, force: true });
await runSteps([
  ["build the core, the workflow layer and Node's door", "tsc", "-p", "tsconfig.build.json"],
  ["build the Cloudflare bridge", "tsc", "-p", "tsconfig.build.cloudflare.json"],
  ["build the elements as one file", "node", "scripts/build-element.ts"],
]);
