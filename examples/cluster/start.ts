/**
 * Starts Redis, three servers, and a proxy in front, all on 127.0.0.1, and stops them together.
 *
 * `REDIS_URL` uses an existing Redis. `PORT` is the proxy's port; the servers use the ports after it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const port = Number(process.env["PORT"] ?? 9879);
const serverPorts = [1, 2, 3].map((index) => port + index);
const children: ChildProcess[] = [];
let isEnding = false;

function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
  children.push(child);
  return child;
}

function end(code: number): void {
  if (isEnding) return;
  isEnding = true;
  for (const child of children) child.kill("SIGTERM");
  if (redisDir !== undefined) process.once("exit", () => rmSync(redisDir as string, { recursive: true, force: true }));
  setTimeout(() => process.exit(code), 1_500);
}

/** Resolves once the port accepts connections. */
async function listening(at: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(at, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  console.error(`nothing listens on ${at}`);
  end(1);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(0));

let redisDir: string | undefined;
let redisUrl = process.env["REDIS_URL"];
if (redisUrl === undefined) {
  const redisPort = port + 10;
  redisDir = mkdtempSync(join(tmpdir(), "ssetarget-cluster-"));
  // Redis writes what it acknowledges to its file.
  const options = ["--port", String(redisPort), "--bind", "127.0.0.1", "--appendonly", "yes", "--loglevel", "warning"];
  const redis = start("redis-server", [...options, "--dir", redisDir, "--save", ""]);
  redis.on("error", () => {
    console.error(
      "`redis-server` is not there. Debian: apt-get install redis-server; or set REDIS_URL to one that runs.",
    );
    end(1);
  });
  redisUrl = `redis://127.0.0.1:${redisPort}`;
  await listening(redisPort);
}

const letters = ["A", "B", "C"];
const servers = serverPorts.map((serverPort, index) =>
  start(process.execPath, [`${HERE}server.ts`], {
    PORT: String(serverPort),
    SERVER_NAME: letters[index] ?? "",
    REDIS_URL: redisUrl,
  }),
);
start(process.execPath, [`${HERE}proxy.ts`], { PORT: String(port), UPSTREAMS: serverPorts.join(",") });
await Promise.all([...serverPorts, port].map(listening));
if (!isEnding) {
  console.log(`
Three servers behind one proxy: http://127.0.0.1:${port}/

  Start a purchase there and open its page in several tabs: the proxy picks a server for each.
  Every server has the same page at the same path. Kill one, and its tabs continue on another:

${servers.map(({ pid }, index) => `  ${letters[index]}  http://127.0.0.1:${serverPorts[index]}/   kill -9 ${pid}`).join("\n")}
`);
}
