import { once } from "node:events";
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { MemoryEventStore, NullEventStore, SSETarget, type SSETargetOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { afterEach, describe, expect, it } from "vitest";
import { get } from "../support/sse-client.ts";
import { turns } from "../support/test-client.ts";
import { until } from "../support/until.ts";

/** Both doors send the same stream, whatever the case: the universal one and Node's, in each way that Node's can write. */

type Tick = { type: "tick"; n: number; text?: string };

interface Case {
  readonly name: string;
  readonly store?: () => MemoryEventStore<Tick> | NullEventStore<Tick>;
  readonly options?: SSETargetOptions;
  readonly headers?: Record<string, string>;
  /** Before anybody is connected. */
  readonly before?: (target: SSETarget<Tick>) => Promise<unknown>;
  /** While the client is connected; every case ends with the stream completed. */
  readonly live?: (target: SSETarget<Tick>) => Promise<unknown>;
}

const dispatch = async (target: SSETarget<Tick>, from: number, to: number, text?: string) => {
  for (let n = from; n <= to; n++)
    await target.dispatchEvent({ type: "tick", n, ...(text === undefined ? {} : { text }) });
};
const together = (target: SSETarget<Tick>, count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => target.dispatchEvent({ type: "tick", n })));

const CASES: readonly Case[] = [
  { name: "nothing but the end" },
  { name: "history", before: (target) => dispatch(target, 1, 50) },
  { name: "live events, one a turn", live: (target) => dispatch(target, 1, 5) },
  { name: "live events, ten a turn", live: (target) => together(target, 10) },
  {
    name: "history and live events",
    before: (target) => dispatch(target, 1, 20),
    live: (target) => together(target, 20),
  },
  { name: "a resumed client", headers: { "last-event-id": "7" }, before: (target) => dispatch(target, 1, 10) },
  { name: "an unknown cursor", headers: { "last-event-id": "what" }, before: (target) => dispatch(target, 1, 3) },
  {
    name: "a trimmed history",
    store: () => new MemoryEventStore({ maxEvents: 5 }),
    headers: { "last-event-id": "2" },
    before: (target) => dispatch(target, 1, 20),
  },
  { name: "no history", store: () => new NullEventStore(), before: (target) => dispatch(target, 1, 3) },
  { name: "only what is new", options: { startAt: "new" }, before: (target) => dispatch(target, 1, 3) },
  { name: "no retry", options: { retryMs: null }, live: (target) => dispatch(target, 1, 1) },
  {
    name: "more than a socket takes at once",
    before: (target) => dispatch(target, 1, 40, "x".repeat(50_000)),
    live: (target) => dispatch(target, 41, 60, "y".repeat(50_000)),
  },
  { name: "one event larger than a window", live: (target) => dispatch(target, 1, 2, "z".repeat(1_040_000)) },
  { name: "text outside of ASCII", live: (target) => dispatch(target, 1, 2, "é\u2028\u{1F600}\n\r") },
];

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server | ReturnType<typeof createHttp2Server>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

/** What a client will have read in the end. Not the promise alone: that would be waited for with the connection. */
interface Reading {
  readonly text: Promise<string>;
}

/** Ways to a target: each resolves once its client is connected. */
const DOORS: Readonly<Record<string, (target: SSETarget<Tick>, headers: Record<string, string>) => Promise<Reading>>> =
  {
    "the universal door": async (target, headers) => {
      const response = await target.fetch(get("/sse", headers));
      return { text: textOf(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])) };
    },
    "Node, HTTP/1.1": (target, headers) => overHttp(target, headers),
    "Node, Connection: close": (target, headers) => overHttp(target, { ...headers, connection: "close" }),
    "Node, HTTP/1.0": async (target, headers) => {
      const socket = connect(await listen(createHttpServer(toNodeHandler(target))), "127.0.0.1");
      send(socket, "HTTP/1.0", headers);
      await until(() => target.connectionCount === 1);
      return { text: textOf(socket).then((text) => text.slice(text.indexOf("\r\n\r\n") + 4)) };
    },
    "Node, a wrapped response": async (target, headers) => {
      const handler = toNodeHandler(target);
      const port = await listen(
        createHttpServer((request, response) => {
          const write = response.write.bind(response) as (chunk: unknown) => boolean;
          response.write = ((chunk: unknown) => write(chunk)) as typeof response.write;
          void handler(request, response);
        }),
      );
      return readHttp(target, port, headers);
    },
    "Node, HTTP/2": async (target, headers) => {
      const server = createHttp2Server();
      server.on("request", toNodeHandler(target) as unknown as (...args: unknown[]) => void);
      const session = connectHttp2(`http://127.0.0.1:${await listen(server)}`);
      closing.push(() => session.destroy());
      const stream = session.request({ ":path": "/sse", ...headers });
      stream.end();
      await until(() => target.connectionCount === 1);
      return { text: textOf(stream) };
    },
  };

async function overHttp(target: SSETarget<Tick>, headers: Record<string, string>): Promise<Reading> {
  return readHttp(target, await listen(createHttpServer(toNodeHandler(target))), headers);
}

async function readHttp(target: SSETarget<Tick>, port: number, headers: Record<string, string>): Promise<Reading> {
  const request = httpRequest({ host: "127.0.0.1", port, path: "/sse", headers, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await until(() => target.connectionCount === 1);
  return { text: textOf(response) };
}

function send(socket: Socket, version: string, headers: Record<string, string>): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /sse ${version}\r\nHost: localhost\r\n${lines.join("")}\r\n`);
}

/** What a client reads in this case through this door, epochs aside, which are random. */
async function readThrough(door: string, each: Case): Promise<string> {
  const target = new SSETarget<Tick>("/sse", each.store?.(), each.options);
  await each.before?.(target);
  const reading = await DOORS[door]?.(target, each.headers ?? {});
  await each.live?.(target);
  await turns();
  await target.complete();
  return ((await reading?.text) ?? "").replaceAll(/^(id: \d+)\.\w+$/gm, "$1");
}

describe.each(CASES)("$name", (each) => {
  it.each(Object.keys(DOORS).slice(1))("is the same through %s as through the universal door", async (door) => {
    const expected = await readThrough("the universal door", each);
    expect(expected.endsWith('event: ssetarget:end\ndata: {"key":"ssetarget:end"}\n\n')).toBe(true);
    const read = await readThrough(door, each);
    // Compared first: a difference of megabytes is not one that anybody wants to read.
    expect(read.length).toBe(expected.length);
    expect(read === expected).toBe(true);
  });
});

describe("Node's door", () => {
  it("makes a stream the last response of its connection, and closes it at the stream's end", async () => {
    const target = new SSETarget<Tick>("/sse");
    const socket = connect(await listen(createHttpServer(toNodeHandler(target))), "127.0.0.1");
    closing.push(() => socket.destroy());
    const text = textOf(socket);
    send(socket, "HTTP/1.1", {});
    await until(() => target.connectionCount === 1);
    await target.complete();
    expect(await text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*\r\n0\r\n\r\n$/i);
  });

  it("leaves a connection usable after every other answer", async () => {
    const target = new SSETarget<Tick>("/sse");
    await target.complete();
    const socket = connect(await listen(createHttpServer(toNodeHandler(target))), "127.0.0.1");
    closing.push(() => socket.destroy());
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    for (let round = 1; round <= 3; round++) {
      send(socket, "HTTP/1.1", { "last-event-id": "1" });
      await until(() => text.split("204 No Content").length - 1 === round);
      socket.write("GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await until(() => text.split("404 Not Found").length - 1 === round);
    }
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(6);
  });
});
