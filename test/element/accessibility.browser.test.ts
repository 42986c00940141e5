import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import {
  drawn,
  type ElementPages,
  type Mounting,
  mountProgress,
  mountTrace,
  openElementPages,
} from "./support/element-page.ts";
import { DEPLOYMENT, eventsOf, FAILED_DEPLOYMENT, manySpans } from "./support/scenes.ts";

let browser: Browser;
let pages: ElementPages;
let axe: string;

beforeAll(async () => {
  browser = await launchChromium();
  pages = await openElementPages(browser);
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});
afterAll(async () => {
  await pages?.close();
  await browser?.close();
});

const running = (): object[] => eventsOf(DEPLOYMENT, Date.now() - 24_000);
const failed = (): object[] => [...eventsOf(FAILED_DEPLOYMENT, Date.now() - 60_000), { type: "ssetarget:end" }];
const refusal = (code: number) => ({ status: "failed", state: { error: { status: code } as never } }) as const;

const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

describe.each([
  ["light", DESK],
  ["dark", DESK],
  ["light", PHONE],
  ["dark", PHONE],
] as const)("axe-core, in %s on %o", (colorScheme, viewport) => {
  // One page for all of them: a new one for each state would take most of the time.
  let page: Page;
  beforeAll(async () => {
    page = await pages.open({ colorScheme, viewport, reducedMotion: "reduce" });
    // By the debugger, for the page's policy forbids further scripts.
    await page.evaluate(axe);
  });
  afterEach(async () => {
    await page.evaluate(() => document.querySelector("main")?.replaceChildren());
    expect(pages.complaints.splice(0)).toEqual([]);
  });
  afterAll(() => pages.leave());

  const nothing = async (): Promise<void> => {};
  const states: readonly (readonly [string, Mounting, () => Promise<void>])[] = [
    ["nothing to watch", { status: "closed" }, nothing],
    ["connecting", { status: "connecting" }, nothing],
    ["a run that told nothing", { events: [{ type: "ssetarget:end" }], status: "ended" }, nothing],
    ["a running run", { events: running(), hasAction: true }, nothing],
    [
      "a failed run with its details",
      { events: failed(), status: "ended" },
      async () => void (await page.evaluate(() => window.element.select("1.7.2"))),
    ],
    ["many spans", { events: manySpans(2_000, Date.now() - 62_000) }, nothing],
    [
      "a run that is followed, zoomed",
      { events: running(), attributes: { follow: "" } },
      () => page.evaluate(() => window.element.zoom(0.5)),
    ],
    [
      "an action that failed",
      { events: running() },
      async () => {
        await page.evaluate(() => {
          window.element.action = ({ kind }) =>
            kind === "wait" ? { label: "Go", run: () => Promise.reject(new Error("not now")) } : undefined;
          window.element.select("1.6");
          window.element.show(undefined);
        });
        await page.getByRole("button", { name: /^Go/ }).click();
        await page.getByRole("alert").waitFor();
      },
    ],
    [
      "a connection that was given up",
      { events: running(), status: "failed", state: { error: { status: 503, message: "down" } as never } },
      nothing,
    ],
    [
      "a run that is waited for",
      { events: running(), status: "waiting", state: { retryAtMs: Date.now() + 60_000 } },
      nothing,
    ],
    ["a refusal", refusal(404), nothing],
    [
      "a gap",
      { events: [{ type: "ssetarget:gap", reason: "trimmed", after: 1, resumesAt: 5 }, ...running()] },
      nothing,
    ],
    ["a filter", { events: failed(), status: "ended" }, () => page.getByRole("button", { name: /failed/ }).click()],
    ["nothing found", { events: failed(), status: "ended" }, () => page.getByRole("searchbox").fill("nothing")],
  ];

  async function violations(): Promise<readonly string[]> {
    await drawn(page);
    return page.evaluate(async () => {
      const { axe: checker } = window as unknown as {
        axe: {
          run(
            context: Node,
            options: object,
          ): Promise<{
            violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
          }>;
        };
      };
      const found = await checker.run(document, { resultTypes: ["violations"] });
      return found.violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
    });
  }

  it.each(states)("finds nothing serious in %s", async (_name, mounting, then) => {
    await mountTrace(page, mounting);
    await then();
    expect(await violations()).toEqual([]);
  });

  it.each([
    ["getting ready", { events: [] }],
    ["running", { events: running(), steps: ["check out the code", "switch over"] }],
    ["waiting", { events: running().filter((event) => (event as { name?: string }).name !== "upload assets") }],
    ["done", { events: [...running().slice(0, 1), { type: "ssetarget:end" }], status: "ended" }],
    ["failed", { events: failed(), status: "ended" }],
    ["lost", { events: running(), status: "waiting", state: { retryAtMs: Date.now() + 60_000 } }],
    ["refused", refusal(401)],
  ] as const)("finds nothing serious in <ssetarget-progress> that is %s", async (_name, mounting) => {
    await mountProgress(page, mounting);
    expect(await violations()).toEqual([]);
  });
});
