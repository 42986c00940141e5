import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ServerEntry } from "./servers.ts";

/** Starts the server; resolves with its port. */
export function startServer({ title, command }: ServerEntry, running: ChildProcess[]): Promise<number> {
  const [program = "", ...args] = command;
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const child = spawn(program, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  running.push(child);
  let output = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (part: Buffer) => {
        output += part.toString();
        const port = /listening (\d+)/.exec(output)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${title} ended with ${code}: ${output}`)));
  });
}
