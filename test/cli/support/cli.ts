import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type StreamEvent, SSEHub, type SSEHubOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command, running. */
export class Cli {
  stdout = "";
  stderr = "";
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        this[name] += text;
        for (const watcher of this.#watchers) watcher();
      });
    }
    this.exit = once(child, "close").then(([code]) => {
      for (const watcher of this.#watchers) watcher();
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves once it has said so much. */
  async until(condition: (cli: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#child.exitCode !== null) throw new Error(`it ended before:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

const ENV = { PATH: process.env["PATH"], NODE_NO_WARNINGS: "1" };

/** Runs the command, its output going to pipes. */
export function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli {
  return new Cli(spawn(process.execPath, [MAIN, ...args], { env: { ...ENV, ...env } }));
}

/** Runs a line of shell in which `$ssetarget` is the command. */
export function runShell(line: string, env: Readonly<Record<string, string>> = {}): Cli {
  const ssetarget = `${process.execPath} ${MAIN}`;
  return new Cli(spawn("bash", ["--norc", "-o", "pipefail", "-c", line], { env: { ...ENV, ...env, ssetarget } }));
}

/** Runs the command in a terminal of this size; everything that it writes to it is in `stdout`. */
export function runInTerminal(args: readonly string[], rows: number, columns: number): Cli {
  return openTerminal(`exec "${process.execPath}" "${MAIN}" ${args.join(" ")}`, rows, columns);
}

/** A shell in a terminal of this size, waiting for lines to be typed; `$ssetarget` is the command. */
export function openShell(rows: number, columns: number): Cli {
  return openTerminal("PS1='$ ' exec bash --norc -i", rows, columns);
}

function openTerminal(line: string, rows: number, columns: number): Cli {
  if (!existsSync("/usr/bin/script")) {
    throw new Error("These tests need script(1) for a terminal: `apt-get install bsdutils`.");
  }
  const command = `stty rows ${rows} cols ${columns}; ${line}`;
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
    env: { ...ENV, TERM: "xterm-256color", SHELL: "/bin/bash", ssetarget: `${process.execPath} ${MAIN}` },
  });
  return new Cli(child);
}

export interface StreamServer {
  readonly hub: SSEHub<StreamEvent>;
  readonly port: number;
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** Streams at `/<id>/sse`; everything else is a page. */
export async function openStreamServer(options: SSEHubOptions<StreamEvent> = {}): Promise<StreamServer> {
  const hub = new SSEHub<StreamEvent>("/:id/sse", { retryMs: 20, ...options });
  const serve = toNodeHandler(hub);
  const requests: IncomingMessage[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(request);
    if (request.url?.includes("/sse")) void serve(request, response);
    else response.setHeader("content-type", "text/html").end("<!doctype html>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    hub,
    port,
    url: `http://127.0.0.1:${port}/run/sse`,
    requests,
    async close() {
      await hub.close({ closeTimeoutMs: 0 });
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
