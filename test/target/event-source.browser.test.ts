import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { SSETarget, type SSETargetOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { openCuttingProxy, type CuttingProxy } from "../support/cutting-proxy.ts";

type Tick = { type: "tick"; n: number };

let browser: Browser;
let server: Server;
let proxy: CuttingProxy;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await page?.context().close();
  await proxy?.close();
  server?.closeAllConnections();
  server?.close();
});

/** A page with an `EventSource` on the target, the network between them in the test's hands. */
async function watch(options: SSETargetOptions): Promise<SSETarget<Tick>> {
  const target = new SSETarget<Tick>("/sse", undefined, { retryMs: 50, ...options });
  const stream = toNodeHandler(target);
  server = createServer((request, response) => {
    if (request.url?.startsWith("/sse")) void stream(request, response);
    else response.setHeader("content-type", "text/html").end("<!doctype html><title>test</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await openCuttingProxy((server.address() as AddressInfo).port);
  page = await (await browser.newContext()).newPage();
  await page.goto(proxy.url);
  await page.evaluate(() => {
    const seen: unknown[] = [];
    const source = new EventSource("/sse");
    for (const type of ["tick", "ssetarget:gap", "ssetarget:end"]) {
      source.addEventListener(type, (event) => seen.push([type, JSON.parse((event as MessageEvent<string>).data)]));
    }
    Object.assign(globalThis, { seen, source });
  });
  await stateIs(1);
  return target;
}

const seen = () => page.evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen);
const stateIs = (state: number) =>
  page.waitForFunction(
    (wanted) => (globalThis as unknown as { source: EventSource }).source.readyState === wanted,
    state,
  );
const seenAre = (count: number) =>
  page.waitForFunction((wanted) => (globalThis as unknown as { seen: unknown[] }).seen.length >= wanted, count);

describe("a browser's EventSource", () => {
  it("misses nothing when it is cut off, and stops at the end", async () => {
    const target = await watch({});
    await target.dispatchEvent({ type: "tick", n: 1 });
    await seenAre(1);
    proxy.cut();
    await stateIs(0);
    await target.dispatchEvent({ type: "tick", n: 2 });
    await target.complete();
    proxy.mend();
    await stateIs(2);
    expect(await seen()).toEqual([
      ["tick", { n: 1 }],
      ["tick", { n: 2 }],
      ["ssetarget:end", { key: "ssetarget:end" }],
    ]);
  });

  it("that only wants what is new misses nothing either, though it was cut off before its first event", async () => {
    const target = await watch({ startAt: "new" });
    await target.dispatchEvent({ type: "tick", n: 1 });
    await seenAre(1);
    await page.reload();
    await page.evaluate(() => {
      const list: unknown[] = [];
      const source = new EventSource("/sse");
      source.addEventListener("tick", (event) => list.push(JSON.parse(event.data as string)));
      Object.assign(globalThis, { seen: list, source });
    });
    await stateIs(1);
    proxy.cut();
    await stateIs(0);
    await target.dispatchEvent({ type: "tick", n: 2 });
    proxy.mend();
    await seenAre(1);
    expect(await seen()).toEqual([{ n: 2 }]);
  });

  it("is told of what it missed where the server began anew", async () => {
    await watch({});
    const other = new SSETarget<Tick>("/sse", undefined, { retryMs: 50 });
    server.removeAllListeners("request");
    server.on("request", toNodeHandler(other));
    await page.evaluate(() => {
      const { source } = globalThis as unknown as { source: EventSource };
      source.close();
      const list: unknown[] = [];
      const again = new EventSource("/sse?lastEventId=41.old");
      again.addEventListener("ssetarget:gap", (event) => list.push(JSON.parse((event as MessageEvent<string>).data)));
      Object.assign(globalThis, { seen: list, source: again });
    });
    await seenAre(1);
    expect(await seen()).toEqual([{ reason: "reset", after: 41, resumesAt: 1 }]);
  });
});
