import { EventEmitter, once } from "node:events";
import { createServer, ServerResponse, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { SSEHub, SSETarget, type Authorization, type StreamEvent } from "ssetarget";
import { sendEvents, toNodeHandler } from "ssetarget/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SSEReader } from "../support/sse-client.ts";

/** Whatever a middleware, a socket or a tool for tests does to a response: nobody else's request and no process ends by it. */

vi.setConfig({ testTimeout: 30_000 });
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000 });

const closing: (() => void)[] = [];
const uncaught: unknown[] = [];
const onUncaught = (error: unknown) => void uncaught.push(error);

beforeEach(() => {
  process.on("uncaughtException", onUncaught).on("unhandledRejection", onUncaught);
});

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("uncaughtException", onUncaught).off("unhandledRejection", onUncaught);
  expect(uncaught.splice(0)).toEqual([]);
});

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

async function serve(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Breaks whatever it is given, as something in front of the handler may. */
type Mischief = (request: IncomingMessage, response: ServerResponse) => void;
const MISCHIEF: Readonly<Record<string, Mischief>> = {
  "has sent the head": (_request, response) => response.writeHead(202).flushHeaders(),
  "has answered": (_request, response) => void response.writeHead(503).end("busy"),
  "has destroyed the response": (_request, response) => void response.destroy(),
  "has destroyed the response with an error": (_request, response) => void response.destroy(new Error("no")),
  "has destroyed the socket": (request) => void request.socket.destroy(),
  "has ended the socket": (request) => void request.socket.end(),
  "has made writeHead throw": (_request, response) => {
    response.writeHead = () => {
      throw new Error("writeHead");
    };
  },
  "has made setHeader, writeHead and end throw": (_request, response) => {
    for (const name of ["setHeader", "writeHead", "end", "destroy"] as const) {
      response[name] = () => {
        throw new Error(name);
      };
    }
  },
  "has made write throw": (_request, response) => {
    response.write = () => {
      throw new Error("write");
    };
  },
  "has made setNoDelay throw": (request) => {
    request.socket.setNoDelay = () => {
      throw new Error("setNoDelay");
    };
  },
};

describe.each(Object.keys(MISCHIEF))("a middleware that %s", (name) => {
  const breakIt = MISCHIEF[name] as Mischief;

  it.each(["before authorize", "while authorize is asked", "before a refusal"])("%s ends nothing", async (when) => {
    let breakNow: () => void = () => {};
    const target = new SSEHub("/:id", {
      authorize: async (): Promise<Authorization> => {
        await new Promise((resolve) => setImmediate(resolve));
        breakNow();
        return when !== "before a refusal";
      },
    });
    const handle = toNodeHandler(target);
    let isOver = false;
    let isBroken = false;
    const url = await serve(async (request, response) => {
      const breakNowAndSay = () => {
        breakIt(request, response);
        isBroken = true;
      };
      if (when === "before authorize") breakNowAndSay();
      else breakNow = breakNowAndSay;
      await handle(request, response);
      isOver = true;
    });
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    closing.push(() => socket.destroy());
    socket.resume().write("GET /sse HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => expect(isBroken).toBe(true));
    socket.end();
    await eventually(() => expect([isOver, target.connectionCount, target.streamCount]).toEqual([true, 0, 0]));
  });

  it("ends nothing in front of sendEvents", async () => {
    let didRun = false;
    const url = await serve((request, response) => {
      breakIt(request, response);
      try {
        const target = sendEvents(request, response);
        target.dispatchMessage("x");
        void target.close();
      } catch {
        // Thrown at the caller, who called.
      }
      didRun = true;
    });
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    closing.push(() => socket.destroy());
    socket.resume().write("GET /sse HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => expect(didRun).toBe(true));
  });
});

describe("a Content-Length that a middleware has set", () => {
  it.each([
    [200, "a stream"],
    [403, "a refusal, behind which others follow"],
  ])("is not that of the answer (%i)", async (status) => {
    const target = new SSETarget("/sse", undefined, { authorize: () => status === 200 });
    await target.complete();
    const handle = toNodeHandler(target);
    const url = await serve((request, response) => {
      response.setHeader("Content-Length", "5");
      return handle(request, response);
    });
    for (let n = 0; n < 2; n++) {
      const response = await fetch(`${url}/sse`);
      expect([response.status, response.headers.get("content-length")]).toEqual([status, null]);
      expect(await response.text()).toMatch(
        status === 200 ? /ssetarget:end/ : /^This event stream is not for you\.\n$/,
      );
    }
  });

  it("is not that of what sendEvents sends", async () => {
    const url = await serve((request, response) => {
      response.setHeader("Content-Length", "5");
      void sendEvents(request, response, ["one", "two"]);
    });
    expect(await (await fetch(url)).text()).toContain("data: one\n\ndata: two\n\n");
  });
});

describe("a request's body", () => {
  it("hides from nobody that its client has left", async () => {
    const target = new SSETarget("/sse", undefined, { keepAliveMs: null });
    const handle = toNodeHandler(target);
    const { port } = new URL(await serve(handle));
    const socket = connect(Number(port), "127.0.0.1")
      .on("error", () => {})
      .resume();
    closing.push(() => socket.destroy());
    socket.write("GET /sse HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
    await eventually(() => expect(target.connectionCount).toBe(1));
    socket.end("x".repeat(2_000_000));
    await eventually(() => expect(target.connectionCount).toBe(0));
  });
});

describe("a stream under way", () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ["ends the response", (_request, response) => void response.end()],
    ["destroys the response", (_request, response) => void response.destroy()],
    ["destroys the response with an error", (_request, response) => void response.destroy(new Error("no"))],
    ["destroys the socket", (request) => void request.socket.destroy(new Error("no"))],
    ["resets the socket", (request) => void request.socket.resetAndDestroy()],
    [
      "writes after the end",
      (_request, response) => {
        response.end();
        response.write("x");
      },
    ],
  ])("is left when a middleware %s", async (_name, act) => {
    const target = new SSETarget<StreamEvent & { text: string }>("/sse");
    const handle = toNodeHandler(target);
    let isOver = false;
    let both: [IncomingMessage, ServerResponse] | undefined;
    const url = await serve(async (request, response) => {
      both = [request, response];
      await handle(request, response);
      isOver = true;
    });
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.write("GET /sse HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => expect(target.connectionCount).toBe(1));
    act(...(both as [IncomingMessage, ServerResponse]));
    for (let n = 0; n < 10; n++) await target.dispatchEvent({ type: "tick", text: "x".repeat(10_000) });
    await eventually(() => expect([isOver, target.connectionCount]).toEqual([true, 0]));
    expect(text).not.toContain("0\r\n\r\n000");
  });
});

describe("what the handler returns", () => {
  it("resolves when the response is over, for streams as for refusals", async () => {
    const target = new SSETarget("/sse");
    const handle = toNodeHandler(target);
    const over: (string | undefined)[] = [];
    const url = await serve((request, response) => void handle(request, response).then(() => over.push(request.url)));
    await (await fetch(`${url}/other`)).text();
    await eventually(() => expect(over).toEqual(["/other"]));
    const reader = new SSEReader(await fetch(`${url}/sse`));
    await eventually(() => expect(target.connectionCount).toBe(1));
    expect(over).toEqual(["/other"]);
    await target.complete();
    await reader.readToEnd();
    await eventually(() => expect(over).toEqual(["/other", "/sse"]));
  });

  it("is what a wrapper of callbacks waits for, as h3 1 and Nitro 2 do", async () => {
    const hub = new SSEHub("/runs/:id/sse");
    const middleware = toNodeHandler(hub);
    // h3 1: `fromNodeMiddleware`; what nobody has answered when the promise resolves is a 404.
    const url = await serve(async (request, response) => {
      await middleware(request, response);
      if (!response.headersSent && !response.writableEnded) response.writeHead(404).end("nobody");
    });
    const reader = new SSEReader(await fetch(`${url}/runs/a/sse`));
    await hub.dispatchEvent("a", { type: "tick" });
    await reader.readCount(1);
    await hub.complete("a");
    await reader.readToEnd();
    expect(reader.ids).toEqual([1, 2]);
  });
});

describe("a response that is no socket's", () => {
  it("is written to as a response: a mock that has the methods and nothing more", async () => {
    const target = new SSETarget("/sse");
    const chunks: string[] = [];
    const events = new EventEmitter();
    const response = Object.assign(events, {
      headersSent: false,
      statusCode: 0,
      writeHead(status: number) {
        this.statusCode = status;
        this.headersSent = true;
      },
      write: (chunk: Uint8Array) => chunks.push(Buffer.from(chunk).toString()) > 0,
      end() {
        events.emit("finish");
        events.emit("close");
      },
    });
    const request = { method: "GET", url: "/sse", headers: {} };
    const over = toNodeHandler(target)(request as never, response as never);
    await eventually(() => expect(target.connectionCount).toBe(1));
    await target.complete();
    await over;
    expect([response.statusCode, chunks.join("")]).toEqual([200, expect.stringContaining("ssetarget:end")]);
    await eventually(() => expect(target.connectionCount).toBe(0));
  });

  it("is written to as a response: a server on streams that are no sockets", async () => {
    const target = new SSETarget("/sse");
    const server = createServer(toNodeHandler(target));
    const [toServer, toClient] = [new PassThrough(), new PassThrough()];
    server.emit("connection", Duplex.from({ readable: toServer, writable: toClient }));
    toServer.write("GET /sse HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => expect(target.connectionCount).toBe(1));
    await target.complete();
    let text = "";
    for await (const chunk of toClient) {
      text += String(chunk);
      if (text.includes("ssetarget:end\n\n") || text.includes('"ssetarget:end"}')) break;
    }
    expect(text).toContain("event: ssetarget:end");
    server.close();
  });
});
