import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type StreamEvent, SSEHub } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { createServer as createVite, type ViteDevServer } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ended, failed, started } from "../trace/support/span-events.ts";
import { launchChromium } from "../support/chromium.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { startNodeDemo, type Demo } from "../support/demos.ts";

/** Where screenshots go, to be looked at. */
const SHOTS = "test-results/react-shop";
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

let browser: Browser;
beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  browser = await launchChromium();
});
afterAll(() => browser?.close());

/** The shop as `examples/react/start.ts` serves it, in front of whatever has the orders. */
async function openShop(ordersAt: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  process.env["SHOP_URL"] = ordersAt;
  const vite: ViteDevServer = await createVite({
    configFile: "examples/react/vite.config.ts",
    logLevel: "error",
    server: { port: 0, strictPort: false, hmr: false, ws: false },
  });
  await vite.listen();
  const address = vite.httpServer?.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, close: () => vite.close() };
}

const pages: Page[] = [];
let complaints: string[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  complaints = [];
});

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1180, height: 860 }, ...options })).newPage();
  pages.push(page);
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

const shot = (page: Page, what: string) => page.screenshot({ path: `${SHOTS}/${what}.png`, fullPage: true });

/** What automatic checks of accessibility find. */
async function obstacles(page: Page): Promise<unknown> {
  await page.addScriptTag({ path: "node_modules/axe-core/axe.min.js" });
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: unknown[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => [id, nodes]);
  });
}

const stage = (page: Page, id: string, state: string) => page.locator(`[data-stage="${id}"][data-state="${state}"]`);
const hasSidewaysScroll = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describe("the shop, in front of the demo on Node", () => {
  let demo: Demo;
  let shop: Awaited<ReturnType<typeof openShop>>;
  let proxy: Awaited<ReturnType<typeof openCuttingProxy>>;
  beforeAll(async () => {
    demo = await startNodeDemo();
    proxy = await openCuttingProxy(demo.port);
    shop = await openShop(proxy.url);
  });
  afterAll(async () => {
    await shop?.close();
    await proxy?.close();
    await demo?.stop();
  });

  afterEach(() => proxy.mend());

  it("takes an order, shows it move to everybody who looks, and hands it to the courier", async () => {
    const page = await open(shop.url);
    await shot(page, "basket");
    expect(await obstacles(page)).toEqual([]);
    await page.getByRole("button", { name: /Order and pay/ }).click();
    await page.waitForURL(/\/orders\/[\w-]+$/);
    const phone = await open(page.url(), { ...PHONE, colorScheme: "dark" });
    await stage(page, "payment", "active").waitFor();
    await page.getByText("asking again").waitFor();
    await shot(page, "payment");
    await stage(page, "packing", "active").getByRole("progressbar").waitFor();
    await page.locator(".is-packed").nth(2).waitFor();
    await shot(page, "packing");
    await shot(phone, "packing-phone-dark");
    await stage(page, "check", "waiting").waitFor();
    await shot(page, "waiting");
    for (const each of [page, phone]) expect(await obstacles(each)).toEqual([]);
    await shot(phone, "waiting-phone-dark");
    expect(await hasSidewaysScroll(phone)).toBe(false);
    await page.getByRole("button", { name: "The parcel is fine" }).click();
    for (const each of [page, phone]) {
      await each.getByText("DEMO-4711").waitFor();
      await each.getByRole("heading", { name: "It is on its way" }).waitFor();
      expect(await each.locator("[data-stage]:not([data-state=done])").count()).toBe(0);
      expect(await each.locator(".is-packed").count()).toBe(8);
    }
    await shot(page, "on-its-way");
    await shot(phone, "on-its-way-phone-dark");
    expect(complaints).toEqual([]);
  });

  it("says kindly that it has lost touch, and catches up", async () => {
    const response = await fetch(`http://127.0.0.1:${demo.port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"speed":20}',
    });
    const { id } = (await response.json()) as { id: string };
    const page = await open(`${shop.url}/orders/${id}`, { ...PHONE });
    await stage(page, "check", "waiting").waitFor();
    proxy.cut();
    await page.getByText("We have lost touch").waitFor();
    await shot(page, "lost-touch-phone");
    expect(await obstacles(page)).toEqual([]);
    await fetch(`http://127.0.0.1:${demo.port}/${id}/event`, { method: "POST" });
    proxy.mend();
    await page.getByRole("heading", { name: "It is on its way" }).waitFor();
    expect(await page.getByText("We have lost touch").count()).toBe(0);
  });

  it("says so where there is no such order", async () => {
    const page = await open(`${shop.url}/orders/00000000-0000-4000-8000-000000000000`);
    await page.getByRole("heading", { name: "We cannot find this order" }).waitFor();
    await shot(page, "unknown");
    expect(complaints).toEqual([]);
  });
});

describe("the shop, where something goes wrong", () => {
  let server: Server;
  let hub: SSEHub<StreamEvent>;
  let shop: Awaited<ReturnType<typeof openShop>>;
  beforeAll(async () => {
    hub = new SSEHub<StreamEvent>("/:id/sse");
    server = createServer(toNodeHandler(hub));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    shop = await openShop(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(async () => {
    await shop?.close();
    await hub.close({ closeTimeoutMs: 0 });
    server.closeAllConnections();
    server.close();
  });

  const step = (name: string, ms: number) => ({ parent: "run", name, kind: "step" as const, ms });
  const placed = [
    started("run", { name: "purchase", kind: "workflow" }),
    started("1", step("check the basket", 1)),
    ended("1", step("check the basket", 2)),
    started("2", step("reserve the stock", 3)),
    ended("2", step("reserve the stock", 4)),
  ];

  it("is sorry that a payment did not go through, and offers the basket again", async () => {
    await hub
      .stream("unpaid")
      .dispatchEvents([
        ...placed,
        started("3", step("charge the card", 5)),
        failed("3", "The card has expired", step("charge the card", 6)),
        failed("run", "The card has expired", { name: "purchase", kind: "workflow", ms: 7 }),
      ]);
    await hub.complete("unpaid");
    const page = await open(`${shop.url}/orders/unpaid`);
    await page.getByText("Your card has not been charged").waitFor();
    await page.getByText("The card has expired").waitFor();
    await stage(page, "payment", "failed").waitFor();
    await shot(page, "unpaid");
    expect(await obstacles(page)).toEqual([]);
    await shot(await open(`${shop.url}/orders/unpaid`, PHONE), "unpaid-phone");
    await page.getByRole("button", { name: "Back to your basket" }).click();
    await page.getByRole("heading", { name: "Your basket" }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("does not claim that nothing was charged once something was", async () => {
    await hub
      .stream("late")
      .dispatchEvents([
        ...placed,
        started("3", step("look for fraud", 5)),
        ended("3", step("look for fraud", 6)),
        started("4", step("charge the card", 7)),
        ended("4", step("charge the card", 8)),
        started("5", step("let the payment settle", 9)),
        ended("5", step("let the payment settle", 10)),
        started("6", step("pack the parcel", 11)),
        failed("6", "The vase broke", step("pack the parcel", 12)),
        failed("run", "The vase broke", { name: "purchase", kind: "workflow", ms: 13 }),
      ]);
    await hub.complete("late");
    const page = await open(`${shop.url}/orders/late`, { colorScheme: "dark" });
    await page.getByRole("heading", { name: "Your order is held up" }).waitFor();
    expect(await page.getByText("has not been charged").count()).toBe(0);
    await shot(page, "held-up-dark");
  });
});
