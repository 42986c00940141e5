import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import {
  connect as connectHttp2,
  constants as HTTP2,
  createServer as createHttp2Server,
  type ClientHttp2Stream,
} from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { SSEHub, type SSEHubOptions, type StreamEvent } from "ssetarget";
import { sendEvents, toNodeHandler } from "ssetarget/node";
import { afterEach, describe, expect, it, vi } from "vitest";

/** One socket is one viewer: what is pipelined behind a stream subscribes to nothing, calls nothing and holds nothing. */

vi.setConfig({ testTimeout: 30_000 });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** However busy the machine is. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000 });

interface Client {
  readonly socket: Socket;
  text: string;
}

function open(port: number): Client {
  const socket = connect(port, "127.0.0.1");
  const client = { socket, text: "" };
  socket.on("error", () => {}).on("data", (chunk: Buffer) => (client.text += chunk.toString()));
  closing.push(() => socket.destroy());
  return client;
}

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

function newHub(options: SSEHubOptions<StreamEvent> = {}) {
  const asked: string[] = [];
  const hub = new SSEHub("/runs/:id/sse", {
    authorize: (_request, stream) => asked.push(stream) > 0,
    ...options,
  });
  return { hub, asked };
}

describe("over HTTP/1.1", () => {
  it.each(["at once", "later"])(
    "four sockets with 10,000 pipelined requests are four viewers, authorized %s",
    async (when) => {
      const asked: string[] = [];
      const { hub } = newHub({
        authorize: (_request, stream) => {
          asked.push(stream);
          return when === "at once" || new Promise((resolve) => setTimeout(resolve, 50, true));
        },
      });
      const port = await listen(toNodeHandler(hub));
      const clients = Array.from({ length: 4 }, () => open(port));
      for (const [at, { socket }] of clients.entries()) {
        const requests = Array.from({ length: 10_000 }, (_, n) => get(`/runs/${at}-${n}/sse`));
        socket.write(requests.join(""));
      }
      await eventually(() => expect(hub.connectionCount).toBe(4));
      await eventually(() => expect(clients.every(({ socket }) => socket.writableLength === 0)).toBe(true));
      await hub.dispatchEvent("0-0", { type: "tick" });
      await hub.dispatchEvent("own", { type: "tick" });
      await eventually(() => expect(clients[0]?.text).toContain("event: tick"));
      expect([hub.connectionCount, asked.toSorted()]).toEqual([4, ["0-0", "1-0", "2-0", "3-0"]]);
      expect(hub.streamCount).toBe(5);
      for (const { text } of clients) expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      // In both ways of leaving.
      for (const [at, { socket }] of clients.entries()) {
        if (at % 2 === 0) socket.end();
        else socket.destroy();
      }
      await eventually(() => expect([hub.connectionCount, hub.streamCount]).toEqual([0, 2]));
    },
  );

  it("requests that wait together beyond a bound cost their sockets, and nothing else", async () => {
    const { hub } = newHub({ authorize: () => new Promise(() => {}), storeTimeoutMs: null });
    const port = await listen(toNodeHandler(hub));
    const clients = Array.from({ length: 20 }, () => open(port));
    for (const { socket } of clients) socket.write(get("/runs/a/sse").repeat(10_000));
    await eventually(() => expect(clients.some(({ socket }) => socket.destroyed)).toBe(true));
    for (const { socket } of clients) socket.destroy();
    const last = open(port);
    last.socket.write(get("/other"));
    await eventually(() => expect(last.text).toContain("404"));
  });

  it("one socket has one request in authorize at a time", async () => {
    const admit: ((answer: true) => void)[] = [];
    const hub = new SSEHub("/runs/:id/sse", { authorize: () => new Promise((resolve) => admit.push(resolve)) });
    const client = open(await listen(toNodeHandler(hub)));
    client.socket.write(get("/other") + get("/runs/a/sse") + get("/runs/b/sse"));
    await eventually(() => expect(client.text).toContain("404"));
    await eventually(() => expect(admit).toHaveLength(1));
    client.socket.write(get("/runs/c/sse"));
    admit[0]?.(true);
    await eventually(() => expect(hub.connectionCount).toBe(1));
    client.socket.write(get("/runs/d/sse"));
    await hub.dispatchEvent("a", { type: "tick" });
    await eventually(() => expect(client.text).toContain("event: tick"));
    expect([admit.length, hub.connectionCount]).toEqual([1, 1]);
  });

  it("a stream that waits behind an ordinary response connects when its turn has come", async () => {
    const { hub, asked } = newHub();
    const stream = toNodeHandler(hub);
    let finish: (() => void) | undefined;
    const port = await listen((request, response) => {
      if (request.url === "/slow") finish = () => response.end("slow");
      else void stream(request, response);
    });
    const client = open(port);
    client.socket.write(get("/slow") + get("/runs/a/sse") + get("/runs/b/sse"));
    await eventually(() => expect(finish).toBeDefined());
    await hub.dispatchEvent("a", { type: "tick" });
    expect([asked, hub.connectionCount]).toEqual([[], 0]);
    finish?.();
    await eventually(() => expect(client.text).toContain("event: tick"));
    expect([asked, hub.connectionCount]).toEqual([["a"], 1]);
    expect(client.text.indexOf("slow")).toBeLessThan(client.text.indexOf("text/event-stream"));
  });

  it("one that leaves while its requests wait was never there, and its handlers know", async () => {
    const { hub, asked } = newHub();
    const stream = toNodeHandler(hub);
    let isSlow = false;
    let over = 0;
    const port = await listen((request, response) => {
      if (request.url === "/slow") isSlow = true;
      else void stream(request, response).then(() => over++);
    });
    const client = open(port);
    client.socket.write(get("/slow") + get("/runs/a/sse").repeat(3));
    await eventually(() => expect(isSlow).toBe(true));
    client.socket.destroy();
    await eventually(() => expect(over).toBe(3));
    expect([asked, hub.connectionCount]).toEqual([[], 0]);
  });

  it("sendEvents gives the first request a stream and the others a target that is closed", async () => {
    const closed: boolean[] = [];
    const port = await listen((request, response) => void closed.push(sendEvents(request, response).closed));
    const client = open(port);
    client.socket.write(get("/a").repeat(5_000));
    await eventually(() => expect(client.text).toContain("retry: 2000"));
    await eventually(() => expect(closed.length).toBeGreaterThan(1));
    expect([closed[0], closed.slice(1).every(Boolean)]).toEqual([false, true]);
    expect(closed.length, "what comes later is not even parsed").toBeLessThan(5_000);
  });

  it("says that nothing follows, whatever a framework has set", async () => {
    const { hub } = newHub();
    const stream = toNodeHandler(hub);
    const port = await listen((request, response) => {
      response.setHeader("Connection", "keep-alive");
      void stream(request, response);
    });
    const client = open(port);
    client.socket.write(get("/runs/a/sse"));
    await eventually(() => expect(client.text).toContain("retry:"));
    expect(client.text.match(/^connection:.*$/gim)).toEqual(["connection: close"]);
  });
});

describe("over HTTP/2", () => {
  it("a session has so many streams and no more, and each that ends makes room for another", async () => {
    const { hub } = newHub({ maxConnectionsPerSession: 3 });
    const server = createHttp2Server(toNodeHandler(hub) as never);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const newSession = () => {
      const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      closing.push(() => session.destroy());
      return session;
    };
    closing.push(() => server.close());
    const session = newSession();
    const statusOf = async (asked: ClientHttp2Stream) => {
      const [headers] = (await once(asked, "response")) as [Record<string, unknown>];
      return headers[":status"];
    };
    const streams = Array.from({ length: 5 }, (_, n) => session.request({ ":path": `/runs/${n}/sse` }));
    expect((await Promise.all(streams.map(statusOf))).toSorted((a, b) => Number(a) - Number(b))).toEqual([
      200, 200, 200, 503, 503,
    ]);
    expect(await statusOf(newSession().request({ ":path": "/runs/a/sse" }))).toBe(200);
    expect(hub.connectionCount).toBe(4);
    streams[0]?.close();
    await eventually(() => expect(hub.connectionCount).toBe(3));
    expect(await statusOf(session.request({ ":path": "/runs/a/sse" }))).toBe(200);
    expect(await statusOf(session.request({ ":path": "/runs/a/sse" }))).toBe(503);
  });

  it("requests that are cancelled while authorize is asked give their places back", async () => {
    const { hub } = newHub({
      maxConnectionsPerSession: 2,
      authorize: (_request, stream) => stream === "quick" || new Promise((resolve) => setTimeout(resolve, 20, true)),
    });
    const server = createHttp2Server(toNodeHandler(hub) as never);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(() => {
      session.destroy();
      server.close();
    });
    for (let round = 0; round < 3; round++) {
      const streams = Array.from({ length: 2 }, () => session.request({ ":path": "/runs/slow/sse" }));
      await new Promise((resolve) => session.ping(resolve));
      for (const stream of streams) stream.destroy();
      await Promise.all(streams.map((stream) => once(stream, "close")));
    }
    await eventually(async () => {
      const asked = session.request({ ":path": "/runs/quick/sse" });
      const [headers] = (await once(asked, "response")) as [Record<string, unknown>];
      expect(headers[":status"]).toBe(200);
    });
  });

  it.each(["at once", "while authorize is asked"])("a request that is cancelled %s is no connection", async (when) => {
    let letIn: () => void = () => {};
    const isAsked = new Promise<void>((resolve) => (letIn = resolve));
    const asked: string[] = [];
    const { hub } = newHub({
      authorize: async (_request, stream) => {
        asked.push(stream);
        await isAsked;
        return true;
      },
    });
    const handle = toNodeHandler(hub);
    const over: unknown[] = [];
    const closed: unknown[] = [];
    const server = createHttp2Server((async (request: IncomingMessage, response: ServerResponse) => {
      response.on("close", () => closed.push(request.url));
      await handle(request, response);
      over.push(request.url);
    }) as never);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ":path": "/runs/a/sse" }).on("error", () => {});
    if (when !== "at once") await eventually(() => expect(asked).toEqual(["a"]));
    stream.close(HTTP2.NGHTTP2_CANCEL);
    await eventually(() => expect(closed).toHaveLength(1));
    letIn();
    await eventually(() => expect(over).toHaveLength(1));
    expect([hub.connectionCount, hub.streamCount]).toEqual([0, 0]);
  });
});
