import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateRemaining } from "../../../src/trace/analysis/estimate.ts";
import { recordRun, type RunHistory } from "../../../src/trace/analysis/history.ts";
import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { eventsOf, nestedRuns, rootOf } from "../support/runs.ts";
import { ended, failed, msAt, started } from "../support/span-events.ts";

/** A run called `name` in which one step follows the other, and each takes so long. */
function runOf(trace: string, steps: Readonly<Record<string, number>>, upTo = Infinity): SpanNode {
  const events: unknown[] = [started("root", { trace, name: "deploy" })];
  let ms = 0;
  for (const [name, durationMs] of Object.entries(steps)) {
    const place = { trace, parent: "root", name };
    if (ms <= upTo) events.push(started(name, { ...place, ms }));
    ms += durationMs;
    if (ms <= upTo) events.push(ended(name, { ...place, ms }));
  }
  if (ms <= upTo) events.push(ended("root", { trace, name: "deploy", ms }));
  return rootOf(...events);
}

function historyOf(...runs: readonly Readonly<Record<string, number>>[]): RunHistory {
  let history: RunHistory | undefined;
  for (const [index, steps] of runs.entries()) history = recordRun(history, runOf(`run-${index}`, steps));
  return history as RunHistory;
}

const remaining = (root: SpanNode, history: unknown, ms: number) => estimateRemaining(root, history, { now: msAt(ms) });

describe("a history of runs", () => {
  it("comes through JSON as it was", () => {
    const history = historyOf({ build: 100, test: 200 }, { build: 110, test: 190 });
    const copy: unknown = JSON.parse(JSON.stringify(history));
    expect(copy).toEqual(history);
    expect(recordRun(copy, runOf("next", { build: 1 }))).toEqual(recordRun(history, runOf("next", { build: 1 })));
  });

  it("is left as it was by a run that is not done, has failed, is cut off at its beginning or was recorded before", () => {
    const history = historyOf({ build: 100 });
    expect(recordRun(history, runOf("open", { build: 100 }, 50))).toBe(history);
    expect(recordRun(history, rootOf(started("r"), failed("r", "no", { ms: 1 })))).toBe(history);
    expect(recordRun(history, rootOf(started("r", { parent: "gone" }), ended("r", { parent: "gone" })))).toBe(history);
    expect(recordRun(history, runOf("run-0", { build: 100 }))).toBe(history);
  });

  it("does not change the one it was made of", () => {
    const history = historyOf({ build: 100 });
    const text = JSON.stringify(history);
    recordRun(history, runOf("next", { build: 900 }));
    expect(JSON.stringify(history)).toBe(text);
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "{}"],
    ["another version", { version: 2, runs: [], spans: {} }],
    ["spans that are a list", { version: 1, runs: [], spans: [] }],
    ["a span that is none", { version: 1, runs: [], spans: { '["deploy"]': 5 } }],
    ["times that are none", { version: 1, runs: [], spans: { '["deploy"]': { durationsMs: ["1"], tailsMs: [] } } }],
  ])("is an empty one where it is %s", (_what, history) => {
    expect(remaining(runOf("now", { build: 100 }, 50), history, 50)).toBeUndefined();
    const next = recordRun(history, runOf("one", { build: 100 }));
    expect(remaining(runOf("now", { build: 100 }, 50), next, 50)).toMatchObject({ medianMs: 50 });
  });

  it("is bounded, whatever runs are called and however many spans they have", () => {
    let history: RunHistory | undefined;
    for (let run = 0; run < 60; run += 1) {
      const steps = Array.from(
        { length: 100 },
        (_, index) => [`step ${run} ${index} ${"x".repeat(index * 9)}`, 5] as const,
      );
      history = recordRun(history, runOf(`run-${run}`, { same: 5, ...Object.fromEntries(steps) }));
    }
    expect(Object.keys(history?.spans ?? {}).length).toBeLessThanOrEqual(500);
    expect(history?.runs.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(history).length).toBeLessThan(500_000);
    expect(history?.spans['["deploy"]']?.durationsMs.length).toBe(20);
  });

  it("takes any name for a name", () => {
    const named = (name: string, upTo?: number) => runOf(name, { [name]: 100, constructor: 50 }, upTo);
    for (const name of ["__proto__x", "toString", '"],["', "2"]) {
      const history = recordRun(undefined, named(name));
      expect(estimateRemaining(named(name, 30), history, { now: msAt(30) })).toMatchObject({ medianMs: 120 });
    }
  });
});

describe("an estimate of what remains", () => {
  it("is none without a history, and none of what is not open", () => {
    expect(remaining(runOf("now", { build: 100 }, 50), undefined, 50)).toBeUndefined();
    const history = historyOf({ build: 100 });
    expect(remaining(runOf("now", { build: 100 }), history, 500)).toBeUndefined();
  });

  it("is what earlier runs had left, from the first quartile to the third", () => {
    const history = historyOf(...[100, 200, 300, 400, 500].map((build) => ({ build })));
    expect(remaining(runOf("now", { build: 999 }, 0), history, 0)).toEqual({
      lowMs: 200,
      medianMs: 300,
      highMs: 400,
      runs: 5,
    });
    expect(remaining(runOf("now", { build: 999 }, 0), history, 250)).toEqual({
      lowMs: 100,
      medianMs: 150,
      highMs: 200,
      runs: 3,
    });
  });

  it("is none where it takes longer than any earlier run", () => {
    expect(remaining(runOf("now", { build: 999 }, 0), historyOf({ build: 100 }), 101)).toBeUndefined();
  });

  it("does not count against a run how long it has waited for what is over now", () => {
    const history = historyOf({ approval: 10, ship: 60 }, { approval: 10, ship: 60 });
    expect(remaining(runOf("now", { approval: 90_000, ship: 60 }, 90_010), history, 90_010)).toMatchObject({
      medianMs: 50,
    });
  });

  it("goes on with what used to follow, between two spans", () => {
    const gap = (trace: string, isOver: boolean) =>
      rootOf(
        started("root", { trace, name: "deploy" }),
        started("a", { trace, parent: "root", ms: 10 }),
        ended("a", { trace, parent: "root", ms: 20 }),
        ...(isOver ? [ended("root", { trace, name: "deploy", ms: 100 })] : []),
      );
    expect(remaining(gap("now", false), recordRun(undefined, gap("one", true)), 50)).toMatchObject({ medianMs: 50 });
  });

  it("falls back on the whole run where a span is new", () => {
    const history = historyOf({ build: 100 });
    expect(remaining(runOf("now", { lint: 100 }, 30), history, 30)).toMatchObject({ medianMs: 70 });
  });

  it("takes a sleep to last until its end", () => {
    const sleep = rootOf(started("z", { kind: "sleep", until: new Date(msAt(9000)).toISOString() }));
    expect(remaining(sleep, undefined, 2000)).toEqual({ lowMs: 7000, medianMs: 7000, highMs: 7000, runs: 0 });
  });

  it("tells namesakes apart, and looks through tries", () => {
    const loop = (trace: string, upTo = Infinity) => {
      const at = (ms: number, event: unknown) => (ms <= upTo ? [event] : []);
      const page = (index: number, ms: number, took: number) => {
        const place = { trace, parent: "t", name: "page" };
        return [
          ...at(ms, started(`p${index}`, { ...place, ms })),
          ...at(ms + took, ended(`p${index}`, { ...place, ms: ms + took })),
        ];
      };
      return rootOf(
        started("s", { trace, name: "crawl", kind: "step" }),
        started("t", { trace, parent: "s", kind: "attempt", name: "attempt" }),
        ...page(1, 0, 10),
        ...page(2, 10, 100),
        ...page(3, 110, 5),
        ...at(120, ended("t", { trace, parent: "s", kind: "attempt", name: "attempt", ms: 120 })),
        ...at(120, ended("s", { trace, name: "crawl", kind: "step", ms: 120 })),
      );
    };
    const history = recordRun(undefined, loop("one"));
    for (const ms of [0, 5, 10, 60, 112, 117]) {
      expect([ms, remaining(loop("now", ms), history, ms)?.medianMs]).toEqual([ms, 120 - ms]);
    }
    const now = loop("now", 60);
    const page = now.attempts[0]!.children[1]!;
    const options = { now: msAt(60), ancestors: [now, now.attempts[0]!] };
    expect(estimateRemaining(page, history, options)?.medianMs).toBe(50);
    expect(estimateRemaining(page, history, { now: msAt(60), ancestors: [page] })).toBeUndefined();
  });

  it("of a run that goes exactly as the one before is exact at any moment", () => {
    fc.assert(
      fc.property(nestedRuns, fc.integer({ min: 0, max: 1e9 - 1 }), (run, until) => {
        const history = recordRun(undefined, rootOf(...eventsOf(run, { trace: "one" })));
        const root = rootOf(...eventsOf(run, { trace: "now", until }));
        expect(remaining(root, history, until)?.medianMs).toBe(1e9 - until);
      }),
    );
  });

  it("is a range in order, and made of earlier runs", () => {
    const runs = fc.array(fc.record({ a: fc.nat(1000), b: fc.nat(1000), c: fc.nat(1000) }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(runs, fc.nat(3000), (all, upTo) => {
        const [now, ...earlier] = all;
        const history = historyOf(...earlier, { a: 500, b: 500, c: 500 });
        const left = remaining(runOf("now", now ?? {}, upTo), history, upTo);
        if (left === undefined) return;
        expect(left.lowMs).toBeGreaterThanOrEqual(0);
        expect(left.medianMs).toBeGreaterThanOrEqual(left.lowMs);
        expect(left.highMs).toBeGreaterThanOrEqual(left.medianMs);
        expect(left.runs).toBeLessThanOrEqual(all.length);
      }),
    );
  });
});
