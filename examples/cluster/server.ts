/**
 * One of several identical servers: a browser sees every run on any of them, no matter which one runs it.
 *
 * | request | answer |
 * | --- | --- |
 * | `POST /` | starts a purchase in this process: 201, `Location: /<id>`; takes `{ "speed": 10 }` |
 * | `GET /<id>/sse` | its events |
 * | `POST /<id>/event` | approves it, wherever it runs: 202; takes `{ "type": "approval" }`, and no other event |
 * | `GET /`, `GET /<id>` | the page |
 * | `GET /pid` | the id of this process, so that you can kill it and watch |
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Redis } from "ioredis";
import { SSEHub } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { RedisEventStore } from "ssetarget/redis";
import { type SpanEvent, Tracer } from "ssetarget/workflows";
import { sendPageFile } from "../node/page-files.ts";
import { APPROVAL_EVENT, purchase } from "../node/purchase.ts";
import { refusalOf } from "../shared/refusal.ts";

const port = Number(process.env["PORT"] ?? 9880);
const name = process.env["SERVER_NAME"] ?? `server ${process.pid}`;
const redisUrl = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
/** Runs are known for a day, as long as the store keeps their events (`ttlMs`). */
const KEPT_MS = 86_400_000;
const MAX_BODY_BYTES = 10_000;

const redis = new Redis(redisUrl);
redis.on("error", (error) => console.error(`${name}: redis: ${error.message}`));

const hub = new SSEHub<SpanEvent>("/:id/sse", {
  store: (id) => new RedisEventStore(redis, `runs:${id}`, { ttlMs: KEPT_MS }),
  exists: async (id) => (await redis.exists(`known:${id}`)) === 1,
  onError: (error) => console.error(`${name}:`, error),
});
const serveStream = toNodeHandler(hub);

/** Purchases running in this process, with the function that approves them. */
const running = new Map<string, () => void>();

// An approval can reach any server, but the purchase runs in one: so all of them receive it.
const approvals = redis.duplicate();
approvals.on("error", () => {});
approvals.on("message", (_channel, id: string) => running.get(id)?.());
await approvals.subscribe("approvals");

async function startPurchase(speed: number): Promise<string> {
  const id = crypto.randomUUID();
  await redis.set(`known:${id}`, name, "PX", KEPT_MS);
  const tracer = new Tracer(hub.stream(id), id, { onError: console.error });
  const { promise: approval, resolve: approve } = Promise.withResolvers<void>();
  running.set(id, approve);
  purchase(tracer, { speed, approval })
    .catch(console.error)
    .finally(() => running.delete(id));
  return id;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Shows which server answered, and that it makes no difference.
  response.setHeader("x-served-by", name);
  const pathname = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const [, id = "", action] = pathname.split("/");
  const refusal = refusalOf(request.method, (header) => request.headers[header]?.toString());
  if (refusal !== undefined) return send(response, refusal.status, refusal.sentence);
  if (request.method === "POST" && pathname === "/") {
    const started = await startPurchase(readSpeed(await readJson(request)));
    const links = { id: started, page: `/${started}`, stream: `/${started}/sse`, event: `/${started}/event` };
    response.writeHead(201, { location: `/${started}`, "content-type": "application/json" });
    response.end(JSON.stringify(links));
    return;
  }
  if (action === "sse") return serveStream(request, response);
  if (pathname === "/pid") return send(response, 200, String(process.pid));
  const isKnown = id !== "" && (await redis.exists(`known:${id}`)) === 1;
  if (request.method === "POST" && action === "event") {
    const { type } = { type: APPROVAL_EVENT, ...(await readJson(request)) };
    if (!isKnown) return send(response, 404, "Not found.");
    if (type !== APPROVAL_EVENT)
      return send(response, 400, `Unknown event type; a purchase only accepts \`${APPROVAL_EVENT}\`.`);
    await redis.publish("approvals", id);
    return send(response, 202, "Sent.");
  }
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "Method not allowed.");
  if (action === undefined && (await sendPageFile(response, "index.html", pathname === "/" || isKnown ? 200 : 404)))
    return;
  if (action !== undefined && (await sendPageFile(response, pathname))) return;
  send(response, 404, "Not found. Build the page with `npm run build:page`.");
}

/** The requested speed if it is valid; else 1. */
function readSpeed({ speed }: { readonly speed?: unknown }): number {
  return typeof speed === "number" && speed >= 0.1 && speed <= 100 ? speed : 1;
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
    if (!(error instanceof SyntaxError)) console.error(`${name}:`, error);
  });
});
server.listen(port, "127.0.0.1", () => console.log(`${name} listens on ${port}`));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    void hub.close({ reconnectSpreadMs: 1_000 }).then(() => process.exit(0));
  });
}
