import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { drawn, type ElementPages, feed, mountTrace, openElementPages } from "./support/element-page.ts";
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

/** The machine may be busy. */
const PATIENT = { timeout: 15_000 };
const ENDED = { status: "ended" } as const;
/** A run of 27.4 seconds that is over: nothing in its timeline moves by itself. */
const over = () => [...eventsOf(FAILED_DEPLOYMENT, Date.now() - 60_000), { type: "ssetarget:end" }];
const labels = (page: Page) => page.locator(".tick").allInnerTexts();
const barOf = async (page: Page, name: string) => {
  const box = await page.locator(`[data-name="${name}"] .bar`).first().boundingBox();
  return box === null ? undefined : { left: box.x, right: box.x + box.width, width: box.width };
};
/** Resolves when the axis has come to where it shall be. */
const settled = async (page: Page) => {
  let before = "";
  await expect
    .poll(async () => {
      await drawn(page);
      const now = JSON.stringify(
        await page.locator(".tick").evaluateAll((ticks) => ticks.map((each) => each.outerHTML)),
      );
      const isSame = now === before;
      before = now;
      return isSame;
    }, PATIENT)
    .toBe(true);
};
const axis = async (page: Page) => {
  const box = await page.locator(".axis").boundingBox();
  if (box === null) throw new Error("there is no axis");
  return { ...box, at: (share: number) => box.x + box.width * share, middle: box.y + box.height / 2 };
};

describe("the timeline of <ssetarget-trace>", () => {
  it("has a bar where and as long as its span was", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const { x, width } = await axis(page);
    const bar = await barOf(page, "compile");
    expect(((bar?.left ?? 0) - x) / width).toBeCloseTo(4.9 / 27.4, 2);
    expect((bar?.width ?? 0) / width).toBeCloseTo(2.9 / 27.4, 2);
    expect(await labels(page)).toEqual(["0", "5s", "10s", "15s", "20s", "25s"]);
    expect(await page.locator("[data-name='browser tests'] .bar").count()).toBe(4 + 3);
  });

  it.each(["14px", "22px"])("has axis, lines and bars to one scale, in a font of %s", async (size) => {
    const page = await pages.open();
    await mountTrace(page, { events: over(), ...ENDED });
    await page.evaluate((px) => window.element.style.setProperty("--ssetarget-font-size", px), size);
    await page.evaluate(() => window.element.style.setProperty("--ssetarget-name-width", "18em"));
    await settled(page);
    const edges = await page.evaluate(() => {
      const within = window.element.shadowRoot;
      const boxes = (parts: string) =>
        [...(within?.querySelectorAll(parts) ?? [])].map((part) => {
          const { left, right } = part.getBoundingClientRect();
          return [left, right];
        });
      return {
        axis: boxes(".axis"),
        cells: boxes(".lines, .time-cell"),
        ticks: boxes(".tick"),
        lines: boxes(".lines i"),
      };
    });
    for (const cell of edges.cells) expect(cell).toEqual(edges.axis[0]);
    expect(edges.ticks.map(([left]) => left)).toEqual(edges.lines.map(([left]) => left));
  });

  it("grows with a run that goes on, and a bar that is open ends now", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: eventsOf(DEPLOYMENT, Date.now() - 24_000) });
    const before = (await barOf(page, "upload assets"))?.width ?? 0;
    await expect.poll(async () => (await barOf(page, "upload assets"))?.width ?? 0, PATIENT).toBeGreaterThan(before);
    // Both at one moment, for both move.
    const ends = await page.evaluate(() => {
      const within = window.element.shadowRoot;
      const rightOf = (part: string) => within?.querySelector(part)?.getBoundingClientRect().right ?? 0;
      return [rightOf("[data-name='upload assets'] .bar"), rightOf(".lines .now")];
    });
    expect(Math.abs((ends[0] ?? 0) - (ends[1] ?? 99))).toBeLessThan(2);
  });

  it("zooms with the wheel and Ctrl around the pointer, pans sideways, and fits again", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const whole = await barOf(page, "compile");
    const { y } = (await page.locator("[data-name=compile]").boundingBox()) ?? { y: 0 };
    const middle = ((whole?.left ?? 0) + (whole?.right ?? 0)) / 2;
    await page.mouse.move(middle, y + 10);
    await page.keyboard.down("Control");
    for (let notch = 0; notch < 4; notch++) await page.mouse.wheel(0, -100);
    await page.keyboard.up("Control");
    await expect
      .poll(async () => (await barOf(page, "compile"))?.width ?? 0, PATIENT)
      .toBeGreaterThan((whole?.width ?? 0) * 2);
    const near = await barOf(page, "compile");
    expect(Math.abs(((near?.left ?? 0) + (near?.right ?? 0)) / 2 - middle)).toBeLessThan(3);
    await page.mouse.wheel(60, 0);
    await expect
      .poll(async () => (await barOf(page, "compile"))?.left ?? 0, PATIENT)
      .toBeLessThan((near?.left ?? 0) - 40);
    const fit = page.getByRole("button", { name: "Fit the whole run" });
    await fit.click();
    await settled(page);
    expect(await barOf(page, "compile")).toEqual(whole);
    expect(await fit.getAttribute("aria-disabled")).toBe("true");
  });

  it("scrolls its rows with the plain wheel", async () => {
    const page = await pages.open({ viewport: { width: 1280, height: 400 } });
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const { at, y } = await axis(page);
    await page.mouse.move(at(0.5), y + 80);
    await page.mouse.wheel(0, 120);
    await expect.poll(() => page.locator(".grid").evaluate((grid) => grid.scrollTop), PATIENT).toBeGreaterThan(60);
    expect(await labels(page)).toEqual(["0", "5s", "10s", "15s", "20s", "25s"]);
  });

  it("pans by dragging, which selects nothing", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: over(), ...ENDED });
    await page.getByRole("button", { name: "Zoom in" }).click();
    await settled(page);
    const before = await barOf(page, "bundle");
    const { at } = await axis(page);
    const { y } = (await page.locator("[data-name=bundle]").boundingBox()) ?? { y: 0 };
    await page.mouse.move(at(0.5), y + 10);
    await page.mouse.down();
    await page.mouse.move(at(0.5) + 100, y + 10, { steps: 5 });
    await page.mouse.up();
    await drawn(page);
    expect(((await barOf(page, "bundle"))?.left ?? 0) - (before?.left ?? 0)).toBeCloseTo(100, 0);
    expect(await page.getByRole("region", { name: /^Details/ }).count()).toBe(0);
  });

  it("zooms into what is chosen on the axis, and into a span by a double click", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const { at, middle, x, width } = await axis(page);
    await page.mouse.move(at(4.9 / 27.4), middle);
    await page.mouse.down();
    await page.mouse.move(at(0.25), middle, { steps: 3 });
    await page.mouse.move(at(7.8 / 27.4), middle, { steps: 3 });
    await drawn(page);
    expect(await page.locator(".head .brush").isVisible()).toBe(true);
    await page.mouse.up();
    await settled(page);
    const bar = await barOf(page, "compile");
    expect(Math.abs((bar?.left ?? 0) - x)).toBeLessThan(width * 0.02);
    expect(bar?.width).toBeGreaterThan(width * 0.95);
    await page.getByRole("button", { name: "Fit the whole run" }).click();
    await settled(page);
    await page.locator("[data-name=compile] .time-cell").dblclick();
    await settled(page);
    expect((await barOf(page, "compile"))?.width).toBeCloseTo(width / 1.2, -1);
  });

  it("zooms and pans by the keyboard", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const whole = await barOf(page, "bundle");
    await page.locator("[data-name=bundle]").focus();
    await page.keyboard.press("+");
    await settled(page);
    const near = await barOf(page, "bundle");
    expect(near?.width).toBeCloseTo((whole?.width ?? 0) / 0.6, 0);
    await page.keyboard.press("Shift+ArrowRight");
    await settled(page);
    expect((await barOf(page, "bundle"))?.left ?? 0).toBeLessThan(near?.left ?? 0);
    await page.keyboard.press("0");
    await settled(page);
    expect(await barOf(page, "bundle")).toEqual(whole);
  });

  it("zooms by two fingers", async () => {
    const page = await pages.open({ hasTouch: true });
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const { width } = (await barOf(page, "compile")) ?? { width: 0 };
    const { at } = await axis(page);
    const { y } = (await page.locator("[data-name=compile]").boundingBox()) ?? { y: 0 };
    const client = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...xs: number[]) =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x, y: y + 15, id })) });
    await touch("touchStart", at(0.2), at(0.4));
    for (let step = 1; step <= 10; step++) await touch("touchMove", at(0.2 - step * 0.01), at(0.4 + step * 0.01));
    await touch("touchEnd");
    await settled(page);
    expect((await barOf(page, "compile"))?.width ?? 0).toBeGreaterThan(width * 1.6);
  });

  it("goes from right to left where the page does", async () => {
    const page = await pages.open({}, "", `lang="he" dir="rtl"`);
    await mountTrace(page, { events: over(), ...ENDED });
    await settled(page);
    const { x, width, at } = await axis(page);
    const bar = await barOf(page, "compile");
    expect((x + width - (bar?.right ?? 0)) / width).toBeCloseTo(4.9 / 27.4, 2);
    const name = await page.locator("[data-name=compile] .name").boundingBox();
    expect(name?.x ?? 0).toBeGreaterThan(x + width);
    // To the left is forward, for the keys too.
    await page.locator("[data-name=build]").focus();
    await page.keyboard.press("ArrowRight");
    await drawn(page);
    expect(await page.locator("[data-name=build]").getAttribute("aria-expanded")).toBe("false");
    await page.keyboard.press("ArrowLeft");
    await drawn(page);
    expect(await page.locator("[data-name=build]").getAttribute("aria-expanded")).toBe("true");
    await page.getByRole("button", { name: "Zoom in" }).click();
    await settled(page);
    const before = await barOf(page, "test");
    const { y } = (await page.locator("[data-name=test]").boundingBox()) ?? { y: 0 };
    await page.mouse.move(at(0.5), y + 10);
    await page.mouse.down();
    await page.mouse.move(at(0.5) + 50, y + 10, { steps: 5 });
    await page.mouse.up();
    await drawn(page);
    expect(((await barOf(page, "test"))?.right ?? 0) - (before?.right ?? 0)).toBeCloseTo(50, 0);
  });

  it("follows now when it is zoomed", async () => {
    const page = await pages.open();
    await mountTrace(page, { events: eventsOf(DEPLOYMENT, Date.now() - 24_000), attributes: { follow: "" } });
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.getByRole("button", { name: "Zoom in" }).click();
    await settled(page);
    const { x, width } = await axis(page);
    const now = await page.locator(".lines .now").boundingBox();
    expect(now?.x ?? 0).toBeGreaterThan(x);
    expect(now?.x ?? 0).toBeLessThan(x + width);
  });

  it("speaks the page's language, and other words where it is given them", async () => {
    const page = await pages.open({}, "", `lang="de"`);
    await mountTrace(page, { events: over(), ...ENDED });
    await page.evaluate(() => {
      window.element.labels = {
        durationColumn: "Dauer",
        failed: "gescheitert",
        attempts: (count) => `${count} Versuche`,
      };
    });
    await drawn(page);
    expect(await page.locator("[data-name=compile] .duration-cell").innerText()).toMatch(/^2,90/);
    expect(await page.getByRole("columnheader", { name: "Dauer" }).count()).toBe(1);
    expect(await page.locator("[data-name='browser tests']").first().innerText()).toContain("3 Versuche");
    expect(await page.getByRole("button", { name: "3 gescheitert" }).count()).toBe(1);
    await page.evaluate(() => document.documentElement.setAttribute("lang", "no_SUCH-language"));
    await feed(page, []);
    expect(await page.locator("[data-name=compile] .duration-cell").innerText()).toBe("2.90s");
  });
});
