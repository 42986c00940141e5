import { type Browser, type Page } from "playwright-core";
import { dehydrateTrace, type TraceSnapshot } from "ssetarget/react";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ended, started, updated } from "../trace/support/span-events.ts";
import { launchChromium } from "../support/chromium.ts";
import { openCuttingProxy, type CuttingProxy } from "../support/cutting-proxy.ts";
import type { PAGES, PageProps, Probe } from "./support/pages.tsx";
import { buildScript, openReactServer, type ReactServer } from "./support/react-server.ts";
import { until } from "../support/until.ts";

let browser: Browser;
let script: string;
let server: ReactServer;
let proxy: CuttingProxy;
let page: Page;
/** What the page's console said: React complains there. */
let complaints: string[];

beforeAll(async () => {
  [browser, script] = await Promise.all([launchChromium(), buildScript("client.tsx")]);
});
afterAll(() => browser?.close());

beforeEach(async () => {
  complaints = [];
  server = await openReactServer(script);
  proxy = await openCuttingProxy(server.port);
  page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
});
afterEach(async () => {
  await page.context().close();
  await proxy.close();
  await server.close();
});

const RUN = "/runs/run/sse";

function show(name: keyof typeof PAGES, props: PageProps, isRendered = false): Promise<unknown> {
  return page.goto(proxy.url + server.pagePath(name, props, isRendered));
}

async function tell(events: readonly object[], stream = "run"): Promise<void> {
  await server.hub.stream(stream).dispatchEvents(events as never);
}

const expectText = (selector: string, text: string): Promise<unknown> =>
  page.waitForFunction(
    ([where, wanted]) => document.querySelector(where ?? "")?.textContent === wanted,
    [selector, text],
  );
const probe = () => page.evaluate(() => (globalThis as unknown as { probe: Probe }).probe);
const recovered = () => page.evaluate(() => (globalThis as unknown as { recovered: string[] }).recovered);

const OPEN = [started("first"), started("step", { parent: "first", ms: 1 })];

function snapshotOf(events: readonly object[], epoch: string | undefined): TraceSnapshot {
  return JSON.parse(
    JSON.stringify(
      dehydrateTrace(
        events.map((event, index) => ({ ...event, id: index + 1 })),
        epoch,
      ),
    ),
  ) as TraceSnapshot;
}

describe("the quick start", () => {
  it("shows a run", async () => {
    await server.close();
    server = await openReactServer(await buildScript("quick-start.tsx"));
    await tell([started("first", { name: "import" })], "run-1");
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await expectText("#app", "open, import: running");
    expect(complaints).toEqual([]);
  });
});

describe("components that follow the same run", () => {
  it("share one connection, also in strict mode, and see the same", async () => {
    await show("TwiceInStrictMode", { url: RUN });
    await tell([...OPEN, ended("step", { parent: "first", ms: 5 })]);
    await expectText("#done", "1");
    await expectText("#count", "1");
    await expectText("#one", "first running");
    await expectText("#status", "open");
    expect(server.requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it("let go of it a moment after the last has gone, and keep it where another comes at once whose user is named", async () => {
    await show("TwiceInStrictMode", { url: RUN, shareTabs: "anna" });
    await tell(OPEN);
    await expectText("#one", "first running");
    // Within the page, for from without the moment between might not be seen.
    await page.evaluate(async () => {
      for (const isShown of [false, true]) {
        document.getElementById("toggle")?.click();
        while ((document.getElementById("one") !== null) !== isShown) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    });
    await expectText("#one", "first running");
    expect(server.requests).toHaveLength(1);
    expect(server.hub.connectionCount).toBe(1);
    await page.click("#toggle");
    await until(() => server.hub.connectionCount === 0);
    await page.click("#toggle");
    await expectText("#one", "first running");
    expect(server.requests).toHaveLength(2);
    expect(complaints).toEqual([]);
  });

  it("leave nothing behind, however often they come and go", async () => {
    await show("TwiceInStrictMode", { url: RUN, shareTabs: "anna" });
    await tell(OPEN);
    await expectText("#one", "first running");
    await page.evaluate(async () => {
      for (let times = 1; times <= 501; times++) {
        document.getElementById("toggle")?.click();
        while ((document.getElementById("one") === null) !== (times % 2 === 1)) {
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }
    });
    await until(() => server.hub.connectionCount === 0);
    expect(server.requests).toHaveLength(1);
    const locks = () =>
      page.evaluate(async () => {
        const { held = [], pending = [] } = await navigator.locks.query();
        return held.length + pending.length;
      });
    await expect.poll(locks).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("miss nothing while the network is away, and say so", async () => {
    await show("RunPage", { url: RUN });
    await tell(OPEN);
    await expectText("#one", "first running");
    proxy.cut();
    await expectText("#status", "waiting");
    await tell([ended("step", { parent: "first", ms: 5 }), ended("first", { ms: 6 })]);
    await server.hub.complete("run");
    proxy.mend();
    await expectText("#status", "ended");
    await expectText("#one", "first done");
    await expectText("#done", "2");
    await expectText("#over", "true");
    // Nothing is missing, so nobody is told of a gap.
    await expectText("#gaps", "");
  });
});

describe("a page that was rendered on the server", () => {
  it("is taken over as it is, and goes on where its snapshot ended", async () => {
    await tell(OPEN);
    const epoch = (await cursor()).split(".")[1];
    const snapshot = snapshotOf(OPEN, epoch);
    await tell([ended("step", { parent: "first", ms: 5 })]);
    const html = await (await fetch(proxy.url + server.pagePath("RunPage", { url: RUN, snapshot }, true))).text();
    expect(html).toContain("first<!-- --> <!-- -->running");
    await show("RunPage", { url: RUN, snapshot }, true);
    await expectText("#done", "1");
    expect(server.requests.at(-1)?.lastEventId).toBe(`2.${epoch}`);
    expect(await recovered()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("asks for nothing where the run was over", async () => {
    const snapshot = snapshotOf([...OPEN, ended("first", { ms: 5 }), { type: "ssetarget:end" }], "epoch");
    await show("RunPage", { url: RUN, snapshot }, true);
    await expectText("#status", "ended");
    await expectText("#one", "first done");
    await expectText("#over", "true");
    expect(server.requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("shows the whole history anew where the server's is another one by now", async () => {
    await tell([started("other")]);
    await show("RunPage", { url: RUN, snapshot: snapshotOf(OPEN, "before") }, true);
    await expectText("#gaps", "reset");
    await expectText("#spans", "other running");
    await expectText("#one", "unknown");
    expect(complaints).toEqual([]);
  });

  it("needs no snapshot", async () => {
    await tell(OPEN);
    await show("RunPage", { url: RUN }, true);
    await expectText("#one", "first running");
    expect(await recovered()).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe("a URL", () => {
  it("that is null is not asked for, and another one shows nothing of the one before", async () => {
    await tell(OPEN, "first");
    await tell([started("other")], "second");
    await show("Switching", { url: "/runs/" });
    await expectText("#status", "closed");
    expect(server.requests).toEqual([]);
    await page.click("#show-first");
    await expectText("#spans", "first runningstep running");
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => seen.push(document.getElementById("spans")?.textContent ?? "")).observe(
        document.body,
        {
          subtree: true,
          childList: true,
          characterData: true,
        },
      );
      document.getElementById("show-second")?.click();
    });
    await expectText("#spans", "other running");
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    expect(new Set(seen)).toEqual(new Set(["", "other running"]));
    await until(() => server.hub.connectionCount === 1);
    await page.click("#show-none");
    await expectText("#status", "closed");
    await until(() => server.hub.connectionCount === 0);
    expect(complaints).toEqual([]);
  });

  it("that is refused says so, until somebody tries again", async () => {
    server.unknown.add("run");
    await show("RunPage", { url: RUN });
    await expectText("#status", "failed");
    server.unknown.delete("run");
    await tell(OPEN);
    await page.click("#reconnect");
    await expectText("#one", "first running");
    await expectText("#status", "open");
  });
});

describe("many spans", () => {
  const COUNT = 1_000;
  const id = (index: number) => `span-${index}`;
  const spans = () => [
    started("all"),
    ...Array.from({ length: COUNT }, (_, index) => started(id(index), { parent: "all", ms: index })),
  ];
  const move = (index: number) => updated(id(index), { parent: "all", ms: 5_000, progress: { current: 7, total: 9 } });

  it("render again one by one, each only where it has changed", async () => {
    await tell(spans());
    await show("ManyRows", { url: RUN });
    await page.waitForSelector(`#${id(COUNT - 1)}`);
    await page.waitForFunction(() => document.querySelectorAll("li").length === 1_000);
    const before = (await probe()).renders;
    const first = before[id(500)] ?? 0;
    await tell([move(500)]);
    await expectText(`#${id(500)}`, "running 7");
    const after = (await probe()).renders;
    const moved = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(moved.toSorted()).toEqual(["page", id(500)]);
    expect(after[id(500)]).toBe(first + 1);
  });

  it("render again along the way from the root where nodes are handed down", async () => {
    await tell(spans());
    await show("ManyBranches", { url: RUN });
    await page.waitForSelector(`#${id(COUNT - 1)}`);
    const before = (await probe()).renders;
    await tell([move(3), move(4)]);
    await page.waitForFunction((where) => document.getElementById(where)?.textContent?.startsWith("running 7"), id(4));
    const after = (await probe()).renders;
    const moved = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(moved.toSorted()).toEqual(["all", id(3), id(4)]);
  });
});

describe("concurrent rendering", () => {
  it("keeps its connection while something beside it is suspended", async () => {
    await tell(OPEN);
    await show("InSuspense", { url: RUN });
    await expectText("#one", "first running");
    await page.click("#suspend");
    await page.waitForSelector("#fallback");
    await tell([ended("step", { parent: "first", ms: 5 })]);
    // Longer than an unwatched connection stays open.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await page.evaluate(() => (globalThis as unknown as { resume: () => void }).resume());
    await expectText("#waited", "there");
    await expectText("#done", "1");
    expect(server.requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it("follows a run again that was hidden for a while, and does not call it closed", async () => {
    await tell(OPEN);
    await show("InActivity", { url: RUN });
    await expectText("#one", "first running");
    await page.click("#hide");
    await until(() => server.hub.connectionCount === 0);
    await tell([ended("step", { parent: "first", ms: 5 })]);
    await page.click("#hide");
    await expectText("#done", "1");
    await expectText("#status", "open");
    const { renders } = await probe();
    expect(Object.keys(renders).toSorted()).toEqual(["connecting", "open"]);
    expect(server.requests.map(({ lastEventId }) => lastEventId?.split(".")[0])).toEqual([undefined, "2"]);
    expect(complaints).toEqual([]);
  });

  it("never shows two moments at once", async () => {
    await tell([started("all")]);
    await show("SlowInTransition", { url: RUN });
    for (let n = 1; n <= 50; n++) {
      await tell([updated("all", { ms: n, progress: { current: n } })]);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await tell([updated("all", { ms: 9_999_999, progress: { current: -1 } })]);
    await page.waitForFunction(() => document.querySelector("[data-count]")?.textContent === "-1");
    await page.waitForFunction(() => Number(document.querySelector("[data-round]")?.getAttribute("data-round")) > 5);
    const { torn, commits } = await probe();
    expect(commits).toBeGreaterThan(10);
    expect(torn).toBe(0);
  });
});

describe("a stream of an application's own events", () => {
  const tick = (n: number) => ({ type: "tick", n });
  const heard = (n: number) => ({ type: "tick", data: { n } });

  it("is the newest of them, what they come to, and each once for those who only want to be told", async () => {
    await show("StrictEvents", { url: RUN });
    await expectText("#status", "open");
    await tell([tick(1), tick(2), { type: "tock", text: "now" }, tick(3), tick(4)]);
    await expectText("#sum", "10");
    await expectText("#events", "now 3 4");
    await expectText("#last", "tick");
    await server.hub.complete("run");
    await expectText("#status", "ended");
    expect((await probe()).heard).toMatchObject([
      { id: 1, ...heard(1) },
      { id: 2, ...heard(2) },
      { id: 3, type: "tock", data: { text: "now" } },
      { id: 4, ...heard(3) },
      { id: 5, ...heard(4) },
      { id: 6, type: "ssetarget:end" },
    ]);
    expect(server.requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it("begins anew where the server's history does, and says so", async () => {
    await show("StrictEvents", { url: RUN });
    await expectText("#status", "open");
    await tell([tick(1), tick(2)]);
    await expectText("#sum", "3");
    await server.restart();
    await tell([tick(40)]);
    await expectText("#gaps", "reset");
    await expectText("#sum", "40");
    await expectText("#events", "40");
    expect((await probe()).heard).toMatchObject([
      heard(1),
      heard(2),
      { type: "ssetarget:gap", data: { reason: "reset" } },
      heard(40),
    ]);
  });
});

/** The cursor of the newest event of the run. */
async function cursor(): Promise<string> {
  const response = await fetch(`${proxy.url}${RUN}`, { headers: { accept: "text/event-stream" } });
  const reader = response.body?.getReader();
  let text = "";
  while (!/^id: \S+\n/m.test(text)) text += new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  return /^id: (\S+)\n/m.exec(text)?.[1] ?? "";
}

describe("options", () => {
  const tick = (n: number) => ({ type: "tick", n });
  const rounds = (count: number) =>
    page.waitForFunction((wanted) => Number(document.querySelector("#round")?.textContent) >= wanted, count);

  it("that are written inline make no connection again, whatever they are, and the newest functions are called", async () => {
    await tell([...OPEN, ended("step", { parent: "first", ms: 5 })]);
    await show("InlineOptions", { url: RUN });
    await expectText("#done", "1");
    await tell([tick(1), tick(2), tick(3)]);
    await expectText("#sum", "6");
    await rounds(100);
    expect(server.requests).toHaveLength(2);
    proxy.cut();
    await expectText("#status", "waiting waiting");
    const before = Number(await page.textContent("#round"));
    proxy.mend();
    await tell([tick(4)]);
    await expectText("#sum", "10");
    await expectText("#status", "open open");
    expect(server.requests).toHaveLength(4);
    for (const { authorization } of server.requests.slice(2)) {
      expect(Number(authorization?.split("-")[1])).toBeGreaterThanOrEqual(before);
    }
    expect(complaints.filter((complaint) => !complaint.includes("net::ERR"))).toEqual([]);
  });

  it("with a signal that aborts close the stream for good, though each render has another one", async () => {
    await show("InlineTimeout", { url: RUN });
    await expectText("#status", "closed");
    const before = Number(await page.textContent("#round"));
    await rounds(before + 50);
    await expectText("#status", "closed");
    expect(server.requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it("that say who asks show a user nothing of what the one before was sent", async () => {
    await tell([tick(1)], "anna");
    await tell([tick(2)], "ben");
    await show("Users", { url: "/runs/own/sse" });
    await expectText("#own", "1, 1, 1, 1");
    await page.click("#switch");
    await expectText("#own", "2, 2, 2, 2");
    const { heard } = await probe();
    const shown = (user: string) =>
      new Set(heard.filter((each) => (each as [string])[0] === user).map((each) => (each as [string, string])[1]));
    expect([...shown("ben")].join("")).not.toContain("1");
    expect([...shown("anna")].join("")).not.toContain("2");
    expect(complaints).toEqual([]);
  });

  it("that leave it to cookies who asks show a user nothing of what the one before was sent", async () => {
    await tell([tick(1)], "anna");
    await tell([tick(2)], "ben");
    await show("CookieUsers", { url: "/runs/own/sse" });
    await expectText("#own", "1");
    await page.click("#switch");
    await expectText("#own", "2");
    const { heard } = await probe();
    expect(heard.filter((each) => (each as [string, string])[0] === "ben").join()).not.toContain("1");
    expect(heard.filter((each) => (each as [string, string])[0] === "anna").join()).not.toContain("2");
    await expect.poll(() => server.hub.connectionCount).toBe(1);
    expect(complaints).toEqual([]);
  });

  it("share a connection where they are the same functions, and only there", async () => {
    await tell([tick(1)], "anna");
    await show("TwoOfOneUser", { url: "/runs/own/sse" });
    await expectText("#same", "1");
    await expectText("#other", "1");
    // Four of the view, one of which is shared, and another component's own.
    await expect.poll(() => server.hub.connectionCount).toBe(5);
    expect(server.requests).toHaveLength(5);
  });
});
