import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { SSETarget } from "ssetarget";
import { sendEvents, toNodeHandler } from "ssetarget/node";
import { afterAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";
import { requireFrameworks, SERVERS } from "./servers.ts";
import { startServer } from "./start-server.ts";

/** What a framework's users expect of a recipe, beside the stream itself. */

const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

requireFrameworks();

describe("headers that a framework has set", () => {
  it.each(["Fastify 5", "Hono 4 on Node, by the socket"])("are sent with the stream: %s", async (title) => {
    const server = SERVERS.find((each) => each.title === title);
    if (server === undefined) throw new Error(`there is no ${title}`);
    const port = await startServer(server, running);
    const response = await fetch(`http://127.0.0.1:${port}/streams/recipes/sse`, {
      headers: { origin: "https://page.example" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("access-control-allow-origin")).toBe("https://page.example");
    expect(response.headers.get("vary")).toBe("Origin");
    await response.body?.cancel();
  });
});

describe("fastify.inject", () => {
  const { fastify } = createRequire(import.meta.url)("fastify") as typeof import("fastify");

  it("reads a stream to its end, by target and by sendEvents", async () => {
    const target = new SSETarget("/sse");
    await target.dispatchEvent({ type: "tick" });
    const handle = toNodeHandler(target);
    const app = fastify();
    let over = 0;
    app.get("/sse", (request, reply) => {
      reply.hijack();
      return handle(request.raw, reply.raw).then(() => over++);
    });
    app.get("/events", (request, reply) => {
      reply.hijack();
      const events = sendEvents(request.raw, reply.raw);
      events.dispatchMessage("hello");
      void events.complete();
    });
    const injected = app.inject("/sse");
    await until(() => target.connectionCount === 1, "the request is connected");
    await target.complete();
    const { statusCode, body, headers } = await injected;
    expect([statusCode, headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(body).toMatch(/^retry: 2000\n\nid: 1\.\w+\nevent: tick\n[^]*event: ssetarget:end\n/);
    expect((await app.inject("/events")).body).toContain("data: hello\n\n");
    await until(() => over === 1 && target.connectionCount === 0, "the connection is gone");
  });
});
