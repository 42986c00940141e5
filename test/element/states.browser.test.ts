import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { drawn, type ElementPages, feed, mountTrace, openElementPages } from "./support/element-page.ts";
import { DEPLOYMENT, eventsOf, FAILED_DEPLOYMENT, manySpans } from "./support/scenes.ts";

let browser: Browser;
let pages: ElementPages;

beforeAll(async () => {
  browser = await launchChromium();
  pages = await openElementPages(browser);
});
afterAll(async () => {
  await pages?.close();
  await browser?.close();
});
afterEach(async () => {
  await pages.leave();
  expect(pages.complaints.splice(0)).toEqual([]);
});

/** The machine may be busy. */
const PATIENT = { timeout: 15_000 };
const running = (): object[] => eventsOf(DEPLOYMENT, Date.now() - 24_000);
const failed = (): object[] => [...eventsOf(FAILED_DEPLOYMENT, Date.now() - 60_000), { type: "ssetarget:end" }];
const text = (page: Page) =>
  page.locator("ssetarget-trace").evaluate((element) => element.shadowRoot?.textContent ?? "");
const status = (page: Page) => page.locator("ssetarget-trace").getByRole("status");
const refusal = (code: number) => ({ status: "failed", state: { error: { status: code } as never } }) as const;

describe("the states of <ssetarget-trace>", () => {
  it("says that it connects, and that it waits for the first event", async () => {
    const page = await pages.open();
    await mountTrace(page, { status: "connecting" });
    expect(await text(page)).toMatch(/Connecting.*Waiting for the first event/);
  });

  it("says that it is live, and that the run has ended", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    expect(await text(page)).toContain("Live");
    await page.evaluate(() => window.watch.become("ended"));
    await drawn(page);
    expect(await text(page)).toContain("Ended");
  });

  it("says that a run ended without any steps", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: [{ type: "ssetarget:end" }], status: "ended" });
    expect(await text(page)).toContain("This run ended without any steps.");
  });

  it("counts down to the next try, and has a button for it", async () => {
    const page = await pages.open();
    await mountTrace(page, {
      events: running(),
      status: "waiting",
      state: { retryAtMs: Date.now() + 55_000, attempt: 2 },
    });
    const seconds = async () => Number(/Reconnecting in (\d+)s/.exec(await text(page))?.[1]);
    const first = await seconds();
    expect(first).toBeGreaterThan(0);
    await expect.poll(seconds, PATIENT).toBeLessThan(first);
    await page.getByRole("button", { name: "Try now" }).click();
    expect(await page.evaluate(() => window.watch.reconnects)).toBe(1);
  });

  it.each([
    [404, "Not found.", "The server does not know this run"],
    [401, "Not allowed.", "You may have to sign in"],
    [500, "The server cannot be reached.", "Try again"],
  ])("says why the server refuses with %i, and can try again", async (code, title, words) => {
    const page = await pages.open();
    await mountTrace(page, refusal(code));
    const notice = page.getByRole("note");
    expect(await notice.innerText()).toContain(title);
    expect(await notice.innerText()).toContain(words);
    expect(await text(page)).not.toContain("how things stood");
    await notice.getByRole("button", { name: "Try again" }).click();
    expect(await page.evaluate(() => window.watch.reconnects)).toBe(1);
  });

  it("stands still when the connection is given up, and says so", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await page.evaluate(() => window.watch.become("failed", { error: { status: 503, message: "down" } as never }));
    await drawn(page);
    expect(await page.getByRole("note").innerText()).toContain("how things stood at the last contact");
    const duration = () => page.getByRole("timer").innerText();
    const before = await duration();
    await new Promise((resolve) => setTimeout(resolve, 400));
    await feed(page, []);
    expect(await duration()).toBe(before);
    const turning = await page.evaluate(() =>
      window.element.shadowRoot?.getAnimations().filter(({ playState }) => playState === "running"),
    );
    expect(turning).toEqual([]);
  });

  it("says what is missing", async () => {
    const page = await pages.open();
    await mountTrace(page, {
      events: [{ type: "ssetarget:gap", reason: "trimmed", after: 17, resumesAt: 1208 }, ...running()],
    });
    expect(await page.getByRole("note").innerText()).toContain("Events 18 to 1,207 are no longer kept");
    await feed(page, [{ type: "ssetarget:gap", reason: "reset", after: 17, resumesAt: 1 }]);
    expect(await page.getByRole("note").innerText()).toContain("history was reset");
  });

  it("says the same of a run that only waits in its header, its rows and its chips", async () => {
    const page = await pages.open();
    const span = (spanId: string, parentSpanId: string | null, kind: string, more: object = {}) => ({
      traceId: "run-1",
      spanId,
      parentSpanId,
      name: spanId,
      kind,
      type: "started",
      timestamp: new Date(Date.now() - 5_000).toISOString(),
      attributes: {},
      ...more,
    });
    const stateOf = (of: string) => page.locator(of).first().getAttribute("data-state");
    const chips = async () => (await page.locator(".chip").allInnerTexts()).map((each) => each.replaceAll(/\s+/g, " "));
    const events = [span("order", null, "workflow"), span("ship", "order", "step")];
    await mountTrace(page, { events: [...events, span("nap", "ship", "sleep")], attributes: { follow: "" } });
    expect(await Promise.all([".header", "[data-name=order]", "[data-name=ship]"].map(stateOf))).toEqual([
      "sleeping",
      "sleeping",
      "sleeping",
    ]);
    expect(await chips()).toEqual(["3 sleeping"]);
    expect(await page.locator(".headline").innerText()).toBe("Sleeping: nap");
    await feed(page, [span("sign", "ship", "wait", { waitingFor: "a signature" })]);
    expect(await Promise.all([".header", "[data-name=order]", "[data-name=ship]"].map(stateOf))).toEqual([
      "waiting",
      "waiting",
      "waiting",
    ]);
    expect((await chips()).toSorted()).toEqual(["1 sleeping", "3 waiting"]);
    expect(await page.locator(".headline").innerText()).toBe("Waiting for a signature");
    const follow = page.getByRole("button", { name: "Follow" });
    expect(await follow.getAttribute("aria-pressed")).toBe("true");
    // Once all is over there is nothing to follow.
    const ended = { type: "ended", status: { code: "OK" }, timestamp: new Date().toISOString() };
    await feed(
      page,
      ["nap", "sign", "ship", "order"].map((id) => ({ ...span(id, null, "step"), ...ended })),
    );
    expect(await follow.getAttribute("aria-pressed")).toBe("false");
  });

  it("tells the page how connection and run stand", async () => {
    const page = await pages.open();
    await mountTrace(page, { status: "connecting" });
    await page.evaluate(() => window.watch.become("open"));
    await feed(page, failed());
    const told = await page.evaluate((): (string | undefined)[][] => {
      const details = window.told.map(({ detail }) => detail) as {
        status: string;
        run?: { name: string };
        state?: string;
      }[];
      return details.map(({ status: connection, run, state }) => [connection, run?.name, state]);
    });
    expect(told.at(0)).toEqual(["connecting", undefined, undefined]);
    expect(told.at(-1)).toEqual(["open", "deploy shop 2.4", "failed"]);
  });

  it("tells the page also where nobody sees it", async () => {
    const page = await pages.open();
    await page.evaluate(() => (document.body.style.paddingTop = "3000px"));
    await mountTrace(page, { status: "connecting" });
    await page.evaluate((events) => {
      window.watch.become("open");
      window.watch.feed(events);
    }, failed());
    await expect.poll(() => page.evaluate(() => window.told.length), PATIENT).toBeGreaterThan(0);
    expect(await page.locator("ssetarget-trace").evaluate((element) => element.shadowRoot?.childElementCount)).toBe(0);
    await page.evaluate(() => window.element.scrollIntoView());
    await page.getByRole("treegrid").waitFor();
  });

  it("tells those who listen: first how things stand, then failures, waits and the end, and not every step", async () => {
    const page = await pages.open();
    const events = eventsOf(FAILED_DEPLOYMENT, Date.now() - 30_000);
    const upTo = events.findIndex(({ name, type }) => name === "switch over" && type === "started");
    await mountTrace(page, { events: events.slice(0, upTo) });
    await expect.poll(() => status(page).innerText(), PATIENT).toMatch(/^deploy shop 2.4: /);
    await feed(page, events.slice(upTo));
    await expect.poll(() => status(page).innerText(), PATIENT).toContain("deploy shop 2.4: failed.");
    const told = await status(page).innerText();
    expect(told).toContain("warm up the new servers: failed, 3 of 4 did not answer.");
    expect(told).not.toContain("roll back");
  });

  it("shows another stream when it is given one, and none of the old", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await page.evaluate(() => {
      const old = window.watch;
      window.watch = new window.HandWatch();
      window.element.watch = window.watch as never;
      Object.assign(window, { old });
    });
    await drawn(page);
    expect(await page.getByRole("row").count()).toBe(0);
    expect(await page.evaluate(() => (window as unknown as { old: typeof window.watch }).old.listeners)).toBe(0);
  });

  it("keeps its connection when it is moved, and lets go of a watch when it is removed", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    const listeners = await page.evaluate(async () => {
      const counts = [window.watch.listeners];
      document.body.append(window.element);
      await Promise.resolve();
      counts.push(window.watch.listeners);
      window.element.remove();
      await Promise.resolve();
      counts.push(window.watch.listeners);
      return [...counts, window.watch.isClosed];
    });
    expect(listeners).toEqual([1, 1, 0, false]);
    await page.evaluate(() => document.body.append(window.element));
    await feed(page, []);
    expect(await page.evaluate(() => window.watch.listeners)).toBe(1);
    expect(await page.getByRole("row", { name: /^compile/ }).count()).toBe(1);
  });

  it("shares a page with others of its kind, and nothing with them", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    await page.evaluate(() => window.element.setAttribute("id", "first"));
    await mountTrace(page, { events: running() });
    const first = page.locator("#first");
    const second = page.locator("ssetarget-trace:not(#first)");
    await first.getByRole("searchbox").fill("compile");
    await drawn(page);
    expect(await first.locator(".row").count()).toBe(3);
    expect(await second.locator(".row").count()).toBeGreaterThan(10);
    await second.locator("[data-name=build]").click();
    await drawn(page);
    expect(await first.getByRole("region").count()).toBe(0);
    await first.evaluate((element) => element.remove());
    await drawn(page);
    expect(await second.getByRole("region", { name: "Details: build" }).count()).toBe(1);
  });

  it("fits a phone without scrolling sideways, with all that matters in its rows", async () => {
    const page = await pages.open({ viewport: { width: 360, height: 740 } });
    await mountTrace(page, { events: running(), hasAction: true });
    await page.locator(".grid").evaluate((grid) => grid.scrollTo(0, 100_000));
    await drawn(page);
    expect(await page.getByRole("button", { name: /Approve/ }).isVisible()).toBe(true);
    expect(await page.getByRole("row", { name: /approval by/ }).innerText()).toContain("waiting for approval");
    // A long label of the button leaves the row's own label room, and what went wrong is said whole.
    await page.evaluate(() => {
      window.element.action = (span) =>
        span.waitingFor === undefined
          ? undefined
          : { label: "Approve: send “approval”", run: () => Promise.reject(new Error("The server answered 503.")) };
    });
    const button = page.getByRole("button", { name: /send “approval”/ });
    await drawn(page);
    expect(await button.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBe(0);
    await button.click();
    await page.getByRole("alert").filter({ hasText: "The server answered 503." }).waitFor();
    const room = await page.evaluate(() => {
      const widthOf = (part: Element | null | undefined) => part?.getBoundingClientRect().width ?? 0;
      const cell = window.element.shadowRoot?.querySelector(".name-cell:has(.action)");
      const alert = cell?.querySelector<HTMLElement>(".action .note");
      const isWhole = alert !== null && alert !== undefined && alert.scrollWidth <= alert.clientWidth;
      return { isWhole, share: widthOf(cell?.querySelector(".label")) / widthOf(cell) };
    });
    expect(room.isWhole).toBe(true);
    expect(room.share).toBeGreaterThan(0.3);
    await page.getByRole("row", { name: /upload assets/ }).click();
    await drawn(page);
    const sizes = await page.evaluate(() => {
      const parts = [
        document.documentElement,
        ...(window.element.shadowRoot?.querySelectorAll(".grid, .scroll, .toolbar") ?? []),
      ];
      return parts.map((part) => part.scrollWidth - part.clientWidth);
    });
    expect(Math.max(...sizes)).toBe(0);
  });

  it("has its details below the tree where there is little room, and what they are about in view", async () => {
    const page = await pages.open({ viewport: { width: 390, height: 844 } });
    await mountTrace(page, { events: failed(), status: "ended" });
    expect(await page.evaluate(() => window.element.select("1.7.2"))).toBe(true);
    await drawn(page);
    const row = await page.locator(".row[aria-selected=true]").boundingBox();
    const details = await page.getByRole("region", { name: /^Details/ }).boundingBox();
    const whole = await page.locator("ssetarget-trace").boundingBox();
    expect((row?.y ?? 0) + (row?.height ?? 0)).toBeLessThanOrEqual((details?.y ?? 0) + 1);
    expect(details?.height).toBeGreaterThan(200);
    expect((details?.y ?? 0) + (details?.height ?? 0)).toBeLessThanOrEqual((whole?.y ?? 0) + (whole?.height ?? 0));
  });

  it("shows details whole beside a run of one row", async () => {
    const page = await pages.open({ viewport: { width: 390, height: 844 } });
    await mountTrace(page, { events: running().slice(0, 1) });
    await page.locator(".row").click();
    await drawn(page);
    expect((await page.getByRole("region", { name: /^Details/ }).boundingBox())?.height).toBeGreaterThan(200);
    expect(await page.locator(".row").isVisible()).toBe(true);
  });

  it("counts on in its head where nothing that is open is in view", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: manySpans(3_000, Date.now() - 62_000) });
    await page.locator("[data-name='product 30']").focus();
    await page.locator(".grid").evaluate((grid) => grid.scrollTo(0, 20_000));
    await drawn(page);
    expect(await page.locator(".row[data-state=running]").count()).toBe(0);
    const time = page.getByRole("timer");
    const before = await time.innerText();
    await expect.poll(() => time.innerText(), PATIENT).not.toBe(before);
  });

  it("moves nothing where that is not wanted", async () => {
    const page = await pages.open({ reducedMotion: "reduce" });
    await mountTrace(page, { events: running() });
    const animations = await page.evaluate(() => window.element.shadowRoot?.getAnimations().length);
    expect(animations).toBe(0);
    expect(await page.locator("[data-name='upload assets'] .duration-cell").innerText()).toMatch(/^\d+s$/);
  });

  it("follows what the reader prefers, and the attribute `theme` more", async () => {
    const page = await pages.open({ colorScheme: "dark" });
    await mountTrace(page, { events: running() });
    const ground = () => page.evaluate(() => getComputedStyle(window.element).backgroundColor);
    const dark = await ground();
    await page.evaluate(() => (window.element.theme = "light"));
    expect([dark, await ground()]).toEqual(["rgb(20, 24, 35)", "rgb(255, 255, 255)"]);
    await page.evaluate(() => window.element.style.setProperty("--ssetarget-surface", "rgb(1, 2, 3)"));
    expect(await ground()).toBe("rgb(1, 2, 3)");
  });
});

describe("hostile content", () => {
  const at = (ms: number): string => new Date(Date.now() - 60_000 + ms).toISOString();
  const span = (spanId: string, parentSpanId: string | null, name: string, attributes: unknown = {}) => ({
    traceId: "x",
    spanId,
    parentSpanId,
    name,
    type: "started",
    timestamp: at(0),
    attributes,
  });

  it("is text, and nothing but text", async () => {
    const page = await pages.open();
    const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    await mountTrace(page, {
      events: [
        span(markup, null, markup, { [markup]: markup, "": [], __proto__: 1, constructor: null }),
        {
          ...span(markup, null, markup),
          type: "log",
          level: "info",
          message: markup,
          attributes: { [markup]: markup },
        },
        { ...span(markup, null, markup), type: "ended", status: { code: "ERROR", message: markup } },
        span("empty", markup, ""),
        span("rtl", markup, "\u202e\u2067evil\u0000\u0007"),
      ],
    });
    // Would turn around the words beside it.
    expect(await text(page)).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    await page.locator(".row").first().click();
    await drawn(page);
    expect(await page.locator("ssetarget-trace img, ssetarget-trace script").count()).toBe(0);
    expect(await page.title()).toBe("test");
    expect(await page.getByRole("region").innerText()).toContain(markup);
    expect(await page.getByRole("row", { name: "(no name)" }).count()).toBe(1);
  });

  it("is shown in bounds, however large and deep", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: [] });
    await page.evaluate(
      (template) => {
        let deep: unknown = "bottom";
        for (let depth = 0; depth < 10_000; depth++) deep = depth % 2 === 0 ? [deep] : { deep };
        const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, "v".repeat(100)]));
        const name = "N".repeat(10_000);
        window.watch.feed([
          {
            ...template,
            name,
            attributes: { ...wide, deep, long: "L".repeat(1_000_000), list: Array.from({ length: 100_000 }, () => 1) },
          },
          { ...template, name, type: "updated", attributes: { aaa: deep } },
          {
            ...template,
            name,
            type: "ended",
            attributes: {},
            status: { code: "ERROR", message: "E".repeat(1_000_000) },
          },
          ...Array.from({ length: 900 }, (_, index) => ({
            ...template,
            type: "log",
            level: "info",
            message: `${index} ${"M".repeat(10_000)}`,
            id: index + 10,
          })),
        ]);
      },
      span("a", null, "a"),
    );
    await drawn(page);
    await page.locator(".row").first().click();
    await drawn(page);
    const length = (await text(page)).length;
    expect(length).toBeLessThan(2_000_000);
    expect(await page.getByRole("region").innerText()).toContain("700 more are not shown.");
    const { height = 0 } = (await page.locator(".row").first().boundingBox()) ?? {};
    expect(height).toBeLessThan(50);
    await page.getByRole("searchbox").fill("bottom");
    await drawn(page);
  });

  it("may nest without an end, lie about time and repeat ids", async () => {
    const page = await pages.open();
    const chain = Array.from({ length: 3_000 }, (_, index) =>
      span(`s${index}`, index === 0 ? null : `s${index - 1}`, `level ${index}`),
    );
    await mountTrace(page, {
      events: [
        ...chain,
        span("loop1", "loop2", "loop one"),
        span("loop2", "loop1", "loop two"),
        { ...span("past", null, "past"), timestamp: "1970-01-01T00:00:00.000Z" },
        { ...span("future", null, "future"), timestamp: "9999-12-31T23:59:59.999Z" },
        {
          ...span("past", null, "past"),
          type: "updated",
          progress: { current: 1e308, total: 1e-308, unit: {}, message: 5 },
        },
        null,
        5,
        "x",
        [],
        { type: "started" },
        { type: "ended", traceId: 1 },
      ],
    });
    await page.getByRole("row", { name: /^level 0/ }).focus();
    await page.keyboard.press("End");
    await drawn(page);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("+");
    await drawn(page);
    expect(await page.locator(".row").count()).toBeGreaterThan(10);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    );
  });

  it("may come from a page's own functions", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await page.evaluate(() => {
      window.element.action = () => {
        throw new Error("from the page");
      };
      window.element.highlight = () => {
        throw new Error("from the page, too");
      };
    });
    await drawn(page);
    await page.getByRole("button", { name: "Collapse all" }).click();
    await drawn(page);
    // Reported once, and all else goes on.
    expect(pages.complaints.splice(0).toSorted()).toEqual(["Error: from the page", "Error: from the page, too"]);
    expect(await page.getByRole("row", { name: /compile/ }).count()).toBe(0);
  });
});
