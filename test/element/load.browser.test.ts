import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { drawn, type ElementPages, mountTrace, openElementPages } from "./support/element-page.ts";
import { DEPLOYMENT, eventsOf, FAILED_DEPLOYMENT, manySpans } from "./support/scenes.ts";

/** Figures are reported, and held to bounds that a machine under load keeps too. */
const SPANS = 10_000;
const EVENTS_PER_SECOND = 200;
const SECONDS = 5;

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

const over = (): object[] => [...eventsOf(FAILED_DEPLOYMENT, Date.now() - 60_000), { type: "ssetarget:end" }];

/** Counts what is asked of timers and frames from now on, and knows what is still to come. */
async function countTimers(page: Page): Promise<void> {
  await page.evaluate(() => {
    const pending = new Set<string>();
    const counts = { frames: 0, timers: 0 };
    const {
      requestAnimationFrame: frame,
      cancelAnimationFrame: cancelFrame,
      setTimeout: timer,
      clearTimeout: cancelTimer,
    } = window;
    window.requestAnimationFrame = (callback) => {
      counts.frames += 1;
      const id = frame((time) => {
        pending.delete(`frame ${id}`);
        callback(time);
      });
      pending.add(`frame ${id}`);
      return id;
    };
    window.cancelAnimationFrame = (id) => {
      pending.delete(`frame ${id}`);
      cancelFrame(id);
    };
    window.setTimeout = ((callback: () => void, ms?: number) => {
      counts.timers += 1;
      const id = timer(() => {
        pending.delete(`timer ${id}`);
        callback();
      }, ms);
      pending.add(`timer ${id}`);
      return id;
    }) as typeof setTimeout;
    window.clearTimeout = (id) => {
      pending.delete(`timer ${id}`);
      cancelTimer(id);
    };
    Object.assign(window, { counts, pending });
  });
}

const timers = (page: Page) =>
  page.evaluate(() => {
    const { counts, pending } = window as unknown as {
      counts: { frames: number; timers: number };
      pending: Set<string>;
    };
    return { ...counts, pending: pending.size };
  });

async function metricsOf(client: CDPSession): Promise<Readonly<Record<string, number>>> {
  const { metrics } = await client.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Figures are for people to read. */
const report = (text: string): unknown => process.stdout.write(`${text}\n`);

/** Watches frames and scripts for some seconds, while events are given over at a steady pace. */
async function measureFrames(page: Page, events: readonly object[], perSecond: number, seconds: number) {
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  // What comes over to the page is not part of the measurement.
  await page.evaluate((more) => Object.assign(window, { more }), events as object[]);
  await drawn(page);
  const before = await metricsOf(client);
  const { frames, tasks } = await page.evaluate(
    async ([rate, duration]) => {
      const { more } = window as unknown as { more: object[] };
      const times: number[] = [];
      const long: number[] = [];
      const observer = new PerformanceObserver((list) =>
        long.push(...list.getEntries().map((entry) => entry.duration)),
      );
      observer.observe({ type: "longtask" });
      let isOver = false;
      const onFrame = (time: number): void => {
        times.push(time);
        if (!isOver) requestAnimationFrame(onFrame);
      };
      requestAnimationFrame(onFrame);
      const start = performance.now();
      for (let sent = 0, passedMs = 0; passedMs < duration * 1000; passedMs = performance.now() - start) {
        const due = Math.min(rate * duration, Math.floor((passedMs / 1000) * rate));
        if (due > sent) window.watch.feed(more.slice(sent, due));
        sent = due;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      isOver = true;
      observer.disconnect();
      return { frames: times.slice(1).map((time, index) => time - (times[index] ?? time)), tasks: long };
    },
    [perSecond, seconds] as const,
  );
  const after = await metricsOf(client);
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  const perFrame = (...names: string[]): number => {
    const sumSeconds = names.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0);
    return Number(((sumSeconds * 1000) / frames.length).toFixed(2));
  };
  return {
    "frames a second": Math.round(frames.length / seconds),
    "script ms a frame": perFrame("ScriptDuration"),
    "style and layout ms a frame": perFrame("RecalcStyleDuration", "LayoutDuration"),
    "frame ms, median": at(0.5),
    "frame ms, 99th percentile": at(0.99),
    "frame ms, longest": at(1),
    "tasks above 50 ms": tasks.length,
  };
}

describe(`<ssetarget-trace> with ${SPANS} spans`, () => {
  it(`keeps up with ${EVENTS_PER_SECOND} events a second`, async () => {
    const page = await pages.open({});
    const events = manySpans(SPANS + 1_000, Date.now() - 62_000);
    await mountTrace(page, { events: events.slice(0, SPANS * 2), attributes: { follow: "" } });
    const rest = await measureFrames(page, [], 0, 2);
    const load = await measureFrames(page, events.slice(SPANS * 2), EVENTS_PER_SECOND, SECONDS);
    const elements = await page.evaluate(() => window.element.shadowRoot?.querySelectorAll("*").length);
    report(JSON.stringify({ rest, load, elements }, null, 1));
    expect(load["script ms a frame"]).toBeLessThan(50);
    expect(load["frame ms, median"]).toBeLessThan(250);
    expect(elements).toBeLessThan(2_500);
  });

  it("scrolls, folds and finds in a moment", async () => {
    const page = await pages.open({});
    await mountTrace(page, { events: manySpans(SPANS, Date.now() - 62_000) });
    const measure = (action: string) =>
      page.evaluate(async (name) => {
        const grid = window.element.shadowRoot?.querySelector(".grid");
        const actions: Record<string, () => void> = {
          scroll: () => grid?.scrollBy(0, 4_000),
          collapse: () => window.element.collapseAll(),
          expand: () => window.element.expandAll(),
          find: () => window.element.filter("product 77"),
          "show all": () => window.element.filter(""),
        };
        const frame = () => new Promise(requestAnimationFrame);
        await frame();
        const start = performance.now();
        actions[name]?.();
        await frame();
        return Math.round(performance.now() - start);
      }, action);
    const figures: Record<string, number> = {};
    for (const action of ["scroll", "collapse", "expand", "find", "show all"]) figures[action] = await measure(action);
    report(`ms until drawn: ${JSON.stringify(figures)}`);
    expect(Math.max(...Object.values(figures))).toBeLessThan(2_000);
  });
});

describe("an element that has nothing to do", () => {
  it("runs nothing while nothing moves", async () => {
    const page = await pages.open({});
    await countTimers(page);
    await mountTrace(page, { events: over(), status: "ended" });
    // What is to be announced is still to come.
    await expect.poll(() => page.getByRole("status").innerText(), { timeout: 15_000 }).not.toBe("");
    await expect.poll(async () => (await timers(page)).pending, { timeout: 15_000 }).toBe(0);
    const before = await timers(page);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await timers(page)).toEqual(before);
  });

  it("draws nothing while it is out of sight", async () => {
    const page = await pages.open({});
    // From the start: a timer set before the counting would run unseen after it seems that nothing is left.
    await countTimers(page);
    await mountTrace(page, { events: eventsOf(DEPLOYMENT, Date.now() - 24_000) });
    await page.evaluate(() => (document.body.style.paddingTop = "3000px"));
    await expect.poll(async () => (await timers(page)).pending, { timeout: 15_000 }).toBe(0);
    const before = await timers(page);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await timers(page)).toEqual(before);
  });

  it("leaves nothing behind when it is removed", async () => {
    const page = await pages.open({});
    await countTimers(page);
    await mountTrace(page, { events: eventsOf(DEPLOYMENT, Date.now() - 24_000) });
    await page.evaluate(() => {
      window.element.remove();
      window.watch.feed([]);
    });
    await expect.poll(async () => (await timers(page)).pending, { timeout: 15_000 }).toBe(0);
    expect(await page.evaluate(() => window.watch.listeners)).toBe(0);
  });

  it("costs no memory once it is gone", async () => {
    const page = await pages.open({});
    const client = await page.context().newCDPSession(page);
    const events = over();
    const mountMany = (count: number) =>
      page.evaluate(
        async ([given, times]) => {
          const main = document.querySelector("main");
          for (let time = 0; time < times; time++) {
            const trace = document.createElement("ssetarget-trace");
            const progress = document.createElement("ssetarget-progress");
            const watch = new window.HandWatch();
            watch.feed(given);
            watch.become("ended");
            trace.watch = progress.watch = watch as never;
            main?.append(trace, progress);
            // In one of ten it is drawn; a frame for each would take long.
            if (time % 10 === 0) for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
            trace.remove();
            progress.remove();
          }
        },
        [events, count] as const,
      );
    const measure = async () => {
      for (let round = 0; round < 3; round++) {
        await drawn(page);
        await client.send("HeapProfiler.collectGarbage");
      }
      const { usedSize } = await client.send("Runtime.getHeapUsage");
      const { nodes, jsEventListeners } = await client.send("Memory.getDOMCounters");
      return { usedSize, nodes, jsEventListeners };
    };
    await mountMany(100);
    const before = await measure();
    await mountMany(1_000);
    // Chromium lets go of documents' nodes when it has time; what leaked would be there for good, a thousand times.
    const growth = async () => {
      const after = await measure();
      report(`after 1,000 more mounts: ${JSON.stringify({ before, after })}`);
      const { nodes, jsEventListeners, usedSize } = before;
      return [
        after.nodes - nodes < 200,
        after.jsEventListeners - jsEventListeners < 20,
        after.usedSize - usedSize < 1e6,
      ];
    };
    await expect.poll(growth).toEqual([true, true, true]);
  });
});
