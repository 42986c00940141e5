import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startDevServer } from "../cloudflare/support/dev-server.ts";
import { freePort } from "./ports.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A demo that runs, at a port of its own. */
export interface Demo {
  readonly port: number;
  stop(): Promise<void>;
}

/** The demo on plain Node, as `npm run start:node` starts it. */
export async function startNodeDemo(): Promise<Demo> {
  const port = await freePort();
  const child = spawn(process.execPath, ["examples/node/server.ts"], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), DATABASE: ":memory:" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  // Its one line says that it listens.
  await Promise.race([
    once(child.stdout, "data"),
    exited.then(() => Promise.reject(new Error("the Node demo ended; has `npm run build` been run?"))),
  ]);
  return {
    port,
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The demo in workerd, as `npm start` starts it. */
export async function startCloudflareDemo(): Promise<Demo> {
  const server = await startDevServer("examples/cloudflare/wrangler.jsonc");
  return { port: Number(new URL(server.url).port), stop: () => server.stop() };
}
