import { createServer, get as httpGet, request, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import { Readable } from "node:stream";
import { createGzip, createGunzip } from "node:zlib";
import { SSEHub, SSETarget, type SSETargetOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { EventSource } from "eventsource";
import { createEventSource } from "eventsource-client";
import { afterEach, describe, expect, it } from "vitest";
import { SSEReader } from "../support/sse-client.ts";
import { until } from "../support/until.ts";

type Tick = { type: "tick"; n: number; text?: string };

const servers: Server[] = [];

async function serve(target: Parameters<typeof toNodeHandler>[0]): Promise<string> {
  const server = createServer(toNodeHandler(target));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function newTarget(options?: SSETargetOptions): SSETarget<Tick> {
  return new SSETarget<Tick>("/sse", undefined, options);
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe("toNodeHandler", () => {
  it.each([undefined, null, {}, "/sse"])("refuses %j for a target", (target) => {
    expect(() => toNodeHandler(target as never)).toThrow("`target` must be an SSETarget");
  });

  it("sends the bytes that PROTOCOL.md shows", async () => {
    const target = newTarget();
    await target.dispatchEvent({ type: "tick", n: 1 });
    await target.complete();
    const { port } = new URL(await serve(target));
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("GET /sse HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain("content-type: text/event-stream; charset=utf-8\r\n");
    expect(text.replaceAll(/\r\n[0-9a-f]+\r\n|\r\n\r\n[0-9a-f]+\r\n/g, "")).toMatch(
      /retry: 2000\n\nid: 1\.\w+\nevent: tick\ndata: \{"n":1\}\n\nid: 2\.\w+\nevent: ssetarget:end\ndata: \{"key":"ssetarget:end"\}\n\n/,
    );
  });

  it("is read by a browser-like EventSource to the end, which a lost connection does not hide", async () => {
    const target = newTarget({ retryMs: 20 });
    const url = `${await serve(target)}/sse`;
    const source = new EventSource(url);
    const seen: number[] = [];
    source.addEventListener("tick", (event) => seen.push((JSON.parse(event.data as string) as Tick).n));
    for (let n = 1; n <= 5; n++) await target.dispatchEvent({ type: "tick", n });
    await until(() => seen.length === 5);
    servers[0]?.closeAllConnections();
    await until(() => source.readyState === EventSource.CONNECTING);
    for (let n = 6; n <= 10; n++) await target.dispatchEvent({ type: "tick", n });
    await target.complete();
    await until(() => source.readyState === EventSource.CLOSED);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("is read by eventsource-client, from a cursor of its own", async () => {
    const target = newTarget();
    for (let n = 1; n <= 5; n++) await target.dispatchEvent({ type: "tick", n });
    const source = createEventSource({ url: `${await serve(target)}/sse`, initialLastEventId: "3" });
    const seen: unknown[] = [];
    for await (const { data, event } of source) {
      seen.push([event, JSON.parse(data)]);
      if (seen.length === 2) break;
    }
    source.close();
    expect(seen).toEqual([
      ["tick", { n: 4 }],
      ["tick", { n: 5 }],
    ]);
  });

  it("notices a client that leaves", async () => {
    const target = newTarget();
    const url = `${await serve(target)}/sse`;
    const response = await new Promise<IncomingMessage>((resolve) => httpGet(url, resolve));
    await until(() => target.connectionCount === 1);
    response.destroy();
    await until(() => target.connectionCount === 0);
    expect(target.connectionCount).toBe(0);
  });

  it("answers refusals, HEAD and OPTIONS and keeps the connection usable", async () => {
    const base = await serve(newTarget({ authorize: (asked) => asked.headers.get("x-pass") === "yes" || 401 }));
    const statuses = [];
    for (const [method, path, headers] of [
      ["GET", "/sse", {}],
      ["HEAD", "/sse", { "x-pass": "yes" }],
      ["OPTIONS", "/sse", {}],
      ["POST", "/sse", {}],
      ["GET", "/other", {}],
      ["GET", "//sse", {}],
    ] as const) {
      const asked = request(`${base}${path}`, { method, headers });
      asked.end();
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      statuses.push(response.statusCode);
    }
    expect(statuses).toEqual([401, 200, 204, 405, 404, 404]);
  });

  it("does not buffer for a client that stalls, and gives it everything once it reads again", async () => {
    const target = newTarget({ maxWindowBytes: 100_000 });
    const url = `${await serve(target)}/sse`;
    const response = await new Promise<IncomingMessage>((resolve) => httpGet(url, resolve));
    response.pause();
    const text = "x".repeat(100_000);
    for (let n = 1; n <= 300; n++) await target.dispatchEvent({ type: "tick", n, text });
    const reader = new SSEReader(new Response(webStream(response)));
    await reader.readCount(300);
    expect(reader.ids).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    response.destroy();
  });

  it("sends clients away when the target closes, so that the server can close", async () => {
    const target = newTarget();
    const response = await fetch(`${await serve(target)}/sse`);
    const reader = new SSEReader(response);
    await target.dispatchEvent({ type: "tick", n: 1 });
    await reader.readCount(1);
    const closing = target.close();
    await reader.readToEnd();
    await closing;
    expect(reader.retries).toHaveLength(2);
  });

  it("lets events through a middleware that compresses and can flush", async () => {
    const target = newTarget();
    const handler = toNodeHandler(target);
    const server = createServer((asked, response) => {
      const gzip = createGzip();
      const [write, end, writeHead] = [
        response.write.bind(response),
        response.end.bind(response),
        response.writeHead.bind(response),
      ];
      gzip.on("data", (chunk: Buffer) => write(chunk));
      gzip.on("end", () => end());
      Object.assign(response, {
        writeHead: (status: number, headers: Record<string, string>) =>
          writeHead(status, { ...headers, "content-encoding": "gzip" }),
        write: (chunk: Uint8Array) => gzip.write(chunk),
        end: () => gzip.end(),
        flush: () => gzip.flush(),
      });
      void handler(asked, response);
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const response = await new Promise<IncomingMessage>((resolve) =>
      httpGet(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`, resolve),
    );
    const reader = new SSEReader(new Response(webStream(response.pipe(createGunzip()))));
    for (let n = 1; n <= 3; n++) {
      await target.dispatchEvent({ type: "tick", n });
      await reader.readCount(n);
    }
    expect(reader.ids).toEqual([1, 2, 3]);
    response.destroy();
  });

  it("serves any number of runs from one hub", async () => {
    const hub = new SSEHub<Tick>("/runs/:id/sse");
    const base = await serve(hub);
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const reader = new SSEReader(await fetch(`${base}/runs/run-${n}/sse`));
        await hub.dispatchEvent(`run-${n}`, { type: "tick", n });
        await reader.readCount(1);
        expect(reader.events[0]?.data).toEqual({ n });
        await reader.close();
      }),
    );
    await until(() => hub.connectionCount === 0);
  });
});

function webStream(source: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(source) as ReadableStream<Uint8Array>;
}
