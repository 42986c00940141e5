import { serveSSE } from "ssetarget/workflows/cloudflare/sse";
import { refusalOf } from "../../shared/refusal.ts";
import type { Env } from "./env.ts";
import { APPROVAL_EVENT } from "./purchase-workflow.ts";

export { PurchaseEvents } from "./purchase-events.ts";
export { PurchaseWorkflow } from "./purchase-workflow.ts";

/**
 * | request | answer |
 * | --- | --- |
 * | `POST /` | starts a purchase: 201, `Location: /<id>`; takes `{ "speed": 10 }` |
 * | `GET /<id>/sse` | its events |
 * | `POST /<id>/event` | approves it: 202; takes `{ "type": "approval", "payload": … }`, and no other event |
 * | `GET /`, `GET /<id>` | the page |
 *
 * Whoever knows an id may read and approve; a real Worker would ask who it is first.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { host, pathname } = new URL(request.url);
    // The URL's host is what was asked for, also where the header has been dropped on the way.
    const header = (name: string): string | null => (name === "host" ? host : request.headers.get(name));
    const refusal = refusalOf(request.method, header, env.HOSTS);
    if (refusal !== undefined) return text(refusal.status, refusal.sentence);
    if (pathname === "/") return request.method === "POST" ? start(request, env) : page(request, env);
    const [, id = "", action, ...rest] = pathname.split("/");
    if (pathname.startsWith("/assets/")) return env.ASSETS.fetch(request);
    if (rest.length > 0) return notFound();
    switch (action) {
      case undefined:
        return page(request, env, (await find(id, env)) === undefined ? 404 : 200);
      case "sse":
        return serveSSE(id, request, env.PURCHASE_EVENTS, { workflow: env.PURCHASE });
      case "event":
        return send(id, request, env);
      default:
        return notFound();
    }
  },
} satisfies ExportedHandler<Env>;

async function start(request: Request, env: Env): Promise<Response> {
  const { speed = 1 } = await readJson(request);
  if (typeof speed !== "number" || !(speed >= 0.1 && speed <= 100)) {
    return text(400, "`speed` must be a number from 0.1 to 100.");
  }
  const { id } = await env.PURCHASE.create({ params: { speed } });
  return Response.json(
    { id, page: `/${id}`, stream: `/${id}/sse`, event: `/${id}/event` },
    { status: 201, headers: { location: `/${id}` } },
  );
}

async function send(id: string, request: Request, env: Env): Promise<Response> {
  if (request.method !== "POST") return text(405, "An event is sent with POST.", { allow: "POST" });
  const instance = await find(id, env);
  if (instance === undefined) return notFound();
  const { status } = await instance.status();
  if (status === "complete" || status === "errored" || status === "terminated") {
    return text(409, "This purchase is over and waits for nothing.");
  }
  const { type = APPROVAL_EVENT, payload = {} } = await readJson(request);
  if (type !== APPROVAL_EVENT) return text(400, `A purchase takes \`${APPROVAL_EVENT}\` and no other event.`);
  // Before the purchase waits for it, the engine keeps the event until then.
  await instance.sendEvent({ type, payload });
  return text(202, "Sent.");
}

async function find(id: string, env: Env): Promise<WorkflowInstance | undefined> {
  return env.PURCHASE.get(id).catch(() => undefined);
}

async function page(request: Request, env: Env, status = 200): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "The page is read with GET.", { allow: "GET, HEAD" });
  }
  const found = await env.ASSETS.fetch(new Request(new URL("/index.html", request.url), { method: request.method }));
  return new Response(found.body, { status: found.ok ? status : found.status, headers: found.headers });
}

/** The body as an object; an empty one where it is none, as with curl without `-d`. */
async function readJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}

function notFound(): Response {
  return text(404, "There is nothing here.");
}

function text(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${message}\n`, { status, headers });
}
