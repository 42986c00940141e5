import type { Browser, Page } from "playwright-core";
import type { SSETargetOptions } from "ssetarget";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import {
  follow,
  hasSeen,
  hasStatus,
  openSite,
  seenBy,
  upTo,
  type ClientSite,
  type PageGlobals,
} from "./support/client-site.ts";

let browser: Browser;
let site: ClientSite;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await page?.context().close();
  await site?.close();
});

async function open(options: SSETargetOptions = {}): Promise<void> {
  site = await openSite(options);
  page = await (await browser.newContext()).newPage();
  await page.goto(site.url);
}

const error = () =>
  page.evaluate(() => {
    const { error: why } = (globalThis as unknown as PageGlobals).page.connection?.state ?? {};
    return why && { code: why.code, status: why.status };
  });

describe.each([
  ["fetch", {}],
  ["EventSource", { native: ["tick"] }],
] as const)("the client in a browser, over %s", (_name, how) => {
  it("misses nothing when it is cut off, and ends with the stream", async () => {
    await open();
    await site.tick(2);
    await follow(page, { ...how, backoff: { minMs: 20, maxMs: 100 } });
    await hasSeen(page, 2);
    for (let round = 0; round < 3; round++) {
      site.proxy.cut();
      await hasStatus(page, "waiting");
      await site.tick(2);
      site.proxy.mend();
      await hasSeen(page, 4 + 2 * round);
    }
    await site.target.complete();
    await hasStatus(page, "ended");
    expect(await seenBy(page)).toEqual([...upTo(8), "ssetarget:end"]);
    const { length } = site.requests;
    await page.evaluate(() => (globalThis as unknown as PageGlobals).page.connection?.reconnect());
    expect(site.requests).toHaveLength(length);
  });

  it("is told where the server has begun anew", async () => {
    await open();
    await site.tick(2);
    await follow(page, { ...how, backoff: { minMs: 20, maxMs: 100 } });
    await hasSeen(page, 2);
    site.restart();
    await site.tick(1);
    await hasSeen(page, 4);
    expect(await seenBy(page)).toEqual([1, 2, "ssetarget:gap", 1]);
  });

  it("says why it was refused", async () => {
    await open({ authorize: () => 403 });
    await follow(page, how);
    await hasStatus(page, "failed");
    expect(await error()).toEqual({ code: "request-refused", status: 403 });
  });

  it("says so where the answer is a page", async () => {
    await open();
    site.answer = (_request, response) => response.setHeader("content-type", "text/html").end("<p>Please log in");
    await follow(page, how);
    await hasStatus(page, "failed");
    expect(await error()).toEqual({ code: "not-an-event-stream", status: 200 });
    // As is the address of the page itself.
    await follow(page, how, "");
    await hasStatus(page, "failed");
    expect(await error()).toEqual({ code: "not-an-event-stream", status: 200 });
  });

  it.each([
    [429, "30"],
    [503, new Date(Date.now() + 3_600_000).toUTCString()],
  ])("waits for as long as it is told to by a %i, until somebody presses a button", async (status, retryAfter) => {
    await open();
    await site.tick(1);
    site.answer = (_request, response) => response.writeHead(status, { "retry-after": retryAfter }).end();
    await follow(page, { ...how, backoff: { minMs: 20, maxMs: 100 } });
    await hasStatus(page, "waiting");
    expect(await error()).toEqual({ code: "connection-lost", status });
    const state = () => page.evaluate(() => (globalThis as unknown as PageGlobals).page.connection?.state);
    expect((await state())?.retryAtMs).toBeGreaterThan(Date.now() + 25_000);
    site.answer = undefined;
    await page.evaluate(() => (globalThis as unknown as PageGlobals).page.connection?.reconnect());
    await hasSeen(page, 1);
  });

  it("waits where the server is out of order, and goes on", async () => {
    await open();
    await site.tick(1);
    site.answer = (_request, response) => response.writeHead(502).end();
    await follow(page, { ...how, backoff: { minMs: 20, maxMs: 100 } });
    // While it tries again there is no error.
    await expect.poll(error, { timeout: 10_000 }).toEqual({ code: "connection-lost", status: 502 });
    site.answer = undefined;
    await hasSeen(page, 1);
  });

  it("is over where there is nothing more to come", async () => {
    await open();
    await site.tick(1);
    await site.target.complete();
    await follow(page, { ...how, lastEventId: "2" });
    await hasStatus(page, "ended");
    expect(await seenBy(page)).toEqual([]);
  });

  it("goes on after a reload where it was", async () => {
    await open();
    await site.tick(3);
    await follow(page, { ...how, store: "session" });
    await hasSeen(page, 3);
    await page.reload();
    await site.tick(2);
    await follow(page, { ...how, store: "session" });
    await hasSeen(page, 2);
    expect(await seenBy(page)).toEqual([4, 5]);
    // Another tab has a storage of its own for a session.
    const other = await page.context().newPage();
    await other.goto(site.url);
    await follow(other, { ...how, store: "session" });
    await hasSeen(other, 5);
  });
});

describe("the client in a browser", () => {
  it("goes to other origins, with its cursor", async () => {
    await open();
    const elsewhere = await openSite({ cors: true });
    try {
      await elsewhere.tick(1);
      await follow(page, { backoff: { minMs: 20, maxMs: 100 } }, `${elsewhere.url}/sse`);
      await hasSeen(page, 1);
      elsewhere.proxy.cut();
      await hasStatus(page, "waiting");
      await elsewhere.tick(1);
      elsewhere.proxy.mend();
      await hasSeen(page, 2);
      expect(await seenBy(page)).toEqual([1, 2]);
      expect(elsewhere.requests.at(-1)?.headers["last-event-id"]).toMatch(/^1\./);
    } finally {
      await elsewhere.close();
    }
  });

  it("sends cookies where they belong, and to other origins where it is told to", async () => {
    await open();
    const elsewhere = await openSite();
    try {
      await page.context().addCookies([{ name: "who", value: "me", url: site.url }]);
      site.answer = (_request, response) => response.writeHead(204).end();
      elsewhere.answer = (request, response) =>
        response
          .setHeader("access-control-allow-origin", request.headers.origin ?? "*")
          .setHeader("access-control-allow-credentials", "true")
          .writeHead(204)
          .end();
      for (const credentials of [undefined, "omit", "include"]) {
        for (const { url } of [site, elsewhere]) {
          await follow(page, { credentials }, `${url}/sse`);
          await hasStatus(page, "ended");
        }
      }
      const cookies = ({ requests }: ClientSite) => requests.map(({ headers }) => headers.cookie);
      expect(cookies(site)).toEqual(["who=me", undefined, "who=me"]);
      expect(cookies(elsewhere)).toEqual([undefined, undefined, "who=me"]);
    } finally {
      await elsewhere.close();
    }
  });

  it("carries headers along a redirect within its origin, and to no other one", async () => {
    await open();
    const elsewhere = await openSite({ cors: true });
    let asked = 0;
    elsewhere.answer = (_request, response) => void response.writeHead(500).end(`${++asked}`);
    try {
      let location = "/sse/there";
      site.answer = ({ url }, response) => {
        if (url === "/sse") response.writeHead(307, { location }).end();
        else response.writeHead(204).end();
      };
      await follow(page, { headers: { "x-key": "secret" } });
      await hasStatus(page, "ended");
      expect(site.requests.at(-1)).toMatchObject({ url: "/sse/there", headers: { "x-key": "secret" } });
      location = `${elsewhere.url}/sse`;
      await follow(page, { headers: { "x-key": "secret" } });
      await hasStatus(page, "failed");
      expect(await error()).toEqual({ code: "request-refused" });
      expect(asked).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });

  it("gives a connection up that says nothing any more, and makes another", async () => {
    await open();
    await site.tick(2);
    site.answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('id: 1\nevent: tick\ndata: {"n":1}\n\n');
    };
    await follow(page, { backoff: { minMs: 20, maxMs: 100 }, idleTimeoutMs: 300 });
    await hasSeen(page, 1);
    site.answer = undefined;
    await hasSeen(page, 2);
    expect(await seenBy(page)).toEqual([1, 2]);
    expect(site.requests.at(-1)?.headers["last-event-id"]).toBe("1");
  });

  it.each(["Worker", "SharedWorker"])("works in a %s", async (kind) => {
    await open();
    await site.tick(1);
    const seen = page.evaluate(
      ([name, url]) =>
        new Promise((resolve) => {
          const code = `
            import "${url}/client.js";
            const tell = (port) => page.connection.addEventListener("*", ({ data }) => port.postMessage(data.n));
            page.follow("${url}/sse");
            if ("onconnect" in self) self.onconnect = ({ ports }) => tell(ports[0]);
            else tell(self);`;
          const script = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const listener = ({ data }: MessageEvent) => resolve(data);
          if (name === "Worker") new Worker(script, { type: "module" }).addEventListener("message", listener);
          else {
            const { port } = new SharedWorker(script, { type: "module" });
            port.addEventListener("message", listener);
            port.start();
          }
        }),
      [kind, site.url],
    );
    // A shared worker is asked only once it has been made, and may have had the first event by then.
    const ticking = setInterval(() => void site.tick(1), 50);
    expect(await seen).toBeGreaterThan(0);
    clearInterval(ticking);
  });

  it("sends a token, and gets a fresh one where it is refused", async () => {
    await open({ authorize: (request) => request.headers.get("authorization") === "Bearer fresh" || 401 });
    await site.tick(1);
    await page.waitForFunction(() => "page" in globalThis);
    await page.evaluate(() => {
      (globalThis as unknown as PageGlobals).page.follow("/sse", {
        token: ({ wasRefused }) => (wasRefused ? "fresh" : "stale"),
      });
    });
    await hasSeen(page, 1);
    expect(site.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer stale", "Bearer fresh"]);
  });

  it("does not wait any longer when the network is back", async () => {
    await open({ retryMs: 600_000 });
    await site.tick(1);
    await follow(page, { backoff: { maxMs: 600_000 } });
    await hasSeen(page, 1);
    await page.context().setOffline(true);
    site.proxy.cut();
    // From now on only the browser's word that it is online can end the wait.
    await page.waitForFunction(() => {
      const { status, retryAtMs = 0 } = (globalThis as unknown as PageGlobals).page.connection?.state ?? {};
      return status === "waiting" && retryAtMs > Date.now() + 60_000;
    });
    site.proxy.mend();
    await site.tick(1);
    await page.context().setOffline(false);
    await hasSeen(page, 2);
    expect(await seenBy(page)).toEqual([1, 2]);
  });

  it("follows a trace", async () => {
    await open();
    const started = { type: "started", traceId: "t", spanId: "s", parentSpanId: null, name: "work", attributes: {} };
    await site.target.dispatchEvent({ ...started, timestamp: new Date().toISOString() } as never);
    await page.waitForFunction(() => "page" in globalThis);
    await page.evaluate(() => (globalThis as unknown as PageGlobals).page.watchTrace("/sse"));
    await page.waitForFunction(() => (globalThis as unknown as PageGlobals).page.watch?.tree.totals.running === 1);
    await site.target.complete();
    await page.waitForFunction(() => (globalThis as unknown as PageGlobals).page.watch?.tree.totals.abandoned === 1);
    expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).page.watch?.tree.roots[0]?.name)).toBe(
      "work",
    );
  });
});
