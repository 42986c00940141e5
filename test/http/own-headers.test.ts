import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { SSETarget, sendEvents } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { describe, expect, it } from "vitest";

const END = "ssetarget:end";

interface Asked {
  readonly status: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ANSWERS: readonly Asked[] = [
  { status: 200 },
  { status: 200, method: "HEAD" },
  { status: 204, method: "OPTIONS" },
  { status: 204, headers: { "last-event-id": "1" } },
  { status: 400, path: "/sse\\x" },
  { status: 401, headers: { "x-as": "401" } },
  { status: 403, headers: { "x-as": "403" } },
  { status: 404, path: "/other" },
  { status: 405, method: "PUT" },
  { status: 406, headers: { accept: "text/html" } },
  { status: 500, headers: { "x-as": "error" } },
];

async function target(): Promise<SSETarget<{ type: "tick" }>> {
  const made = new SSETarget<{ type: "tick" }>("/sse", undefined, {
    authorize: (request) => {
      const as = request.headers.get("x-as");
      if (as === "error") throw new Error("no");
      return as === null || (Number(as) as 401);
    },
  });
  await made.complete();
  return made;
}

const request = ({ path = "/sse", method = "GET", headers = {} }: Asked) =>
  new Request(`http://localhost${path}`, { method, headers });

/** CORS, cookies, security headers: those who call add to a response what is theirs. */
describe("a caller's own headers", () => {
  it("can be set on every response of fetch", async () => {
    const serving = await target();
    for (const asked of ANSWERS.filter(({ status }) => status !== 400)) {
      const response = await serving.fetch(request(asked));
      response.headers.set("x-own", "1");
      expect([response.status, response.headers.get("x-own")]).toEqual([asked.status, "1"]);
      await response.body?.cancel();
    }
    await serving.close();
    const away = await serving.fetch(new Request("http://localhost/sse"));
    away.headers.append("set-cookie", "a=1");
    expect(away.headers.getSetCookie()).toEqual(["a=1"]);
  });

  it("can be set on every response of sendEvents", () => {
    const answers: Asked[] = [
      { status: 200 },
      { status: 200, method: "HEAD" },
      { status: 204, headers: { "last-event-id": END } },
      { status: 406, headers: { accept: "text/html" } },
    ];
    for (const asked of answers) {
      const { response } = sendEvents(request(asked));
      response.headers.set("x-own", "1");
      expect([response.status, response.headers.get("x-own")]).toEqual([asked.status, "1"]);
      void response.body?.cancel();
    }
  });

  it("are kept by Node's door, whatever it answers", async () => {
    const handle = toNodeHandler(await target());
    const server = createServer((asked, response) => {
      response.setHeader("X-Own", "1");
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      void handle(asked, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const { status, path = "/sse", method = "GET", headers = {} } of ANSWERS) {
      const asked = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }).end();
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      response.resume();
      expect([response.statusCode, response.headers["x-own"], response.headers["set-cookie"]]).toEqual([
        status,
        "1",
        ["a=1", "b=2"],
      ]);
      await once(response, "close");
    }
    server.close();
  });
});
