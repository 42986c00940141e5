import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { connect, createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { SSEHub, SSETarget, sendEvents } from "ssetarget";
import { Generations, type ChunkEvent } from "ssetarget/generations";
import { sendEvents as sendNodeEvents, toNodeHandler } from "ssetarget/node";
import { afterEach, describe, expect, it } from "vitest";
import { get } from "../support/sse-client.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function overHttp1(listener: RequestListener): Promise<unknown> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const asked = httpRequest({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, path: "/sse" }).end();
  closing.push(
    () => asked.destroy(),
    () => server.close(),
  );
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response.headers["incremental"];
}

async function overHttp2(listener: RequestListener): Promise<unknown> {
  const server = createHttp2Server(listener as never).listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(
    () => session.destroy(),
    () => server.close(),
  );
  const [headers] = (await once(session.request({ ":path": "/sse" }), "response")) as [IncomingHttpHeaders];
  return headers["incremental"];
}

async function ofResponse(response: Response | Promise<Response>): Promise<unknown> {
  const { headers, body } = await response;
  await body?.cancel();
  return headers.get("incremental");
}

const generation = () => new Generations(new SSEHub<ChunkEvent>("/:id")).start("sse", ["one"]);
const failing = () =>
  new SSETarget("/sse", {
    storeEvent: () => Promise.reject(new Error("no")),
    getEvents: () => Promise.reject(new Error("no")),
  });
const closed = () => {
  const target = new SSETarget("/sse");
  void target.close();
  return target;
};

/** The head of every event stream asks intermediaries to forward it as it comes: RFC 10036. */
describe("Incremental: ?1", () => {
  it.each<readonly [string, () => unknown]>([
    ["a target's", () => ofResponse(new SSETarget("/sse").fetch(get("/sse")))],
    ["a hub's", () => ofResponse(new SSEHub("/:id").fetch(get("/sse")))],
    ["a generation's", () => ofResponse(generation().fetch(get("/chat")))],
    ["sendEvents'", () => ofResponse(sendEvents(get("/sse")).response)],
    ["one that sends away because the target is closed", () => ofResponse(closed().fetch(get("/sse")))],
    ["one that sends away because the store fails", () => ofResponse(failing().fetch(get("/sse")))],
    ["HEAD's", () => ofResponse(new SSETarget("/sse").fetch(new Request("http://localhost/sse", { method: "HEAD" })))],
    ["a target's over HTTP/1.1", () => overHttp1(toNodeHandler(new SSETarget("/sse")))],
    ["a target's over HTTP/2", () => overHttp2(toNodeHandler(new SSETarget("/sse")))],
    ["sendEvents' over HTTP/1.1", () => overHttp1((asked, response) => void sendNodeEvents(asked, response))],
    ["sendEvents' over HTTP/2", () => overHttp2((asked, response) => void sendNodeEvents(asked, response))],
  ])("stands in the head of %s stream", async (_name, headerOf) => {
    expect(await headerOf()).toBe("?1");
  });

  it("does not stand in refusals", async () => {
    expect(await ofResponse(new SSETarget("/sse").fetch(get("/other")))).toBeNull();
  });
});
