import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SpanEvent } from "../../src/trace/events.ts";
import { ServerClock } from "../../src/trace/analysis/server-clock.ts";
import { SpanTree } from "../../src/trace/tree/tree.ts";
import { Tracer, type TracerOptions } from "../../src/trace/tracer/tracer.ts";
import { at, ended, logged, msAt, started, updated } from "./support/span-events.ts";

const HOUR_MS = 3_600_000;

let tree: SpanTree;
let lastId: number;

/** As a store does, which knows no clock. */
const sink = (event: SpanEvent): void => {
  lastId += 1;
  tree.apply({ ...event, id: lastId });
};

function newTracer(options: TracerOptions = {}): Tracer {
  return new Tracer(sink, "run", { minUpdateIntervalMs: 0, ...options });
}

/** Sets the system's clock, by so much; time goes on as before. */
function setClock(byMs: number): void {
  vi.setSystemTime(Date.now() + byMs);
}

beforeEach(() => {
  tree = new SpanTree();
  lastId = 0;
  vi.useFakeTimers({ now: msAt(0) });
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ["set back by a minute", -60_000],
  ["set forward by two hours", 2 * HOUR_MS],
  ["set to 1970", -msAt(0)],
])("a system clock that is %s within a span", (_what, byMs) => {
  it("does not change how long it takes, nor what is within it", async () => {
    const run = newTracer().startSpan({ name: "run", spanId: "run" });
    vi.advanceTimersByTime(1000);
    setClock(byMs);
    const step = run.startSpan({ name: "step", spanId: "step" });
    vi.advanceTimersByTime(2000);
    await step.end();
    setClock(-byMs);
    vi.advanceTimersByTime(1000);
    await run.end();
    expect(tree.get("run")).toMatchObject({ startTime: msAt(0), durationMs: 4000 });
    expect(tree.get("step")).toMatchObject({ startTime: msAt(1000), durationMs: 2000 });
  });

  it("is right again for the next outermost span", async () => {
    const tracer = newTracer();
    await tracer.startSpan({ name: "one", spanId: "one" }).end();
    setClock(byMs);
    await tracer.startSpan({ name: "two", spanId: "two" }).end();
    expect(tree.get("two")).toMatchObject({ startTime: msAt(byMs), durationMs: 0 });
  });

  it("does not stop the progress, and loses no attribute, also if the tracer has a clock of its own", async () => {
    const span = newTracer({ now: Date.now }).startSpan({ name: "a", spanId: "a", attributes: { mirror: "a", n: 0 } });
    span.update({ attributes: { n: 1 }, progress: { current: 1, total: 3 } });
    span.log("info", "before");
    setClock(byMs);
    span.update({ attributes: { n: 2 }, progress: { current: 2, total: 3 } });
    span.log("info", "after");
    expect(tree.get("a")).toMatchObject({ progress: { current: 2 }, attributes: { n: 2 } });
    span.setAttributes({ mirror: "b" });
    await span.end();
    expect(tree.get("a")).toMatchObject({ state: "done", attributes: { mirror: "b", n: 2 } });
    expect(tree.get("a")?.durationMs).toBeGreaterThanOrEqual(0);
    expect(tree.get("a")?.logs.map(({ message }) => message)).toEqual(["before", "after"]);
  });

  it("does not decide which try is the newest", async () => {
    await newTracer().startSpan({ name: "job", spanId: "job" }).fail(new Error("flaky"));
    setClock(byMs);
    await newTracer().startSpan({ name: "job", spanId: "job" }).end();
    expect(tree.get("job")).toMatchObject({ state: "done", attempt: 2 });
  });
});

describe("a tree", () => {
  it("goes by the ids of events, in whatever order they come, and by time if they have none", () => {
    const told = [
      started("a", { id: 1, ms: 90_000, attributes: { x: 1, y: 1 } }),
      updated("a", { id: 2, ms: 91_000, attributes: { x: 2 }, progress: { current: 1 } }),
      logged("a", "one", { id: 3, ms: 91_500 }),
      updated("a", { id: 4, ms: 31_000, progress: { current: 2 } }),
      logged("a", "two", { id: 5, ms: 31_500 }),
      ended("a", { id: 6, ms: 32_000, attributes: { x: 3 } }),
    ];
    for (const events of [told, told.toReversed()]) {
      tree = new SpanTree();
      tree.applyAll(events);
      expect(tree.get("a")).toMatchObject({ attributes: { x: 3, y: 1 }, progress: { current: 2 }, state: "done" });
      expect(tree.get("a")?.logs.map(({ message }) => message)).toEqual(["one", "two"]);
    }
    const unplaced = [
      updated("b", { ms: 5, progress: { current: 5 } }),
      updated("b", { ms: 4, progress: { current: 4 } }),
    ];
    tree.applyAll(unplaced);
    expect(tree.get("b")?.progress).toEqual({ current: 5 });
  });

  it("keeps the newest lines by their ids, so that a clock that was set back does not hide all that follow", () => {
    tree = new SpanTree({ maxLogsPerSpan: 2 });
    for (const [id, ms] of [50_000, 50_001, 10, 11].entries()) tree.apply(logged("a", `${id}`, { id: id + 1, ms }));
    expect(tree.get("a")?.logs.map(({ message }) => message)).toEqual(["2", "3"]);
  });
});

describe("the server's clock, on a viewer whose own is set", () => {
  const hear = (clock: ServerClock, serverMs: number): void =>
    clock.observe({ ...started("a"), timestamp: at(serverMs) }, true);

  it("goes on as it was if that is set back", () => {
    const clock = new ServerClock();
    hear(clock, 0);
    setClock(-HOUR_MS);
    vi.advanceTimersByTime(5000);
    expect(clock.now()).toBe(msAt(5000));
  });

  it("is right again with the next live event if that is set forward", () => {
    const clock = new ServerClock();
    hear(clock, 0);
    setClock(2 * HOUR_MS);
    vi.advanceTimersByTime(5000);
    hear(clock, 5000);
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toBe(msAt(6000));
  });

  it("has gone on while the machine slept, which the monotonic clock did not", () => {
    const clock = new ServerClock();
    hear(clock, 0);
    // The same to a page as a clock that is set.
    setClock(HOUR_MS);
    expect(clock.now()).toBe(msAt(HOUR_MS));
    hear(clock, HOUR_MS + 1000);
    expect(clock.now()).toBe(msAt(HOUR_MS + 1000));
  });
});
