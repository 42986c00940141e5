import { mkdirSync } from "node:fs";
import type { BrowserContextOptions, Page } from "playwright-core";
import { launchChromium } from "../test/support/chromium.ts";
import { type Demo, startNodeDemo } from "../test/support/demos.ts";
import {
  drawn,
  type ElementPages,
  type Mounting,
  mountProgress,
  mountTrace,
  openElementPages,
} from "../test/element/support/element-page.ts";
import { DEPLOYMENT, eventsOf, FAILED_DEPLOYMENT, manySpans } from "../test/element/support/scenes.ts";
import { requireNode, ROOT, runSteps } from "./run.ts";

/*
 * Takes the pictures of the elements: those that the documents show go to docs/images, the others to test-results/pictures,
 * to be looked at. The same sources give the same pictures, to the durations of the demo, which really runs.
 */

const FOLDERS = { docs: `${ROOT}docs/images`, other: `${ROOT}test-results/pictures` } as const;
const DOCUMENTED = new Set(["run-light", "trace-light", "trace-dark-failed", "trace-phone", "progress"]);
/** What time it is in the pictures. */
const NOW_MS = Date.UTC(2026, 4, 6, 9, 41, 24, 600);
const PADDING_PX = 20;
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } as const;
const DARK = { colorScheme: "dark" } as const;

interface Scene {
  readonly name: string;
  readonly mounting?: Mounting;
  readonly options?: BrowserContextOptions;
  /** Attributes of the page's `<html>`. */
  readonly html?: string;
  readonly act?: (page: Page) => Promise<void>;
}

const running = (): object[] => eventsOf(DEPLOYMENT, NOW_MS - 24_600);
const failed = (): object[] => [...eventsOf(FAILED_DEPLOYMENT, NOW_MS - 60_000), { type: "ssetarget:end" }];
const waiting = (): object[] => [
  ...running(),
  ...eventsOf(DEPLOYMENT, NOW_MS - 24_600).flatMap((event) =>
    event.name === "upload assets" && event.type === "started"
      ? [{ ...event, type: "ended", status: { code: "OK" }, timestamp: new Date(NOW_MS - 1_900).toISOString() }]
      : [],
  ),
];
/** Before anybody has to approve anything. */
const uploading = (): object[] =>
  eventsOf(DEPLOYMENT, NOW_MS - 24_600).filter(({ name }) => name !== "approval by the release team");
const openFailure = (page: Page): Promise<void> => page.evaluate(() => void window.element.select("1.7.2"));

const TRACES: readonly Scene[] = [
  { name: "trace-light", mounting: { events: running(), hasAction: true } },
  { name: "trace-dark", mounting: { events: running(), hasAction: true }, options: DARK },
  { name: "trace-failed", mounting: { events: failed(), status: "ended" }, act: openFailure },
  { name: "trace-dark-failed", mounting: { events: failed(), status: "ended" }, options: DARK, act: openFailure },
  { name: "trace-waiting", mounting: { events: waiting(), hasAction: true } },
  {
    name: "trace-reconnecting",
    mounting: { events: running(), status: "waiting", state: { retryAtMs: NOW_MS + 8_000 } },
  },
  {
    name: "trace-disconnected",
    mounting: { events: running(), status: "failed", state: { error: { status: 503, message: "HTTP 503" } as never } },
  },
  { name: "trace-not-found", mounting: { status: "failed", state: { error: { status: 404 } as never } } },
  { name: "trace-connecting", mounting: { status: "connecting" } },
  { name: "trace-phone", mounting: { events: running(), hasAction: true }, options: PHONE },
  { name: "trace-phone-dark", mounting: { events: failed(), status: "ended" }, options: { ...PHONE, ...DARK } },
  {
    name: "trace-phone-details",
    mounting: { events: failed(), status: "ended" },
    options: PHONE,
    act: openFailure,
  },
  { name: "trace-rtl", mounting: { events: running(), hasAction: true }, html: `lang="he" dir="rtl"` },
  {
    name: "trace-10000",
    mounting: { events: manySpans(10_000, NOW_MS - 62_000), attributes: { follow: "" } },
  },
  {
    name: "trace-10000-failed",
    mounting: { events: manySpans(10_000, NOW_MS - 62_000) },
    act: (page) => page.getByRole("button", { name: /failed$/ }).click(),
  },
  {
    name: "trace-zoomed",
    mounting: { events: failed(), status: "ended" },
    act: (page) => page.locator("[data-name='browser tests'] .time-cell").first().dblclick(),
  },
  {
    name: "trace-search",
    mounting: { events: failed(), status: "ended" },
    act: (page) => page.getByRole("searchbox").fill("tests"),
  },
  {
    name: "trace-gap",
    mounting: { events: [{ type: "ssetarget:gap", reason: "trimmed", after: 17, resumesAt: 1208 }, ...running()] },
  },
];

const EXPECTED = [
  "check out the code",
  "build",
  "test",
  "let caches expire",
  "upload assets",
  "approval by the release team",
  "switch over",
];
const PROGRESSES: readonly Scene[] = [
  { name: "progress", mounting: { events: uploading() } },
  { name: "progress-dark", mounting: { events: uploading() }, options: DARK },
  { name: "progress-both", mounting: { events: running() } },
  { name: "progress-waiting", mounting: { events: waiting() } },
  { name: "progress-failed", mounting: { events: failed(), status: "ended" } },
  {
    name: "progress-lost",
    mounting: { events: running(), status: "waiting", state: { retryAtMs: NOW_MS + 8_000 } },
  },
  { name: "progress-rtl", mounting: { events: running() }, html: `lang="he" dir="rtl"` },
];

/** Time stands still in a page from here on. */
async function stopClock(page: Page): Promise<void> {
  await page.evaluate((nowMs) => {
    globalThis.Date = class extends Date {
      constructor(...given: readonly [] | readonly [number | string]) {
        super(given.length === 0 ? nowMs : given[0]);
      }
      static override now(): number {
        return nowMs;
      }
    } as DateConstructor;
  }, NOW_MS);
}

function placeOf(name: string): string {
  return `${DOCUMENTED.has(name) ? FOLDERS.docs : FOLDERS.other}/${name}.png`;
}

async function shoot(page: Page, name: string, target?: string): Promise<void> {
  const box = target === undefined ? undefined : await page.locator(target).boundingBox();
  const { width = 0 } = page.viewportSize() ?? {};
  await page.screenshot({
    path: placeOf(name),
    animations: "disabled",
    ...(box && {
      clip: {
        x: Math.max(0, box.x - PADDING_PX),
        y: Math.max(0, box.y - PADDING_PX),
        width: Math.min(width, box.width + 2 * PADDING_PX),
        height: box.height + 2 * PADDING_PX,
      },
    }),
  });
}

async function shootScene(pages: ElementPages, scene: Scene, isProgress: boolean): Promise<void> {
  const options: BrowserContextOptions = {
    timezoneId: "Europe/Paris",
    colorScheme: "light",
    viewport: isProgress ? { width: 460, height: 600 } : { width: 1180, height: 900 },
    ...scene.options,
  };
  const page = await pages.open(options, "", scene.html);
  await stopClock(page);
  if (isProgress) await mountProgress(page, { ...scene.mounting, steps: EXPECTED });
  else await mountTrace(page, scene.mounting);
  await scene.act?.(page);
  // What glides comes to rest, and a pointer that hovers changes colours.
  await page.mouse.move(0, 0);
  for (let times = 0; times < 15; times++) await drawn(page);
  await shoot(page, scene.name, isProgress ? "ssetarget-progress" : "ssetarget-trace");
  await pages.leave();
}

/** The page of the demo, when somebody has to approve the purchase. */
async function shootDemo(browser: Awaited<ReturnType<typeof launchChromium>>, demo: Demo): Promise<void> {
  const url = `http://127.0.0.1:${demo.port}`;
  const started = await fetch(`${url}/`, { method: "POST" });
  const path = started.headers.get("location") ?? "";
  const views = [
    ["run-light", {}],
    ["run-dark", DARK],
    ["run-phone", PHONE],
  ] as const;
  const open = async (name: string, options: BrowserContextOptions, at: string): Promise<[string, Page]> => {
    const context = await browser.newContext({
      locale: "en-US",
      colorScheme: "light",
      viewport: { width: 1280, height: 820 },
      ...options,
    });
    const page = await context.newPage();
    await page.goto(url + at);
    return [name, page];
  };
  const [, start] = await open("start", {}, "/");
  await shoot(start, "start");
  const opened: [string, Page][] = [];
  for (const [name, options] of views) opened.push(await open(name, options, path));
  for (const [name, page] of opened) {
    await page.locator('.row[data-name="approval by the warehouse"][data-state="waiting"]').first().waitFor();
    for (let times = 0; times < 15; times++) await drawn(page);
    await shoot(page, name);
    await page.context().close();
  }
  await start.context().close();
}

requireNode();
for (const folder of Object.values(FOLDERS)) mkdirSync(folder, { recursive: true });
const [only] = process.argv.slice(2);
const isWanted = (name: string): boolean => only === undefined || name.startsWith(only);
const browser = await launchChromium();
const pages = await openElementPages(browser);
try {
  for (const scene of TRACES) if (isWanted(scene.name)) await shootScene(pages, scene, false);
  for (const scene of PROGRESSES) if (isWanted(scene.name)) await shootScene(pages, scene, true);
  if (isWanted("run")) {
    await runSteps([["build the demo's page", "vite", "build", "examples/page", "--logLevel", "warn"]]);
    const demo = await startNodeDemo();
    try {
      await shootDemo(browser, demo);
    } finally {
      await demo.stop();
    }
  }
} finally {
  await pages.close();
  await browser.close();
}
