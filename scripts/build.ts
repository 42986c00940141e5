import { chmodSync, rmSync } from "node:fs";
import { ROOT, runSteps } from "./run.ts";

rmSync(`${ROOT}/dist`, { recursive: true, force: true });
await runSteps([
  ["build the core, the workflow layer and Node's door", "tsc", "-p", "tsconfig.build.json"],
  ["build the Cloudflare bridge", "tsc", "-p", "tsconfig.build.cloudflare.json"],
  ["bundle the elements and the command", "node", "scripts/bundle.ts"],
]);
// npm does so when it installs a package; `npx` in a clone needs it too.
chmodSync(`${ROOT}/dist/cli/main.js`, 0o755);
