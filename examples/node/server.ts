import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { SSEHub } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { SqliteEventStores } from "ssetarget/sqlite";
import { type SpanEvent, Tracer } from "ssetarget/workflows";
import { refusalOf } from "../shared/refusal.ts";
import { sendPageFile } from "./page-files.ts";
import { APPROVAL_EVENT, purchase } from "./purchase.ts";

/**
 * | request | answer |
 * | --- | --- |
 * | `POST /` | starts a purchase: 201, `Location: /<id>`; takes `{ "speed": 10 }` |
 * | `GET /<id>/sse` | its events |
 * | `POST /<id>/event` | approves it: 202; takes `{ "type": "approval" }`, and no other event |
 * | `GET /`, `GET /<id>` | the page |
 *
 * Anyone who knows an id can read and approve; a real server must authenticate users first.
 */
const port = Number(process.env["PORT"] ?? 9876);
const MAX_BODY_BYTES = 10_000;

/** Purchases in progress, with the function that approves them. */
const running = new Map<string, () => void>();
/** Purchases whose first event may not be in the file yet. */
const begun = new Set<string>();

/**
 * Runs survive a restart of the server. The file is here, not in the shared temporary folder, where another user could have
 * created a file with the same name.
 */
const file = process.env["DATABASE"] ?? join(import.meta.dirname, `purchases-${port}.db`);
const stores = new SqliteEventStores<SpanEvent>(file, { maxAgeMs: 24 * 3_600_000, onError: console.error });
const hub = new SSEHub<SpanEvent>("/:id/sse", { store: stores, exists: isKnown, onError: console.error });

async function isKnown(id: string): Promise<boolean> {
  return begun.has(id) || (id !== "" && (await stores.stream(id).bounds()).lastId > 0);
}
const serveStream = toNodeHandler(hub);

function startPurchase(speed: number): string {
  const id = crypto.randomUUID();
  const tracer = new Tracer(hub.stream(id), id, { onError: console.error });
  const { promise: approval, resolve: approve } = Promise.withResolvers<void>();
  running.set(id, approve);
  begun.add(id);
  purchase(tracer, { speed, approval })
    .catch(console.error)
    .finally(() => {
      running.delete(id);
      begun.delete(id);
    });
  return id;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pathname = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const [, id = "", action] = pathname.split("/");
  const isPost = request.method === "POST";
  const refusal = refusalOf(request.method, (name) => request.headers[name]?.toString());
  if (refusal !== undefined) return send(response, refusal.status, refusal.sentence);
  if (pathname === "/" && isPost) {
    const { speed } = { speed: 1, ...(await readJson(request)) };
    if (typeof speed !== "number") return send(response, 400, "`speed` must be a number from 0.1 to 100.");
    if (!(speed >= 0.1 && speed <= 100)) return send(response, 400, "`speed` must be a number from 0.1 to 100.");
    const started = startPurchase(speed);
    const links = { id: started, page: `/${started}`, stream: `/${started}/sse`, event: `/${started}/event` };
    response.writeHead(201, { location: `/${started}`, "content-type": "application/json" });
    response.end(JSON.stringify(links));
    return;
  }
  if (action === "sse") return serveStream(request, response);
  if (action === "event" && isPost) {
    const { type } = { type: APPROVAL_EVENT, ...(await readJson(request)) };
    if (type !== APPROVAL_EVENT)
      return send(response, 400, `Unknown event type; a purchase only accepts \`${APPROVAL_EVENT}\`.`);
    const approve = running.get(id);
    if (approve === undefined) {
      return (await isKnown(id))
        ? send(response, 409, "This purchase has already finished.")
        : send(response, 404, "Not found.");
    }
    approve();
    return send(response, 202, "Sent.");
  }
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "Method not allowed.");
  if (action === undefined) {
    const isPage = await sendPageFile(response, "index.html", pathname === "/" || (await isKnown(id)) ? 200 : 404);
    if (!isPage) send(response, 500, "The page is missing; run `npm run build:page`.");
    return;
  }
  if (!(await sendPageFile(response, pathname))) send(response, 404, "Not found.");
}

/** The body as an object; empty without a body. @throws SyntaxError */
async function readJson(request: IncomingMessage): Promise<{ readonly speed?: unknown; readonly type?: unknown }> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) throw new SyntaxError("the body is too long");
  }
  return body === "" ? {} : ((JSON.parse(body) ?? {}) as object);
}

function send(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    if (!response.headersSent)
      send(response, error instanceof SyntaxError ? 400 : 500, "The server failed to handle this request.");
    if (!(error instanceof SyntaxError)) console.error(error);
  });
});

server.listen(port, "127.0.0.1", () => console.log(`A purchase to watch: http://127.0.0.1:${port}/`));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    // Ask each client to reconnect at a random moment, then exit.
    void hub
      .close()
      .then(() => stores.close())
      .then(() => process.exit(0));
  });
}
