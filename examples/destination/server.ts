import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { SSEHub } from "ssetarget";
import { createDestination } from "ssetarget/destinations";
import { toNodeHandler } from "ssetarget/node";
import { refusalOf } from "../shared/refusal.ts";

/**
 * | request | answer |
 * | --- | --- |
 * | `GET /pipelines/<workflow>/sse` | the events of a workflow: the latest 100, then new ones |
 * | `POST /pipelines/<workflow>/runs` | runs it: 202 |
 * | `GET /` | the page |
 */
const port = Number(process.env["PORT"] ?? 9878);

/** Payload types by channel. */
type Channels = { events: { name: string }; progress: number };

// `cors`: anyone who knows a workflow's id can listen, from any page, even one opened from disk.
const hub = new SSEHub("/pipelines/:workflowId/sse", { startAt: { last: 100 }, cors: true, onError: console.error });
const destination = createDestination<Channels>(hub, { onError: console.error });
const serveStream = toNodeHandler(hub);

const NAMES = ["Luke Skywalker", "Leia Organa", "Han Solo", "Lando Calrissian", "Mon Mothma"];
let runs = 0;

/** A workflow of two steps. Its events are sent when it has finished. */
function runWorkflow(workflowId: string): Promise<void> {
  return destination.run(workflowId, async ($) => {
    const name = NAMES[runs++ % NAMES.length] ?? "";
    $.send.sse({ channel: "progress", payload: 0.5 });
    await delay(300);
    $.send.sse({ channel: "events", payload: { name } });
    $.send.sse({ channel: "progress", payload: 1 });
  });
}

/** Decodes a path segment; `undefined` if it is malformed. */
function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

async function sendFile(response: ServerResponse, name: string, type: string): Promise<void> {
  const body = await readFile(new URL(name, import.meta.url));
  response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body);
}

const server = createServer((request, response) => {
  const pathname = request.url?.split("?", 1)[0] ?? "/";
  const [, place, name = "", action] = pathname.split("/");
  const refusal = refusalOf(request.method, (each) => request.headers[each]?.toString());
  if (refusal !== undefined) response.writeHead(refusal.status).end(`${refusal.sentence}\n`);
  else if (place === "pipelines" && action === "sse") void serveStream(request, response);
  else if (place === "pipelines" && action === "runs" && request.method === "POST") {
    const workflowId = decode(name);
    if (workflowId !== undefined) runWorkflow(workflowId).catch(console.error);
    response.writeHead(workflowId === undefined ? 400 : 202).end();
  } else if (pathname === "/") sendFile(response, "index.html", "text/html").catch(console.error);
  else if (pathname === "/sse.js") sendFile(response, "sse.js", "text/javascript").catch(console.error);
  else response.writeHead(404).end();
});

server.listen(port, "127.0.0.1", () => console.log(`Listen to a workflow: http://127.0.0.1:${port}/`));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    void destination
      .settled()
      .then(() => hub.close())
      .then(() => process.exit(0));
  });
}
