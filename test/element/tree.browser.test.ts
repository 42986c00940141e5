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
const agoMs = (ms: number): number => Date.now() - ms;
const running = () => eventsOf(DEPLOYMENT, agoMs(24_000));
const failed = () => [...eventsOf(FAILED_DEPLOYMENT, agoMs(60_000)), { type: "ssetarget:end" }];
const tree = (page: Page) => page.getByRole("treegrid");
const row = (page: Page, name: string | RegExp) => tree(page).getByRole("row", { name }).first();
/** The names of the rows that are seen, top to bottom. */
const names = (page: Page) =>
  page.locator(".row").evaluateAll((rows) => rows.map((each) => each.querySelector(".name")?.textContent));
const focused = (page: Page) =>
  page.evaluate(() => window.element.shadowRoot?.activeElement?.querySelector(".name")?.textContent);
const details = (page: Page) => page.getByRole("region", { name: /^Details/ });

describe("the tree of <ssetarget-trace>", () => {
  it("shows every span with its name, its state in words and its duration", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    const grid = tree(page);
    expect(await grid.getAttribute("aria-rowcount")).toBe(String((await names(page)).length + 1));
    expect(await row(page, /^compile done/).innerText()).toContain("2.90s");
    expect(await row(page, /warm up the new servers failed/).innerText()).toContain("3 of 4 did not answer");
    expect(await row(page, /watch the error rate abandoned/).innerText()).toContain("its end was never reported");
    expect(await row(page, /browser tests done/).innerText()).toContain("3 attempts");
    expect(await row(page, /Attempt 2 failed/).innerText()).toContain("timed out after 2 s");
  });

  it("counts durations on, and says what is waited for and for how long", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    const duration = () =>
      row(page, /upload assets/)
        .getByRole("gridcell")
        .last()
        .innerText();
    const before = Number.parseFloat(await duration());
    await expect.poll(async () => Number.parseFloat(await duration()), PATIENT).toBeGreaterThan(before);
    expect(await row(page, /approval by the release team waiting/).innerText()).toMatch(
      /waiting for approval, 59m \d\ds left/,
    );
    const bar = row(page, /upload assets/).getByRole("progressbar");
    expect([await bar.getAttribute("aria-valuenow"), await bar.getAttribute("aria-valuetext")]).toEqual([
      "76",
      "318 of 420 files · images/hero-1600.avif",
    ]);
  });

  it("tells orphans", async () => {
    const page = await pages.open();
    const orphan = running().filter(({ parentSpanId }) => parentSpanId === "1.2");
    await mountTrace(page, { events: orphan });
    expect(await row(page, /compile done/).innerText()).toContain("orphan");
    expect(await page.getByRole("heading").innerText()).toBe("Run");
  });

  it("folds and unfolds by the mouse, all at once, and keeps what was chosen when more comes", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await page.locator("[data-name=build] .twisty").click();
    await drawn(page);
    expect(await names(page)).not.toContain("compile");
    await feed(page, [
      { ...running()[0], type: "log", level: "info", message: "more", timestamp: new Date().toISOString() },
    ]);
    expect(await names(page)).not.toContain("compile");
    await page.getByRole("button", { name: "Expand all" }).click();
    await drawn(page);
    expect(await names(page)).toContain("compile");
    await page.getByRole("button", { name: "Collapse all" }).click();
    await drawn(page);
    expect(await names(page)).toEqual([
      "deploy shop 2.4",
      "check out the code",
      "build",
      "test",
      "let caches expire",
      "upload assets",
      "approval by the release team",
    ]);
  });

  it("folds finished branches by itself when asked to, but not the run", async () => {
    const page = await pages.open();
    const events = running();
    const buildEnds = events.findIndex(({ spanId, type }) => spanId === "1.2" && type === "ended");
    await mountTrace(page, { events: events.slice(0, buildEnds), attributes: { "collapse-finished": "" } });
    expect(await names(page)).toContain("compile");
    await feed(page, events.slice(buildEnds));
    expect(await names(page)).not.toContain("compile");
    expect(await names(page)).toContain("build");
    await page.locator("[data-name=build] .twisty").click();
    await drawn(page);
    expect(await names(page)).toContain("compile");
  });

  it("is a treegrid for the keyboard", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await row(page, /deploy shop/).focus();
    const press = async (key: string): Promise<string | null | undefined> => {
      await page.keyboard.press(key);
      await drawn(page);
      return focused(page);
    };
    expect(await press("ArrowDown")).toBe("check out the code");
    expect(await press("ArrowDown")).toBe("build");
    expect(await press("ArrowRight")).toBe("install packages");
    expect(await press("ArrowLeft")).toBe("build");
    expect(await press("ArrowLeft")).toBe("build");
    expect(await row(page, /^build/).getAttribute("aria-expanded")).toBe("false");
    expect(await press("ArrowRight")).toBe("build");
    expect(await row(page, /^build/).getAttribute("aria-expanded")).toBe("true");
    expect(await press("End")).toBe("approval by the release team");
    expect(await press("Home")).toBe("deploy shop 2.4");
    expect(await press("u")).toBe("unit tests");
    expect(await press("ArrowUp")).toBe("test");
    // The Tab key has one stop in the tree.
    expect(await page.locator(".row[tabindex='0']").count()).toBe(1);
  });

  it("opens details by the keyboard, goes on with them, and gives the focus back", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    await row(page, /^bundle/).focus();
    await page.keyboard.press("Enter");
    await details(page).waitFor();
    expect(await details(page).innerText()).toContain("bundle.bytes");
    await page.keyboard.press("ArrowUp");
    await drawn(page);
    expect(await details(page).getAttribute("aria-label")).toBe("Details: compile");
    await page.keyboard.press("Escape");
    await drawn(page);
    expect(await details(page).count()).toBe(0);
    expect(await focused(page)).toBe("compile");
    await page.keyboard.press("Enter");
    await details(page).getByRole("button", { name: "Close details" }).click();
    await drawn(page);
    expect(await focused(page)).toBe("compile");
  });

  it("shows all that is known of a span", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    await row(page, /^warm up the new servers/).click();
    const text = await details(page).innerText();
    for (const part of [
      "us-2: no answer in 1500 ms",
      "WarmUpError",
      '"eu-1"',
      "giving up on eu-2",
      "1.90s",
      "1.7.2",
      "run-1",
    ]) {
      expect(text).toContain(part);
    }
    expect(await details(page).getByRole("list", { name: "Log" }).getByRole("listitem").count()).toBe(4);
  });

  it("finds spans, shows where they are, and shows all again", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    const search = page.getByRole("searchbox", { name: "Find spans" });
    await search.fill("COMPILE");
    await drawn(page);
    expect(await names(page)).toEqual(["deploy shop 2.4", "build", "compile"]);
    await search.fill("184320");
    await drawn(page);
    expect(await names(page)).toEqual(["deploy shop 2.4", "build", "bundle"]);
    await search.fill("no such thing");
    await drawn(page);
    expect(await names(page)).toEqual([]);
    await page.getByRole("button", { name: "Show all" }).click();
    await drawn(page);
    expect(await names(page)).toContain("compile");
    expect(await search.inputValue()).toBe("");
  });

  it("filters by states", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    const chip = page.getByRole("button", { name: "3 failed" });
    await chip.click();
    await drawn(page);
    expect(await chip.getAttribute("aria-pressed")).toBe("true");
    expect(await names(page)).toEqual([
      "deploy shop 2.4",
      "test",
      "browser tests",
      "Attempt 1",
      "Attempt 2",
      "switch over",
      "warm up the new servers",
    ]);
    await page.getByRole("button", { name: "1 abandoned" }).click();
    await drawn(page);
    expect(await names(page)).toContain("watch the error rate");
  });

  it("tells the page what is selected, and takes selections from it", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await page.getByRole("button", { name: "Collapse all" }).click();
    const isFound = await page.evaluate(() => [window.element.select("1.3.2"), window.element.select("nope")]);
    expect(isFound).toEqual([true, false]);
    await drawn(page);
    expect(await row(page, /browser tests/).getAttribute("aria-selected")).toBe("true");
    const told = await page.evaluate(() =>
      window.told.flatMap(({ type, detail }) =>
        type === "ssetarget-select" ? [(detail as { span?: { name: string } }).span?.name] : [],
      ),
    );
    expect(told).toEqual(["browser tests"]);
  });

  it("opens the span that the page's address names, though it comes later", async () => {
    const page = await pages.open({}, "#span=1.2.2");
    const events = running();
    await mountTrace(page, { events: events.slice(0, 3) });
    expect(await details(page).count()).toBe(0);
    await feed(page, events.slice(3));
    expect(await details(page).getAttribute("aria-label")).toBe("Details: compile");
    await page.evaluate(() => {
      location.hash = "#span=1.1";
    });
    await expect.poll(() => details(page).getAttribute("aria-label"), PATIENT).toBe("Details: check out the code");
  });

  it("copies the link to a span", async () => {
    const page = await pages.open({ permissions: ["clipboard-read", "clipboard-write"] });
    await mountTrace(page, { events: running() });
    await row(page, /^compile/).click();
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${pages.url}/#span=1.2.2`);
    await page.evaluate(() => {
      window.element.linkFor = (span) => `https://example.org/${span.traceId}/${span.spanId}`;
    });
    await page.getByRole("button", { name: "Copied" }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()), PATIENT)
      .toBe("https://example.org/run-1/1.2.2");
  });

  it("has a button where there is something to do, which says how far it is", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running(), hasAction: true });
    const button = page.getByRole("button", { name: "Approve approval by the release team" });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Sent/ }).waitFor();
    expect(await details(page).count()).toBe(0);
    // The button goes away under the finger that pressed it; the focus belongs to its row then.
    const now = new Date().toISOString();
    const wait = running().find(({ name }) => name === "approval by the release team");
    await feed(page, [{ ...wait, type: "ended", status: { code: "OK" }, timestamp: now, attributes: {} }]);
    expect(await focused(page)).toBe("approval by the release team");
  });

  it("says what an action failed of, and lets it be tried again", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: running() });
    await page.evaluate(() => {
      let tries = 0;
      window.element.action = (span) =>
        span.kind === "wait"
          ? { label: "Go", run: () => (++tries > 1 ? Promise.resolve() : Promise.reject(new Error("<b>not now</b>"))) }
          : undefined;
    });
    await page.getByRole("button", { name: /^Go/ }).click();
    await page.getByRole("alert").filter({ hasText: "<b>not now</b>" }).waitFor();
    await page.getByRole("button", { name: /^Go/ }).click();
    await page.getByRole("button", { name: /^Sent/ }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("has few of many rows in the document, and the one with the focus", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: manySpans(3_000, agoMs(62_000)) });
    expect(await tree(page).getAttribute("aria-rowcount")).toBe("3001");
    expect((await names(page)).length).toBeLessThan(60);
    await row(page, /^import the catalogue/).focus();
    await page.keyboard.press("End");
    await drawn(page);
    const last = await focused(page);
    expect(last).toMatch(/^product/);
    await page.locator(".grid").evaluate((grid) => grid.scrollTo(0, 0));
    await drawn(page);
    expect(await focused(page)).toBe(last);
    expect(await row(page, /^import the catalogue/).isVisible()).toBe(true);
    await page.keyboard.press("ArrowUp");
    await drawn(page);
    expect(
      await page.evaluate(() => window.element.shadowRoot?.activeElement?.getBoundingClientRect().top),
    ).toBeGreaterThan(100);
  });

  it("shows its rows again after nothing was found far down", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: manySpans(3_000, agoMs(62_000)) });
    await page.locator(".grid").evaluate((grid) => grid.scrollTo(0, 50_000));
    await drawn(page);
    await page.getByRole("searchbox").fill("no such thing");
    await drawn(page);
    expect(await names(page)).toEqual([]);
    await page.getByRole("button", { name: "Show all" }).click();
    await drawn(page);
    expect(await row(page, /^batch 1 /).isVisible()).toBe(true);
  });

  it("makes what the page wants to stand out do so", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: failed(), status: "ended" });
    await page.evaluate(() => (window.element.highlight = ({ state }) => state === "failed"));
    await drawn(page);
    expect(await page.locator("[data-name=compile]").getAttribute("data-dim")).toBe("true");
    expect(await page.locator("[data-name='warm up the new servers']").getAttribute("data-dim")).toBe(null);
  });

  it("follows what is newest, until somebody scrolls", async () => {
    const page = await pages.open();
    const events = manySpans(600, agoMs(62_000));
    await mountTrace(page, { events: events.slice(0, 600), attributes: { follow: "" } });
    const isAtEnd = () =>
      page.locator(".grid").evaluate((grid) => grid.scrollTop + grid.clientHeight > grid.scrollHeight - 60);
    expect(await isAtEnd()).toBe(true);
    await feed(page, events.slice(600));
    expect(await isAtEnd()).toBe(true);
    const follow = page.getByRole("button", { name: "Follow" });
    expect(await follow.getAttribute("aria-pressed")).toBe("true");
    await page.locator(".grid").hover();
    await page.mouse.wheel(0, -900);
    await expect.poll(() => follow.getAttribute("aria-pressed"), PATIENT).toBe("false");
    const extra = {
      ...events[0],
      spanId: "extra",
      parentSpanId: "root",
      name: "extra",
      timestamp: new Date().toISOString(),
    };
    await feed(page, [extra]);
    expect(await isAtEnd()).toBe(false);
    await follow.click();
    await drawn(page);
    expect(await row(page, /^extra/).isVisible()).toBe(true);
  });
});
