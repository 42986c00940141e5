import { installFrameworks } from "./frameworks.ts";
import { requirePrograms } from "./programs.ts";
import { requireNode, runSteps } from "./run.ts";

requireNode();
requirePrograms();
installFrameworks();
// The Cloudflare and browser tests drive the examples, and those stand on the built package.
await runSteps([
  ["build ssetarget", "node", "scripts/build.ts"],
  ["build the page", "vite", "build", "examples/page", "--logLevel", "warn"],
  ["test", "vitest", "run", ...process.argv.slice(2)],
]);
