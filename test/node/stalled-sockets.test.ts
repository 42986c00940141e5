import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, Socket, type AddressInfo } from "node:net";
import { MemoryEventStore, SSEHub, SSETarget, type SSETargetOptions } from "ssetarget";
import { sendEvents, toNodeHandler } from "ssetarget/node";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

type Tick = { type: "tick"; n: number; text: string };

const STALL = { stallTimeoutMs: 300, keepAliveMs: null } as const;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.restoreAllMocks();
});

/** More than the buffers of a connection take. */
const store = new MemoryEventStore<Tick>();
beforeAll(async () => {
  const text = "x".repeat(250_000);
  for (let n = 1; n <= 80; n++) await store.storeEvent({ type: "tick", n, text });
});

function longHistory(options: SSETargetOptions): SSETarget<Tick> {
  return new SSETarget<Tick>("/sse", store, options);
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Asks for the stream, and reads nothing unless it is told to. */
function ask(port: number, version = "HTTP/1.1", path = "/sse"): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${path} ${version}\r\nHost: localhost\r\n\r\n`);
  closing.push(() => socket.destroy());
  return socket;
}

function wrapped(handler: ReturnType<typeof toNodeHandler>): RequestListener {
  return (request, response) => {
    const write = response.write.bind(response) as (chunk: unknown) => boolean;
    response.write = ((chunk: unknown) => write(chunk)) as typeof response.write;
    void handler(request, response);
  };
}

const connected = (target: SSETarget<Tick>) => vi.waitFor(() => expect(target.connectionCount).toBe(1), 20_000);
const letGo = (target: SSETarget<Tick>) => vi.waitFor(() => expect(target.connectionCount).toBe(0), 20_000);

describe("a socket that is not read", () => {
  it.each<readonly [string, (target: SSETarget<Tick>) => Promise<unknown>]>([
    ["over HTTP/1.1", async (target) => ask(await listen(toNodeHandler(target)))],
    ["over HTTP/1.0", async (target) => ask(await listen(toNodeHandler(target)), "HTTP/1.0")],
    ["behind a middleware", async (target) => ask(await listen(wrapped(toNodeHandler(target))))],
    [
      "over HTTP/2",
      async (target) => {
        const server = createHttp2Server();
        server.on("request", toNodeHandler(target) as unknown as (...args: unknown[]) => void).listen(0, "127.0.0.1");
        await once(server, "listening");
        const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        closing.push(
          () => session.destroy(),
          () => server.close(),
        );
        session
          .request({ ":path": "/sse" })
          .on("error", () => {})
          .pause();
      },
    ],
  ])("is let go %s", async (_name, open) => {
    const target = longHistory(STALL);
    await open(target);
    await connected(target);
    await letGo(target);
    expect(target.connectionCount).toBe(0);
  });

  it("is let go when it is half closed", async () => {
    const target = longHistory(STALL);
    const socket = ask(await listen(toNodeHandler(target)));
    await connected(target);
    socket.end();
    await letGo(target);
    expect(target.connectionCount).toBe(0);
  });

  it("is let go when the target has been closed behind it, and is waited for no longer than that", async () => {
    const target = longHistory(STALL);
    ask(await listen(toNodeHandler(target)));
    await connected(target);
    await target.close({ closeTimeoutMs: 600_000 });
    expect(target.connectionCount).toBe(0);
  });

  it("is let go by sendEvents", async () => {
    const onClose = vi.fn();
    const port = await listen((request, response) => {
      const source = async function* () {
        for (;;) yield "x".repeat(100_000);
      };
      sendEvents(request, response, source, STALL).addEventListener("close", onClose);
    });
    ask(port);
    await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce(), 20_000);
  });

  it("costs a hub no more than maxStalledBytes, wherever it stands", async () => {
    const authorize = vi.fn(() => true);
    const hub = new SSEHub<Tick>("/:id", { store: () => store, maxStalledBytes: 1_100_000, authorize });
    const port = await listen(toNodeHandler(hub));
    for (let after = 1; after <= 6; after++) ask(port, "HTTP/1.1", `/sse?lastEventId=${after}`);
    await vi.waitFor(() => expect(authorize).toHaveBeenCalledTimes(6), 20_000);
    // Each holds about half a megabyte.
    await vi.waitFor(() => expect(hub.connectionCount).toBeLessThan(4), 20_000);
    expect(hub.connectionCount).toBeGreaterThan(1);
  });

  it("is kept while it is read, if only a part of one event at a time", async () => {
    const target = new SSETarget<Tick>("/sse", undefined, { ...STALL, maxEventBytes: 30_000_000 });
    await target.dispatchEvent({ type: "tick", n: 1, text: "x".repeat(20_000_000) });
    const handler = toNodeHandler(target);
    let serving: { readonly _handle?: { readonly writeQueueSize: number } } = {};
    const socket = ask(
      await listen((request, response) => {
        serving = request.socket as typeof serving;
        void handler(request, response);
      }),
    );
    await connected(target);
    // Time is the test's own, what goes over the socket is real.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const left = () => {
      const { _handle: handle } = serving;
      return handle?.writeQueueSize ?? 0;
    };
    for (let step = 0; step < 5; step++) {
      const before = left();
      while (left() >= before) {
        socket.read();
        await new Promise((resolve) => setImmediate(resolve));
      }
      vi.advanceTimersByTime(250);
    }
    expect([left() > 0, target.connectionCount]).toEqual([true, 1]);
    vi.advanceTimersByTime(400);
    vi.useRealTimers();
    await letGo(target);
  });
});

/** What is silent cannot stall: TCP asks the client for a sign of life. */
describe("a client that vanishes from a silent connection", () => {
  async function keepAlives(options: SSETargetOptions, listener?: typeof wrapped): Promise<unknown[][]> {
    const setKeepAlive = vi.spyOn(Socket.prototype, "setKeepAlive");
    const target = new SSETarget<Tick>("/sse", undefined, options);
    const handler = toNodeHandler(target);
    ask(await listen(listener?.(handler) ?? (handler as unknown as RequestListener)));
    await connected(target);
    const { calls } = setKeepAlive.mock;
    setKeepAlive.mockRestore();
    return calls;
  }

  it("is noticed by TCP's keep-alive within the stall timeout, which probes for ten seconds", async () => {
    expect(await keepAlives({ keepAliveMs: null })).toEqual([[true, 110_000]]);
    expect(await keepAlives({ keepAliveMs: 300_000, stallTimeoutMs: 60_000 })).toEqual([[true, 50_000]]);
    expect(await keepAlives({ keepAliveMs: null, stallTimeoutMs: 500 })).toEqual([[true, 1_000]]);
    expect(await keepAlives({ keepAliveMs: null }, wrapped)).toEqual([[true, 110_000]]);
  });

  it("is left to the comments, which keep the connection from being silent, and to nothing if asked to", async () => {
    expect(await keepAlives({})).toEqual([]);
    expect(await keepAlives({ keepAliveMs: null, stallTimeoutMs: null })).toEqual([]);
  });
});
