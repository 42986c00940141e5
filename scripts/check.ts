import { requireNode, runSteps } from "./run.ts";

requireNode();
await runSteps([
  ["format", "oxfmt", "--check"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["types", "tsc", "-p", "tsconfig.json"],
  ["types of the core without Node's and the DOM's globals", "tsc", "-p", "tsconfig.core.json"],
  ["types of the Cloudflare bridge", "tsc", "-p", "tsconfig.cloudflare.json"],
  ["dead code", "knip"],
  ["build", "node", "scripts/build.ts"],
  ["package", "publint", "--strict"],
  ["types of the package", "attw", "--pack", ".", "--profile", "esm-only", "--no-emoji"],
]);
