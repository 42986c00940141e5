import { SSETarget, type SSETargetOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ClientPage } from "./support/client-page.ts";
import { openSite, upTo, type ClientSite, type Tick } from "./support/client-site.ts";
import { launchTabBrowser, type Tab, type TabBrowser } from "./support/client-tabs.ts";

declare const page: ClientPage;

let browser: TabBrowser;
let site: ClientSite;
let tabs: Tab[] = [];

beforeAll(async () => {
  browser = await launchTabBrowser();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await Promise.all(tabs.map((tab) => tab.close()));
  tabs = [];
  await site?.close();
});

/** Opens so many tabs that follow the stream, one after the other. */
async function openTabs(count: number, options: Parameters<ClientPage["follow"]>[1] = {}): Promise<void> {
  for (let more = 0; more < count; more++) {
    const tab = await browser.openTab(site.url);
    tabs.push(tab);
    await tab.evaluate((given) => page.follow("/sse", given), { backoff: { minMs: 20, maxMs: 500 }, ...options });
  }
}

async function open(count: number, options: SSETargetOptions = {}): Promise<void> {
  site = await openSite(options);
  await openTabs(count);
}

async function expectAll(seen: readonly unknown[], of: readonly Tab[] = tabs): Promise<void> {
  await Promise.all(of.map((tab) => tab.until((count) => page.seen.length >= count, seen.length)));
  for (const tab of of) expect(await tab.evaluate(() => page.seen)).toEqual(seen);
}

const connections = (count: number, timeout = 5_000) =>
  vi.waitFor(() => expect(site.target.connectionCount).toBe(count), { timeout });

describe("eight tabs of a browser", () => {
  it("share one connection, and each sees every event once and in order", async () => {
    await open(8);
    await site.tick(10);
    await expectAll(upTo(10));
    await connections(1);
    for (let round = 1; round <= 10; round++) await site.tick(20);
    await expectAll(upTo(210));
    expect(site.target.connectionCount).toBe(1);
    for (const tab of tabs) expect(await tab.evaluate(() => page.connection?.state.status)).toBe("open");
    await site.target.complete();
    await expectAll([...upTo(210), "ssetarget:end"]);
    await Promise.all(tabs.map((tab) => tab.until(() => page.connection?.state.status === "ended")));
  });

  it("open late get what they lack, though there is more all the time", async () => {
    await open(1);
    await site.tick(1_000);
    const enough = new AbortController();
    const ticking = (async () => {
      while (!enough.signal.aborted) {
        await site.tick(5);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await openTabs(7);
    enough.abort();
    await ticking;
    await site.tick(1);
    const last = (await tabs[0]?.evaluate(() => page.seen.length)) ?? 0;
    expect(last).toBeGreaterThan(1_000);
    await vi.waitFor(async () => {
      const counts = await Promise.all(tabs.map((tab) => tab.evaluate(() => page.seen.length)));
      expect(new Set(counts).size).toBe(1);
    });
    await expectAll(upTo((await tabs[0]?.evaluate(() => page.seen.length)) ?? 0));
    await connections(1);
  });

  it("go on when the one that leads is closed in the middle, by its application or by its user", async () => {
    await open(8);
    const ticking = (async () => {
      for (let round = 0; round < 60; round++) {
        await site.tick(5);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    // The first that asked leads.
    await tabs.shift()?.evaluate(() => page.connection?.close());
    await tabs.shift()?.close();
    await tabs.shift()?.close();
    await ticking;
    await expectAll(upTo(300));
    await connections(1);
  });

  it("go on when the one that leads is frozen, and it misses nothing when it wakes up", async () => {
    await open(8);
    await tabs[7]?.activate();
    await site.tick(5);
    await expectAll(upTo(5));
    await connections(1);
    await tabs[0]?.freeze();
    await site.tick(5);
    await expectAll(upTo(10), tabs.slice(1));
    await connections(1);
    await tabs[0]?.unfreeze();
    await site.tick(5);
    await expectAll(upTo(15));
    await connections(1);
  });

  it("go on when one that does not lead is frozen and wakes up", async () => {
    await open(4);
    await site.tick(5);
    await expectAll(upTo(5));
    await tabs[1]?.freeze();
    await site.tick(500);
    await expectAll(upTo(505), [tabs[0], tabs[2], tabs[3]] as Tab[]);
    await tabs[1]?.unfreeze();
    await expectAll(upTo(505));
    await connections(1);
  });

  it("go on when the one that leads hangs, and it misses nothing when it does not any more", async () => {
    await open(4);
    await tabs[3]?.activate();
    await site.tick(5);
    await expectAll(upTo(5));
    await connections(1);
    // A synchronous request holds up the whole tab, until it is answered.
    const hang = Promise.withResolvers<() => void>();
    site.answer = (request, response) => {
      if (request.url?.endsWith("hang") === true) hang.resolve(() => void response.end());
      else void toNodeHandler(site.target)(request, response);
    };
    const woken = tabs[0]?.evaluate(() => {
      const request = new XMLHttpRequest();
      request.open("GET", "/sse?hang", false);
      request.send();
    });
    const wake = await hang.promise;
    await site.tick(5);
    await expectAll(upTo(10), tabs.slice(1));
    wake();
    await woken;
    await site.tick(5);
    await expectAll(upTo(15));
    await connections(1);
  });

  it("go on when the network breaks, and are all told when the server begins anew", async () => {
    await open(8);
    await site.tick(5);
    await expectAll(upTo(5));
    site.proxy.cut();
    await site.tick(5);
    await Promise.all(tabs.map((tab) => tab.until(() => page.connection?.state.status === "waiting")));
    site.proxy.mend();
    await expectAll(upTo(10));
    site.restart();
    await site.tick(3);
    await expectAll([...upTo(10), "ssetarget:gap", ...upTo(3)]);
    await connections(1);
  });

  it("that are reloaded or left and come back to find their place again", async () => {
    await open(3);
    await site.tick(5);
    await expectAll(upTo(5));
    await tabs[0]?.navigate(`${site.url}/elsewhere`);
    await tabs[0]?.until(() => "page" in globalThis && page.connection === undefined);
    await site.tick(5);
    await expectAll(upTo(10), tabs.slice(1));
    await connections(1);
    // From the back/forward cache if the browser kept it there: then the page goes on as if it had slept.
    await tabs[0]?.goBack();
    await tabs[0]?.until(() => "page" in globalThis && location.pathname === "/");
    expect(await tabs[0]?.evaluate(() => page.connection !== undefined)).toBe(true);
    await expectAll(upTo(10));
    await connections(1);
  });
});

describe("tabs of users who follow one another at a browser", () => {
  /** Signs the user in, in a tab of its own. */
  async function signIn(user: string): Promise<void> {
    const tab = await browser.openTab(`${site.url}/sign-in`);
    await tab.evaluate((name) => void (document.cookie = `user=${name}`), user);
    await tab.close();
  }

  it("show nobody what the server does not let them have", async () => {
    site = await openSite({
      authorize: ({ headers }) => headers.get("cookie")?.includes("user=ben") !== true,
    });
    await signIn("anna");
    await openTabs(2);
    const [first, second] = tabs as [Tab, Tab];
    await site.tick(2);
    await expectAll([1, 2], [first, second]);
    await connections(1);
    await signIn("ben");
    await openTabs(1);
    const third = tabs[2] as Tab;
    await third.until(() => page.connection?.state.status === "failed");
    await site.tick(1);
    await expectAll([1, 2, 3], [first, second]);
    expect(await third.evaluate(() => page.seen)).toEqual([]);
    // Who takes over asks as well.
    await first.close();
    await second.until(() => page.connection?.state.status === "failed");
    await connections(0);
    tabs.shift();
  });

  it("show each their own at one URL", async () => {
    site = await openSite();
    const own = new SSETarget<Tick>("/sse");
    const [serveAnna, serveBen] = [toNodeHandler(site.target), toNodeHandler(own)];
    site.answer = (request, response) =>
      (request.headers.cookie?.includes("user=ben") ? serveBen : serveAnna)(request, response);
    await signIn("anna");
    await openTabs(2);
    await Promise.all(tabs.map((tab) => tab.until(() => page.connection?.state.status === "open")));
    await connections(1);
    await signIn("ben");
    await openTabs(2);
    await Promise.all(tabs.map((tab) => tab.until(() => page.connection?.state.status === "open")));
    await vi.waitFor(() => expect(own.connectionCount).toBe(1));
    await site.tick(1);
    await own.dispatchEvents([
      { type: "tick", n: 11 },
      { type: "tick", n: 12 },
    ]);
    await expectAll([1], tabs.slice(0, 2));
    await expectAll([11, 12], tabs.slice(2));
    expect([site.target.connectionCount, own.connectionCount]).toEqual([1, 1]);
  });
});

describe("a tab alone", () => {
  it("lets go of everything while it is frozen, and goes on when it is not", async () => {
    site = await openSite();
    await openTabs(1, { shareTabs: false });
    // It has to be in the background.
    tabs.push(await browser.openTab(`${site.url}/front`));
    await tabs[1]?.activate();
    const [tab] = tabs as [Tab];
    await site.tick(1);
    await expectAll([1], [tab]);
    await tab.freeze();
    await connections(0);
    await site.tick(2);
    await tab.unfreeze();
    await expectAll([1, 2, 3], [tab]);
  });

  it.each([{ shareTabs: false }, {}])("asks for nothing while it is left, with %o", async (options) => {
    site = await openSite();
    await openTabs(1, options);
    const [tab] = tabs as [Tab];
    await site.tick(1);
    await expectAll([1]);
    await tab.evaluate(() => void (page.statuses.length = 0));
    const { length } = site.requests;
    await tab.navigate(`${site.url}/elsewhere`);
    await tab.until(() => "page" in globalThis && page.connection === undefined);
    await connections(0);
    expect(site.requests).toHaveLength(length);
    await tab.goBack();
    await tab.until(() => "page" in globalThis && page.connection !== undefined);
    await site.tick(1);
    await expectAll([1, 2]);
    expect(await tab.evaluate(() => page.statuses)).toEqual(["connecting", "open"]);
    expect(site.requests).toHaveLength(length + 1);
  });
});
