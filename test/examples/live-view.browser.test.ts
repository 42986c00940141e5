import { mkdir } from "node:fs/promises";
import { type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { openCuttingProxy, type CuttingProxy } from "../support/cutting-proxy.ts";
import { startCloudflareDemo, startNodeDemo, type Demo } from "../support/demos.ts";

/** Where screenshots go, to be looked at. */
const SHOTS = "test-results/live-view";
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 } };

const STEPS = [
  "check the basket",
  "reserve the stock",
  "look for fraud",
  "charge the card",
  "let the payment settle",
  "pack the parcel",
  "approval by the warehouse",
  "hand it to the carrier",
];

let browser: Browser;
beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  browser = await launchChromium();
});
afterAll(() => browser?.close());

describe.each([
  ["Cloudflare", startCloudflareDemo],
  ["Node", startNodeDemo],
] as const)("the live view of the %s demo", (name, startDemo) => {
  let demo: Demo;
  let proxy: CuttingProxy;
  const pages: Page[] = [];
  /** What the page's console said that it should not have. */
  let complaints: string[] = [];

  beforeAll(async () => {
    demo = await startDemo();
    proxy = await openCuttingProxy(demo.port);
  });
  afterAll(async () => {
    await proxy?.close();
    await demo?.stop();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    complaints = [];
  });

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    pages.push(page);
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${proxy.url}${path}`);
    return page;
  }

  const row = (page: Page, step: string, state?: string) =>
    page.locator(`.row[data-name="${step}"]${state === undefined ? "" : `[data-state="${state}"]`}`).first();
  const badge = (page: Page, status: string) => page.locator(`.connection[data-connection="${status}"]`);
  const shot = (page: Page, what: string) => page.screenshot({ path: `${SHOTS}/${name.toLowerCase()}-${what}.png` });
  /** Steps and their states, top to bottom, without the rows of attempts. */
  const steps = (page: Page) =>
    page
      .locator('.row:not([data-kind="attempt"])')
      .evaluateAll((rows) => rows.map((each) => [each.getAttribute("data-name"), each.getAttribute("data-state")]));
  const start = async (speed: number): Promise<string> => {
    const response = await fetch(`${proxy.url}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ speed }),
    });
    return response.headers.get("location") ?? "";
  };
  const hasSidewaysScroll = (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

  it("starts a run at the press of a button, shows it move, lets it be approved, and shows it finished", async () => {
    const page = await open("/");
    await shot(page, "start");
    await page.getByRole("button", { name: "Start a purchase" }).click();
    await page.waitForURL(/\/[0-9a-f-]{36}$/);
    // Any step: on a busy machine the first ones may be over when the page is there.
    await page.locator('.row[data-kind="step"][data-state="running"]').first().waitFor();
    await badge(page, "open").waitFor();
    await shot(page, "running");
    await row(page, "pack the parcel", "running").getByRole("progressbar").first().waitFor();
    await shot(page, "progress");
    await row(page, "approval by the warehouse", "waiting").waitFor();
    await shot(page, "waiting");
    await page.getByRole("button", { name: "Approve" }).first().click();
    await badge(page, "ended").waitFor();
    // What the customer sees.
    await page.locator("ssetarget-progress").getByText("All done").waitFor();
    await shot(page, "finished");
    const shown = await steps(page);
    for (const step of ["purchase", ...STEPS]) expect(shown).toContainEqual([step, "done"]);
    expect(await page.locator('[data-kind="attempt"][data-name="charge the card"]').count()).toBe(3);
    expect(complaints).toEqual([]);
  });

  it("goes on where it was when the network comes back, with nothing missing and nothing twice", async () => {
    const path = await start(4);
    const page = await open(path);
    const other = await open(path, { colorScheme: "dark" });
    await row(page, "look for fraud").waitFor();
    proxy.cut();
    await badge(page, "waiting").waitFor();
    await shot(page, "reconnecting");
    // The run goes on while nobody can see it.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    proxy.mend();
    for (const each of [page, other]) await badge(each, "open").waitFor();
    await row(page, "approval by the warehouse", "waiting").waitFor();
    await page.getByRole("button", { name: "Approve" }).first().click();
    for (const each of [page, other]) {
      await badge(each, "ended").waitFor();
      const shown = await steps(each);
      for (const step of STEPS) expect(shown.filter(([found]) => found === step)).toEqual([[step, "done"]]);
      expect(await each.locator("[data-notice]:visible").count()).toBe(0);
    }
    await shot(other, "finished-dark");
    expect(complaints).toEqual([]);
  });

  it("shows one who comes late the same tree, and the end", async () => {
    const path = await start(50);
    const early = await open(path);
    await row(early, "approval by the warehouse", "waiting").waitFor();
    expect((await fetch(`${proxy.url}${path}/event`, { method: "POST" })).status).toBe(202);
    await badge(early, "ended").waitFor();
    const late = await open(path);
    await badge(late, "ended").waitFor();
    expect(await steps(late)).toEqual(await steps(early));
    await late.reload();
    await badge(late, "ended").waitFor();
    expect(await steps(late)).toEqual(await steps(early));
  });

  it("says so where there is no such run", async () => {
    const page = await open("/00000000-0000-4000-8000-000000000000");
    await badge(page, "failed").waitFor();
    expect(await page.locator('[data-notice="failed"]').first().innerText()).toMatch(/not found/i);
    await shot(page, "unknown");
  });

  // Both demos serve the same page: the tests below are about the page alone.
  if (name === "Cloudflare") return;

  it.each(["light", "dark"] as const)("can be read on a phone, in %s", async (colorScheme) => {
    const path = await start(50);
    const page = await open(path, { ...PHONE, colorScheme });
    await row(page, "approval by the warehouse", "waiting").waitFor();
    await shot(page, `phone-${colorScheme}`);
    expect(await hasSidewaysScroll(page)).toBe(false);
    expect(await page.getByRole("button", { name: "Approve" }).first().isVisible()).toBe(true);
  });

  it("is a tree for the keyboard and for those who listen", async () => {
    const path = await start(50);
    const page = await open(path);
    await row(page, "approval by the warehouse", "waiting").waitFor();
    const tree = page.getByRole("treegrid");
    expect(await tree.getByRole("row").count()).toBeGreaterThan(STEPS.length);
    await tree.locator(".row").first().focus();
    const focused = () =>
      page.locator("ssetarget-trace").evaluate((trace) => trace.shadowRoot?.activeElement?.getAttribute("data-name"));
    await page.keyboard.press("ArrowDown");
    await expect.poll(focused).toBe("check the basket");
    await page.keyboard.press("Home");
    await expect.poll(focused).toBe("purchase");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.locator(".row").count()).toBe(1);
    expect(await row(page, "purchase").getAttribute("aria-expanded")).toBe("false");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".row").count()).toBeGreaterThan(STEPS.length);
  });
});
