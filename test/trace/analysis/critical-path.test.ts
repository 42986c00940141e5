import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPath, type CriticalPathOptions } from "../../../src/trace/analysis/critical-path.ts";
import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { timelineOf } from "../../../src/trace/analysis/timeline.ts";
import { eventsOf, nestedRuns, rootOf, treeOf } from "../support/runs.ts";
import { ended, failed, logged, msAt, started } from "../support/span-events.ts";

/** A run from 0 to 100 with these spans below it: name, start, end. */
function runWith(...spans: readonly (readonly [string, number, number?])[]): SpanNode {
  return rootOf(
    started("run"),
    ...spans.flatMap(([id, start, end]) => [
      started(id, { parent: "run", ms: start }),
      ...(end === undefined ? [] : [ended(id, { parent: "run", ms: end })]),
    ]),
    ended("run", { ms: 100 }),
  );
}

function shape(root: SpanNode, options?: CriticalPathOptions): unknown {
  return criticalPath(root, options)?.segments.map(({ node, startTime, endTime }) => [
    node.name,
    startTime - msAt(0),
    endTime - msAt(0),
  ]);
}

describe("the critical path", () => {
  it("goes through steps that follow one another, and the time between them", () => {
    expect(shape(runWith(["a", 10, 40], ["b", 50, 100]))).toEqual([
      ["run", 0, 10],
      ["a", 10, 40],
      ["run", 40, 50],
      ["b", 50, 100],
    ]);
  });

  it("goes through the one of several at once that took longest", () => {
    expect(shape(runWith(["a", 0, 40], ["b", 0, 90], ["c", 0, 60]))).toEqual([
      ["b", 0, 90],
      ["run", 90, 100],
    ]);
  });

  it("goes down to where the time was spent", () => {
    const root = rootOf(
      started("run"),
      started("step", { parent: "run", ms: 10 }),
      started("query", { parent: "step", ms: 20 }),
      ended("query", { parent: "step", ms: 70 }),
      ended("step", { parent: "run", ms: 80 }),
      ended("run", { ms: 80 }),
    );
    expect(shape(root)).toEqual([
      ["run", 0, 10],
      ["step", 10, 20],
      ["query", 20, 70],
      ["step", 70, 80],
    ]);
  });

  it("does not go through what nobody waited for", () => {
    expect(shape(runWith(["late", 50, 500], ["open", 10]))).toEqual([["run", 0, 100]]);
  });

  it("counts failed tries: they took their time", () => {
    const attempt = { parent: "step", kind: "attempt" } as const;
    const root = rootOf(
      started("step", { kind: "step" }),
      started("t1", attempt),
      failed("t1", "no", { ...attempt, ms: 30 }),
      started("t2", { ...attempt, attempt: 2, ms: 50 }),
      ended("t2", { ...attempt, attempt: 2, ms: 60 }),
      ended("step", { kind: "step", ms: 60 }),
    );
    expect(shape(root)).toEqual([
      ["t1", 0, 30],
      ["step", 30, 50],
      ["t2", 50, 60],
    ]);
  });

  it("of a running span goes up to now", () => {
    const root = rootOf(
      started("run"),
      started("a", { parent: "run", ms: 5 }),
      started("b", { parent: "run", ms: 30 }),
      started("z", { parent: "b", kind: "sleep", ms: 40 }),
    );
    expect(shape(root, { now: msAt(70) })).toEqual([
      ["run", 0, 5],
      ["a", 5, 70],
    ]);
    expect(shape(root.children[1]!, { now: msAt(70) })).toEqual([
      ["b", 30, 40],
      ["z", 40, 70],
    ]);
    expect(shape(root, { now: msAt(-5) })).toEqual([]);
  });

  it("of an abandoned run goes up to the last that was heard of it", () => {
    const tree = treeOf(
      started("run"),
      started("a", { parent: "run", ms: 5 }),
      ended("a", { parent: "run", ms: 20 }),
      started("b", { parent: "run", ms: 30 }),
      logged("b", "still here", { parent: "run", ms: 45 }),
      { type: "ssetarget:end" },
    );
    expect(shape(tree.roots[0]!)).toEqual([
      ["run", 0, 5],
      ["a", 5, 20],
      ["run", 20, 30],
      ["b", 30, 45],
    ]);
  });

  it("lines clocks up first", () => {
    expect(shape(runWith(["a", -30, 30]))).toEqual([
      ["a", 0, 60],
      ["run", 60, 100],
    ]);
  });

  it("is unknown where the start is", () => {
    expect(criticalPath(rootOf(ended("run", { ms: 9 })))).toBeUndefined();
  });

  it("goes down a chain deeper than the stack", () => {
    const depth = 50_000;
    const chain = Array.from({ length: depth }, (_, index) => {
      const parent = index === 0 ? null : `s${index - 1}`;
      return [started(`s${index}`, { parent, ms: index }), ended(`s${index}`, { parent, ms: depth })];
    }).flat();
    const tree = treeOf();
    tree.applyAll(chain);
    expect(criticalPath(tree.roots[0]!)?.segments).toHaveLength(depth);
  });

  it("accounts for all of the time, once, by spans that were open and waited for nothing below", () => {
    fc.assert(
      fc.property(nestedRuns, fc.integer({ min: 0, max: 1.1e9 }), (run, until) => {
        const root = rootOf(...eventsOf(run, { until }));
        const now = msAt(until);
        const path = criticalPath(root, { now });
        const timeline = timelineOf(root);
        let at = root.startTime;
        for (const { node, startTime, endTime } of path?.segments ?? []) {
          expect(startTime).toBe(at);
          expect(endTime).toBeGreaterThan(startTime);
          at = endTime;
          const times = timeline.timesOf(node);
          expect(startTime).toBeGreaterThanOrEqual(times.startTime!);
          expect(endTime).toBeLessThanOrEqual(times.endTime ?? now);
          for (const child of node.children) {
            const end = child.endTime ?? now;
            expect(end > startTime && end <= endTime && end > child.startTime!).toBe(false);
          }
        }
        expect(at).toBe(root.endTime ?? now);
      }),
    );
  });
});
