import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { type ElementPages, feed, mountProgress, openElementPages } from "./support/element-page.ts";
import { DEPLOYMENT, eventsOf, FAILED_DEPLOYMENT } from "./support/scenes.ts";

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

const running = () => eventsOf(DEPLOYMENT, Date.now() - 24_000);
const words = (page: Page) => page.getByRole("status").innerText();
const bar = (page: Page) => page.getByRole("progressbar");
const text = (page: Page) =>
  page.locator("ssetarget-progress").evaluate((element) => element.shadowRoot?.textContent ?? "");
const steps = (page: Page) => page.getByRole("listitem").allInnerTexts();

describe("<ssetarget-progress>", () => {
  it("says what goes on, with a bar that knows no end and a list of the steps", async () => {
    const page = await pages.open();
    const events = running();
    const upload = events.findIndex(({ name }) => name === "upload assets");
    await mountProgress(page, { events: events.slice(0, upload + 2) });
    expect(await words(page)).toBe("upload assets");
    expect(await bar(page).getAttribute("aria-label")).toBe("upload assets");
    expect(await bar(page).getAttribute("aria-valuenow")).toBe(null);
    expect(await text(page)).toContain("318 of 420 files");
    expect((await steps(page)).map((each) => each.replaceAll(/\s+/g, " "))).toEqual([
      "check out the code done",
      "build done",
      "test done",
      "let caches expire sleeping",
      "upload assets running",
    ]);
    expect(await page.locator("[aria-current=step]").innerText()).toContain("upload assets");
  });

  it("uses the page's color scheme, whatever the reader prefers", async () => {
    const page = await pages.open({ colorScheme: "dark" });
    await mountProgress(page, { events: running() });
    const ink = (scheme: string) =>
      page.evaluate((given) => {
        document.documentElement.style.colorScheme = given;
        const element = document.querySelector("ssetarget-progress");
        return element === null ? "" : getComputedStyle(element).color;
      }, scheme);
    const [light, dark] = ["rgb(22, 26, 38)", "rgb(232, 235, 244)"];
    // Without a word of the page its ground is white.
    expect(await ink("normal")).toBe(light);
    expect(await ink("light dark")).toBe(dark);
    expect(await ink("dark")).toBe(dark);
    expect(await ink("light")).toBe(light);
    await page.evaluate(() => document.querySelector("ssetarget-progress")?.setAttribute("theme", "dark"));
    expect(await ink("normal")).toBe(dark);
  });

  it("knows how far it is where the steps are known, and shows those to come", async () => {
    const page = await pages.open();
    const expected = [
      "check out the code",
      "build",
      "test",
      "let caches expire",
      "upload assets",
      "approval by the release team",
      "switch over",
      "watch the error rate",
    ];
    const events = running();
    const tested = events.findIndex(({ spanId, type }) => spanId === "1.3" && type === "ended");
    await mountProgress(page, { events: events.slice(0, tested), steps: expected });
    expect(await bar(page).getAttribute("aria-valuenow")).toBe("25");
    expect(await steps(page)).toHaveLength(expected.length);
    expect((await steps(page)).at(-1)).toContain("to come");
    await feed(page, events.slice(tested, tested + 1));
    expect(await bar(page).getAttribute("aria-valuenow")).toBe("38");
  });

  it("says who is waited for", async () => {
    const page = await pages.open();
    await mountProgress(page, { events: running().filter(({ name }) => name !== "upload assets") });
    expect(await words(page)).toBe("Waiting for approval");
  });

  it("says what somebody has to do also while other things go on", async () => {
    const page = await pages.open();
    await mountProgress(page, { events: running() });
    expect(await words(page)).toBe("Waiting for approval");
    expect(await page.locator("[aria-current=step]").innerText()).toContain("approval by the release team");
  });

  it("goes by what the run itself tells", async () => {
    const page = await pages.open();
    const [start] = running();
    await mountProgress(page, { events: [start, { ...start, type: "updated", progress: { current: 3, total: 4 } }] });
    expect(await bar(page).getAttribute("aria-valuenow")).toBe("75");
    expect(await text(page)).toContain("75%");
  });

  it("is kind where something failed, and says when all is done", async () => {
    const page = await pages.open();
    await mountProgress(page, { events: eventsOf(FAILED_DEPLOYMENT, Date.now() - 60_000) });
    expect(await words(page)).toBe("Sorry, “switch over” did not work.");
    expect(await text(page)).not.toContain("ECONNREFUSED");
    expect(await text(page)).not.toContain("100%");
    expect(await bar(page).getAttribute("aria-valuenow")).toBe(null);
    const [start] = running();
    await feed(page, [
      { ...start, traceId: "2", timestamp: new Date(Date.now() - 1_000).toISOString() },
      { ...start, traceId: "2", type: "ended", status: { code: "OK" }, timestamp: new Date().toISOString() },
    ]);
    expect(await words(page)).toBe("All done");
    expect(await bar(page).getAttribute("aria-valuenow")).toBe("100");
  });

  it("says that it has lost the connection, and lets one try again", async () => {
    const page = await pages.open();
    await mountProgress(page, { events: running(), status: "waiting", state: { retryAtMs: Date.now() + 9_000 } });
    expect(await text(page)).toMatch(/Reconnecting in \ds/);
    await page.getByRole("button", { name: "Try again" }).click();
    expect(await page.evaluate(() => window.watch.reconnects)).toBe(1);
    await page.evaluate(() => window.watch.become("failed", { error: { status: 404 } as never }));
    await feed(page, []);
    expect(await text(page)).toContain("Not found.");
  });

  it("has its own words, and those that it is given", async () => {
    const page = await pages.open();
    await mountProgress(page, { events: [] });
    expect(await words(page)).toBe("Getting ready…");
    await page.evaluate(() => (window.progress.labels = { starting: "Gleich geht es los …" }));
    await feed(page, []);
    expect(await words(page)).toBe("Gleich geht es los …");
  });
});
