import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireFrameworks } from "./servers.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SCRIPT = fileURLToPath(new URL("./client-script.ts", import.meta.url));
const CLI = here("../../dist/cli/main.js");

const RUNTIMES = [
  { title: "Node 22", command: [here("node_modules/node22/bin/node")] },
  { title: "Node 24", command: [process.execPath] },
  { title: "Node 26", command: [here("node_modules/node26/bin/node")] },
  { title: "Deno 2.9", command: [here("node_modules/.bin/deno"), "run", "--allow-all"] },
  { title: "Bun 1.4", command: [here("node_modules/.bin/bun")] },
];

const span = (type: string, id: number, more = ""): string =>
  `id: ${id}.e\nevent: ${type}\ndata: {"traceId":"t","spanId":"s","parentSpanId":null,"name":"work","timestamp":"2026-11-21T09:00:0${id}.000Z"${more}}\n\n`;

/** What the server does with the first, the second, the third request of a stream. */
const ANSWERS: readonly ((response: ServerResponse) => void)[] = [
  (response) => response.writeHead(503, { "retry-after": "0" }).end(),
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    // The client asks for the connection to be broken in the middle of the third event, once it has what is before that.
    response.write("retry: 1\n\nid: 1.e\nevent: tick\ndata: {}\n\nid: 2.e\nevent: tick\ndata: {}\n\nid: 3.e\ndata: {");
  },
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(
      'id: 3.e\nevent: tick\ndata: {}\n\nid: 4.e\nevent: ssetarget:end\ndata: {"key":"ssetarget:end","reason":"done"}\n\n',
    );
  },
];

let server: Server;
let url: string;
/** Every request, by its path. */
const asked = new Map<string, IncomingMessage[]>();
const running: ChildProcess[] = [];

beforeAll(async () => {
  requireFrameworks();
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://h");
    const requests = [...(asked.get(pathname) ?? []), request];
    asked.set(pathname, requests);
    const cut = asked.get(pathname.replace(/^\/cut/, ""));
    if (pathname.startsWith("/cut")) {
      cut?.at(-1)?.socket.destroy();
      return response.end();
    }
    if (pathname.startsWith("/stream")) return ANSWERS[requests.length - 1]?.(response);
    response.writeHead(200, { "content-type": "text/event-stream" }).write(span("started", 1));
    if (pathname.startsWith("/run")) {
      const failure = ',"status":{"code":"ERROR","message":"No luck"}';
      response.end(`${span("ended", 2, failure)}id: 3.e\nevent: ssetarget:end\ndata: {}\n\n`);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  server?.closeAllConnections();
  server?.close();
});

async function run(command: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd: here("."), stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

describe.each(RUNTIMES)("the client in $title", ({ title, command }) => {
  const name = title.replaceAll(/\W/g, "");

  it("comes back after whatever happens, sees each event once, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await run([...command, SCRIPT, `${url}/stream-${name}`, `${url}/trace-${name}`]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toEqual({
      seen: [1, 2, 3, { type: "ssetarget:end", id: 4, data: { key: "ssetarget:end", reason: "done" } }],
      statuses: ["waiting", "connecting", "open", "waiting", "connecting", "open", "ended"],
      watched: ["work", "closed"],
    });
    const requests = asked.get(`/stream-${name}`) ?? [];
    expect(requests.map(({ headers }) => [headers.authorization, headers["last-event-id"]])).toEqual([
      ["Bearer secret", undefined],
      ["Bearer secret", undefined],
      ["Bearer secret", "2.e"],
    ]);
  });

  it("is the tail in a terminal as well", async () => {
    const { code, stdout, stderr } = await run([...command, CLI, "tail", `${url}/run-${name}`]);
    expect(stdout.split("\n").map((line) => line.split("\t")[1])).toEqual(["started", "failed", "end", undefined]);
    expect(stderr).toBe("✗ work failed after 1.0s: No luck\n");
    expect(code).toBe(1);
  });
});
