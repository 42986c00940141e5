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
 * Anyone who knows an id can read and approve; a real Worker must authenticate users first.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { host, pathname } = new URL(request.url);
    // The URL has the requested host even if the header was dropped on the way.
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
  if (request.method !== "POST") return text(405, "Use POST to send an event.", { allow: "POST" });
  const instance = await find(id, env);
  if (instance === undefined) return notFound();
  const { status } = await instance.status();
  if (status === "complete" || status === "errored" || status === "terminated") {
    return text(409, "This purchase has already finished.");
  }
  const { type = APPROVAL_EVENT, payload = {} } = await readJson(request);
  if (type !== APPROVAL_EVENT) return text(400, `Unknown event type; a purchase only accepts \`${APPROVAL_EVENT}\`.`);
  // If the purchase does not wait for it yet, the engine keeps the event.
  await instance.sendEvent({ type, payload });
  return text(202, "Sent.");
}

async function find(id: string, env: Env): Promise<WorkflowInstance | undefined> {
  return env.PURCHASE.get(id).catch(() => undefined);
}

async function page(request: Request, env: Env, status = 200): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "Use GET for the page.", { allow: "GET, HEAD" });
  }
  const found = await env.ASSETS.fetch(new Request(new URL("/index.html", request.url), { method: request.method }));
  return new Response(found.body, { status: found.ok ? status : found.status, headers: found.headers });
}

/** The body as an object; empty without a body, as with curl without `-d`. */
async function readJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}

function notFound(): Response {
  return text(404, "Not found.");
}

function text(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${message}\n`, { status, headers });
}
