import { spawn } from "node:child_process";
import { ROOT, requireNode, runSteps } from "./run.ts";

requireNode();
const [demo = "cloudflare"] = process.argv.slice(2);

await runSteps([
  ["build ssetarget", "node", "scripts/build.ts"],
  ["build the page", "vite", "build", "examples/page", "--logLevel", "warn"],
]);

/** Keeps wrangler from asking, from telling anybody, and from looking for what it does not need offline. */
const QUIET = {
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** Demos that Node runs as they are. */
const NODE_DEMOS: Readonly<Record<string, string>> = {
  node: "examples/node/server.ts",
  cluster: "examples/cluster/start.ts",
  react: "examples/react/start.ts",
  chat: "examples/chat/server.ts",
  destination: "examples/destination/server.ts",
};
const nodeDemo = NODE_DEMOS[demo];

const [command, args, env] =
  nodeDemo !== undefined
    ? (["node", [nodeDemo], {}] as const)
    : ([
        "wrangler",
        [
          "dev",
          "--config",
          "examples/cloudflare/wrangler.jsonc",
          "--port",
          process.env["PORT"] || "9875",
          "--ip",
          "127.0.0.1",
        ],
        QUIET,
      ] as const);

if (demo === "cloudflare")
  console.log(`\nA purchase to watch: http://127.0.0.1:${process.env["PORT"] || 9875}/ (ready in a moment)\n`);
const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 0));
