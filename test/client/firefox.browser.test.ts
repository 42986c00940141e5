import type { SSETargetOptions } from "ssetarget";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { launchFirefox, type Firefox, type FirefoxTab } from "../support/firefox.ts";
import type { ClientPage } from "./support/client-page.ts";
import { openSite, upTo, type ClientSite } from "./support/client-site.ts";

declare const page: ClientPage;

type Options = Parameters<ClientPage["follow"]>[1];

let browser: Firefox;
let site: ClientSite;
let tabs: FirefoxTab[] = [];

// One process for all: what it allows can be changed while it runs.
beforeAll(async () => {
  browser = await launchFirefox();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await Promise.all(tabs.map((tab) => tab.close()));
  tabs = [];
  await site?.close();
});

async function open(options: SSETargetOptions = {}): Promise<void> {
  site = await openSite(options, "firefox-page.ts");
}

async function openTab(url = site.url): Promise<FirefoxTab> {
  const tab = await browser.openTab(url);
  tabs.push(tab);
  await tab.until(() => "page" in globalThis);
  return tab;
}

async function follow(tab: FirefoxTab, options: Options = {}): Promise<void> {
  await tab.evaluate((given) => page.follow("/sse", given), { backoff: { minMs: 20, maxMs: 500 }, ...options });
}

async function openTabs(count: number, options: Options = {}): Promise<void> {
  for (let more = 0; more < count; more++) await follow(await openTab(), options);
}

async function expectSeen(seen: readonly unknown[], of: readonly FirefoxTab[] = tabs): Promise<void> {
  await Promise.all(of.map((tab) => tab.until((count) => page.seen.length >= count, seen.length)));
  for (const tab of of) expect(await tab.evaluate(() => page.seen)).toEqual(seen);
}

const hasStatus = (tab: FirefoxTab, status: string) =>
  tab.until((wanted) => page.connection?.state.status === wanted, status);
const connections = (count: number) =>
  vi.waitFor(() => expect(site.target.connectionCount).toBe(count), { timeout: 15_000 });

/** What an element shows. */
const shownBy = (tab: FirefoxTab, name: string) =>
  tab.evaluate((tag) => document.querySelector(tag)?.shadowRoot?.textContent ?? "", name);

const span = (type: "started" | "ended", spanId: string, parentSpanId: string | null) => ({
  type,
  traceId: "run",
  spanId,
  parentSpanId,
  name: `the ${spanId}`,
  timestamp: new Date().toISOString(),
  status: { code: "OK" },
});

/** Puts both elements into the page, which show the run as it goes on. */
async function expectRun(tab: FirefoxTab): Promise<void> {
  const elements = ["ssetarget-trace", "ssetarget-progress"];
  await tab.evaluate((tags) => {
    for (const tag of tags) {
      const element = document.createElement(tag);
      element.setAttribute("src", "/sse");
      document.body.append(element);
    }
  }, elements);
  const show = (text: string) =>
    vi.waitFor(
      async () => {
        for (const name of elements) expect(await shownBy(tab, name)).toContain(text);
      },
      { timeout: 25_000 },
    );
  await site.target.dispatchEvents([span("started", "run", null), span("started", "step", "run")] as never);
  await show("the step");
  await site.target.dispatchEvents([span("started", "other", "run"), span("ended", "step", "run")] as never);
  await show("the other");
}

describe("Firefox", () => {
  beforeAll(() => browser.setCookies("ofAllSites"));

  it.each([{}, { native: ["tick"] }])(
    "misses nothing when it is cut off, and ends with the stream, with %o",
    async (how) => {
      await open();
      await site.tick(2);
      await openTabs(1, how);
      const [tab] = tabs as [FirefoxTab];
      await expectSeen([1, 2]);
      site.proxy.cut();
      await hasStatus(tab, "waiting");
      await site.tick(2);
      site.proxy.mend();
      await expectSeen(upTo(4));
      site.restart();
      await site.tick(1);
      await expectSeen([...upTo(4), "ssetarget:gap", 1]);
      await site.target.complete();
      await expectSeen([...upTo(4), "ssetarget:gap", 1, "ssetarget:end"]);
      await hasStatus(tab, "ended");
    },
  );

  it("says why it was refused", async () => {
    await open({ authorize: () => 403 });
    await openTabs(1);
    const [tab] = tabs as [FirefoxTab];
    await hasStatus(tab, "failed");
    expect(await tab.evaluate(() => page.connection?.state.error?.status)).toBe(403);
  });

  it("keeps its cursor over a reload", async () => {
    await open();
    await site.tick(2);
    await openTabs(1, { storage: "sessionStorage" });
    const [tab] = tabs as [FirefoxTab];
    await expectSeen([1, 2]);
    await tab.until(() => sessionStorage.length === 1);
    await tab.reload();
    await tab.until(() => "page" in globalThis && page.connection === undefined);
    await follow(tab, { storage: "sessionStorage" });
    await site.tick(1);
    await expectSeen([3]);
  });

  it("shares one connection among its tabs, and goes on when the one that leads is closed", async () => {
    await open();
    await openTabs(4);
    await site.tick(10);
    await expectSeen(upTo(10));
    await connections(1);
    await tabs.shift()?.close();
    await site.tick(10);
    await expectSeen(upTo(20));
    await connections(1);
    expect(site.requests).toHaveLength(5);
  });

  it("shows a run in both elements", async () => {
    await open();
    await expectRun(await openTab());
  });
});

/** Which of these the page may have. */
function permissions(): Promise<Record<string, boolean>> {
  const uses: Readonly<Record<string, () => unknown>> = {
    channels: () => new BroadcastChannel("any"),
    locks: () => navigator.locks.request("any", () => {}),
    localStorage: () => localStorage,
    sessionStorage: () => sessionStorage,
  };
  const ask = async ([name, use]: [string, () => unknown]) => {
    try {
      await use();
      return [name, true] as const;
    } catch {
      return [name, false] as const;
    }
  };
  return Promise.all(Object.entries(uses).map(ask)).then((all) => Object.fromEntries(all));
}

describe("Firefox with cookies blocked", () => {
  beforeAll(() => browser.setCookies("none"));

  it("gives each tab its own connection, and misses nothing", async () => {
    await open();
    await openTabs(2, { storage: "localStorage" });
    const nothing = { channels: false, locks: false, localStorage: false, sessionStorage: false };
    expect(await tabs[0]?.evaluate(permissions)).toEqual(nothing);
    await site.tick(2);
    await expectSeen([1, 2]);
    expect(site.target.connectionCount).toBe(2);
    for (const tab of tabs) await hasStatus(tab, "open");
    site.proxy.cut();
    await Promise.all(tabs.map((tab) => hasStatus(tab, "waiting")));
    await site.tick(1);
    site.proxy.mend();
    await expectSeen([1, 2, 3]);
    await site.target.complete();
    for (const tab of tabs) await hasStatus(tab, "ended");
  });

  it("shows a run in both elements", async () => {
    await open();
    await expectRun(await openTab());
  });
});

describe("Firefox with the cookies of other sites blocked", () => {
  beforeAll(() => browser.setCookies("ofThisSite"));

  it("follows a stream in a page that another site's page embeds", async () => {
    await open();
    // To browsers these two names of this machine are two sites.
    const outer = await openTab(site.url.replace("127.0.0.1", "localhost"));
    await outer.evaluate((url) => {
      const frame = document.createElement("iframe");
      // What is out of sight is not drawn.
      Object.assign(frame, { src: url, width: "900", height: "600" });
      document.body.append(frame);
      return new Promise((resolve) => frame.addEventListener("load", () => resolve(true)));
    }, site.url);
    const inner = await outer.frame();
    await inner.until(() => "page" in globalThis);
    expect(await inner.evaluate(permissions)).toMatchObject({ channels: false, locks: false, localStorage: false });
    await follow(inner, { storage: "localStorage" });
    await site.tick(2);
    await expectSeen([1, 2], [inner]);
    await hasStatus(inner, "open");
    await expectRun(inner);
  });
});
