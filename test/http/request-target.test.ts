import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server, type OutgoingHttpHeaders } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { SSEHub, SSETarget, type SSEHubOptions, type StreamEvent } from "ssetarget";
import { sendEvents, toNodeHandler } from "ssetarget/node";
import { afterEach, describe, expect, it } from "vitest";
import { head } from "../support/test-client.ts";

/** What is served is what `authorize` was shown: one parse decides both. */

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Witness {
  readonly hub: SSEHub<StreamEvent>;
  /** What `authorize` was shown, and for which stream. */
  readonly shown: { readonly url: string; readonly host: string | null; readonly stream: string }[];
  readonly errors: unknown[];
}

/** A hub that lets everybody in and notes who asked for what. */
function witness(path = "/runs/:id/sse", options: SSEHubOptions<StreamEvent> = {}): Witness {
  const shown: Witness["shown"] = [];
  const errors: unknown[] = [];
  const hub = new SSEHub(path, {
    authorize: (request, stream) => {
      shown.push({ url: request.url, host: request.headers.get("host"), stream });
      return true;
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  return { hub, shown, errors };
}

/** Sends these bytes and answers with the status and the whole of the head. */
async function raw(listener: RequestListener, lines: readonly string[], options = {}): Promise<[number, string]> {
  const server = createServer(options, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  closing.push(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  socket.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  let text = "";
  for await (const chunk of socket.setEncoding("latin1")) {
    text += String(chunk);
    if (text.includes("\r\n\r\n")) break;
  }
  return [Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text];
}

const MALFORMED: readonly (readonly [string, readonly string[]])[] = [
  ["a Host header that brings a path and hides the rest", ["GET /runs/private/sse HTTP/1.1", "Host: x/runs/public#"]],
  ["a Host header with a query", ["GET /runs/private/sse HTTP/1.1", "Host: x/runs/public/sse?"]],
  ["a Host header with a backslash", ["GET /runs/private/sse HTTP/1.1", "Host: x\\runs\\public#"]],
  ["a Host header with a user name", ["GET /runs/private/sse HTTP/1.1", "Host: user:pass@x"]],
  ["a Host header that is empty", ["GET /runs/private/sse HTTP/1.1", "Host:"]],
  ["a Host header of two hosts", ["GET /runs/private/sse HTTP/1.1", "Host: a, b"]],
  ["a Host header with percent-encoding", ["GET /runs/private/sse HTTP/1.1", "Host: x%2fy"]],
  ["a Host header outside of ASCII", ["GET /runs/private/sse HTTP/1.1", "Host: \xE4.example"]],
  ["a Host header with a port that is none", ["GET /runs/private/sse HTTP/1.1", "Host: x:99999"]],
  ["a Host header that is no address", ["GET /runs/private/sse HTTP/1.1", "Host: 1.2.3.4.5"]],
  ["two Host headers", ["GET /runs/private/sse HTTP/1.1", "Host: a", "Host: b"]],
  ["two Host headers that are alike", ["GET /runs/private/sse HTTP/1.1", "Host: a", "host: a"]],
  ["no Host header", ["GET /runs/private/sse HTTP/1.1"]],
  ["a fragment", ["GET /runs/private/sse#/runs/public/sse HTTP/1.1", "Host: x"]],
  ["a fragment in the query", ["GET /runs/private/sse?a#b HTTP/1.1", "Host: x"]],
  ["a backslash", ["GET /runs\\private/sse HTTP/1.1", "Host: x"]],
  ["two dots", ["GET /runs/public/../private/sse HTTP/1.1", "Host: x"]],
  ["two dots, encoded", ["GET /runs/public/%2e%2E/private/sse HTTP/1.1", "Host: x"]],
  ["two dots, half encoded", ["GET /runs/public/.%2e/private/sse HTTP/1.1", "Host: x"]],
  ["one dot", ["GET /runs/./private/sse HTTP/1.1", "Host: x"]],
  ["one dot, encoded", ["GET /runs/%2e/private/sse HTTP/1.1", "Host: x"]],
  ["dots at the end", ["GET /runs/private/sse/.. HTTP/1.1", "Host: x"]],
  ["bytes outside of ASCII", ["GET /runs/priv\xE4te/sse HTTP/1.1", "Host: x"]],
  ["bytes outside of ASCII in the query", ["GET /runs/private/sse?\xE4 HTTP/1.1", "Host: x"]],
  ["an absolute target of another scheme", ["GET ftp://x/runs/private/sse HTTP/1.1", "Host: x"]],
  ["an absolute target that claims TLS", ["GET https://x/runs/private/sse HTTP/1.1", "Host: x"]],
  ["an absolute target with a user name", ["GET http://user@x/runs/private/sse HTTP/1.1", "Host: x"]],
  ["an absolute target without a host", ["GET http:///runs/private/sse HTTP/1.1", "Host: x"]],
  ["an absolute target with a backslash", ["GET http://x\\runs\\private\\sse HTTP/1.1", "Host: x"]],
  ["an absolute target with dots", ["GET http://x/runs/public/../private/sse HTTP/1.1", "Host: x"]],
  ["an absolute target with a fragment", ["GET http://x/runs/private/sse#a HTTP/1.1", "Host: x"]],
  ["an asterisk", ["OPTIONS * HTTP/1.1", "Host: x"]],
];

describe("a request that is malformed or ambiguous", () => {
  it.each(MALFORMED)("gets 400 through Node's door, and nobody is asked: %s", async (_name, lines) => {
    const { hub, shown, errors } = witness();
    const [status, text] = await raw((request, response) => void toNodeHandler(hub)(request, response), lines, {
      requireHostHeader: false,
    });
    expect(status).toBe(400);
    // Some of these are refused by Node's own parser, without a body.
    if (text.includes("text/plain")) expect(text.split("\r\n\r\n")[0]).toContain("text/plain; charset=utf-8");
    expect([shown, errors, hub.streamCount, hub.connectionCount]).toEqual([[], [], 0, 0]);
  });

  it.each(MALFORMED)("gets 400 from sendEvents, and its target is closed: %s", async (_name, lines) => {
    const closed: boolean[] = [];
    const [status] = await raw(
      (request, response) => {
        const target = sendEvents(request, response);
        closed.push(target.closed, target.dispatchMessage("secret"));
      },
      lines,
      { requireHostHeader: false },
    );
    expect(status).toBe(400);
    expect(closed.length === 0 || closed).toEqual(closed.length === 0 ? true : [true, false]);
  });

  it.each([
    "/runs/private/sse#/runs/public/sse",
    "/runs\\private/sse",
    "/runs/public/../private/sse",
    "/runs/%2e%2e/sse",
    "/runs/ä/sse",
    "/runs/a b/sse",
    "runs/private/sse",
    "*",
    "",
    "http://user@localhost/runs/private/sse",
    "javascript:/runs/private/sse",
    "http://[/runs/private/sse",
  ])("gets 400 from an adapter of one's own as well: %j", async (url) => {
    const { hub, shown, errors } = witness();
    const asked = { ...head("/"), url, toRequest: () => new Request("http://localhost/runs/public/sse") };
    expect(await hub.handle(asked)).toMatchObject({ kind: "reply", status: 400 });
    expect([shown, errors, hub.streamCount]).toEqual([[], [], 0]);
  });

  it("gets 400 through the universal door, in a plain sentence, with the headers of CORS", async () => {
    const { hub, shown, errors } = witness(undefined, { cors: true });
    const response = await hub.fetch(new Request("http://localhost/runs/private/sse#/runs/public/sse"));
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([400, "*"]);
    expect(await response.text()).toMatch(/^[A-Z].*\.\n$/);
    expect([shown, errors]).toEqual([[], []]);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    // What else is wrong with an authority or a path is refused by Node's HTTP/2 itself.
    ["an authority that is no address", { ":authority": "1.2.3.4.5" }],
    ["an authority with percent-encoding", { ":authority": "x%2fy" }],
    ["a Host header that says something else", { ":authority": "x", host: "y" }],
    ["dots", { ":path": "/runs/public/../private/sse" }],
  ])("gets 400 over HTTP/2: %s", async (_name, headers) => {
    const { hub, shown, errors } = witness();
    const server = createHttp2Server(toNodeHandler(hub) as never);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(() => {
      session.destroy();
      server.close();
    });
    const asked = session.request({ ":path": "/runs/private/sse", ...headers });
    const [answered] = (await once(asked, "response")) as [Record<string, unknown>];
    expect(answered[":status"]).toBe(400);
    expect([shown, errors]).toEqual([[], []]);
  });
});

describe("authorize is shown what is served", () => {
  it.each([
    ["a plain request", "GET /runs/a/sse HTTP/1.1", "x", "http://x/runs/a/sse", "x", "a"],
    ["a port and a query", "GET /runs/a/sse?b=1 HTTP/1.1", "x:8080", "http://x:8080/runs/a/sse?b=1", "x:8080", "a"],
    ["an IPv6 address", "GET /runs/a/sse HTTP/1.1", "[::1]:81", "http://[::1]:81/runs/a/sse", "[::1]:81", "a"],
    ["an encoded slash", "GET /runs/a%2Fb/sse HTTP/1.1", "x", "http://x/runs/a%2Fb/sse", "x", "a/b"],
    ["letters that are encoded", "GET /runs/%61%62-%7e/sse HTTP/1.1", "x", "http://x/runs/ab-~/sse", "x", "ab-~"],
    ["an encoded slash in small letters", "GET /runs/a%2fb/sse HTTP/1.1", "x", "http://x/runs/a%2Fb/sse", "x", "a/b"],
    ["marks that need not be encoded", "GET /runs/a%21/sse?%61 HTTP/1.1", "x", "http://x/runs/a!/sse?%61", "x", "a!"],
    ["marks that need not be plain", "GET /runs/a:1/sse HTTP/1.1", "x", "http://x/runs/a%3A1/sse", "x", "a:1"],
    ["dots within an encoded name", "GET /runs/..%2Fb/sse HTTP/1.1", "x", "http://x/runs/..%2Fb/sse", "x", "../b"],
    ["an absolute target", "GET http://y:81/runs/a/sse HTTP/1.1", "x", "http://y:81/runs/a/sse", "y:81", "a"],
    ["a target that URLs encode", "GET /runs/{a}/sse HTTP/1.1", "x", "http://x/runs/%7Ba%7D/sse", "x", "{a}"],
  ])("for %s", async (_name, line, host, url, shownHost, stream) => {
    const { hub, shown } = witness();
    const handle = toNodeHandler(hub);
    const [status] = await raw((request, response) => void handle(request, response), [line, `Host: ${host}`]);
    expect(status).toBe(200);
    expect(shown).toEqual([{ url, host: shownHost, stream }]);
  });

  it("through the universal door, with what else the request has", async () => {
    const asked: [string, string | null][] = [];
    const hub = new SSEHub("/runs/:id/sse", {
      authorize: (request) => asked.push([request.url, request.headers.get("cookie")]) > 0,
    });
    const response = await hub.fetch(
      new Request("http://x/runs/%61/sse?lastEventId=0", { headers: { cookie: "b=1" } }),
    );
    expect([response.status, asked]).toEqual([200, [["http://x/runs/a/sse?lastEventId=0", "b=1"]]]);
    await response.body?.cancel();
  });

  it("for a handler that is mounted below a path", async () => {
    const { hub, shown } = witness("/api/runs/:id/sse");
    const handle = toNodeHandler(hub);
    const [status] = await raw(
      (request, response) => {
        // As Express does.
        Object.assign(request, { originalUrl: request.url, url: "/runs/other/sse" });
        void handle(request, response);
      },
      ["GET /api/runs/a/sse HTTP/1.1", "Host: x"],
    );
    expect([status, shown.map(({ url }) => url)]).toEqual([200, ["http://x/api/runs/a/sse"]]);
  });

  it("for an adapter of one's own", async () => {
    const urls: string[] = [];
    const target = new SSETarget("/sse", undefined, { authorize: (request) => urls.push(request.url) > 0 });
    const asked = { ...head("/"), url: "/sse?x=1", toRequest: (url: string) => new Request(url) };
    expect(await target.handle(asked)).toMatchObject({ kind: "stream" });
    expect(urls).toEqual(["http://localhost/sse?x=1"]);
  });

  it.each(["//runs/a/sse", "/runs//sse", "/runs/%/sse", "/runs/%ff/sse", "//evil.example/runs/a/sse"])(
    "and nothing for what is no stream's path: %s",
    async (path) => {
      const { hub, shown } = witness();
      const handle = toNodeHandler(hub);
      const [status] = await raw(
        (request, response) => void handle(request, response),
        [`GET ${path} HTTP/1.1`, "Host: x"],
      );
      expect([status, shown, hub.streamCount]).toEqual([404, [], 0]);
    },
  );
});
