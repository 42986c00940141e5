import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timelineOf } from "../../../src/trace/analysis/timeline.ts";
import type { SpanTree } from "../../../src/trace/tree/tree.ts";
import { eventsOf, nestedRuns, rootOf, treeOf } from "../support/runs.ts";
import { ended, msAt, started } from "../support/span-events.ts";

/** Where a span is drawn, in milliseconds after the start of these tests' time. */
function drawn(tree: SpanTree, spanId: string): readonly (number | undefined)[] {
  const node = tree.get(spanId);
  if (node === undefined) throw new Error(`no span ${spanId}`);
  const { startTime, endTime } = timelineOf(tree.roots[0] ?? node).timesOf(node);
  return [startTime, endTime].map((time) => (time === undefined ? undefined : time - msAt(0)));
}

const parent = [started("p", { ms: 0, id: 1 }), ended("p", { ms: 100, id: 9 })];
const onHost = (host: string) => ({ attributes: { "host.name": host } });

describe("a timeline", () => {
  it("leaves times alone that can be true", () => {
    const tree = treeOf(...parent, started("c", { parent: "p", ms: 10 }), ended("c", { parent: "p", ms: 100 }));
    const timeline = timelineOf(tree.roots[0]!);
    expect(timeline.isAdjusted).toBe(false);
    expect(drawn(tree, "c")).toEqual([10, 100]);
  });

  it("moves a span that begins before its parent, by the least, with all below it; what was told stays", () => {
    const tree = treeOf(
      ...parent,
      started("c", { parent: "p", ms: -500 }),
      ended("c", { parent: "p", ms: -460 }),
      started("d", { parent: "c", ms: -490 }),
      ended("d", { parent: "c", ms: -470 }),
    );
    expect([drawn(tree, "c"), drawn(tree, "d")]).toEqual([
      [0, 40],
      [10, 30],
    ]);
    expect(tree.get("d")).toMatchObject({ startTime: msAt(-490), endTime: msAt(-470), durationMs: 20 });
    expect(timelineOf(tree.roots[0]!).shiftOf(tree.get("d")!)).toBe(500);
  });

  it("moves back a span that ends after its parent by its clock, though its end was told before", () => {
    const tree = treeOf(
      ...parent,
      started("c", { parent: "p", ms: 150, id: 2 }),
      ended("c", { parent: "p", ms: 170, id: 8 }),
      started("open", { parent: "p", ms: 200, id: 3 }),
    );
    expect(drawn(tree, "c")).toEqual([80, 100]);
    expect(drawn(tree, "open")).toEqual([100, undefined]);
  });

  it("lets a span outlive its parent where that is what the stream tells: nobody waited for it", () => {
    const tree = treeOf(
      ...parent,
      started("c", { parent: "p", ms: 50, id: 2 }),
      ended("c", { parent: "p", ms: 170, id: 10 }),
    );
    expect(drawn(tree, "c")).toEqual([50, 170]);
    const later = treeOf(...parent, started("c", { parent: "p", ms: 150, id: 11 }));
    expect(drawn(later, "c")).toEqual([150, undefined]);
  });

  it("goes by the names of clocks where events have no ids", () => {
    const run = (host: string) =>
      treeOf(
        started("p", onHost("a")),
        ended("p", { ms: 100, ...onHost("a") }),
        started("c", { parent: "p", ms: 150, ...onHost(host) }),
        ended("c", { parent: "p", ms: 170, ...onHost(host) }),
        started("early", { parent: "p", ms: -10, ...onHost(host) }),
      );
    expect([drawn(run("a"), "c"), drawn(run("a"), "early")]).toEqual([
      [150, 170],
      [-10, undefined],
    ]);
    expect([drawn(run("b"), "c"), drawn(run("b"), "early")]).toEqual([
      [80, 100],
      [0, undefined],
    ]);
  });

  it("keeps in sequence what one process did in sequence", () => {
    const tree = treeOf(
      ...parent,
      started("one", { parent: "p", ms: -1000 }),
      ended("one", { parent: "p", ms: -980 }),
      started("two", { parent: "p", ms: -970 }),
      ended("two", { parent: "p", ms: -950 }),
    );
    expect([drawn(tree, "one"), drawn(tree, "two")]).toEqual([
      [0, 20],
      [30, 50],
    ]);
  });

  it("goes by the start of a span that is too long for its parent", () => {
    const tree = treeOf(
      ...parent,
      started("c", { parent: "p", ms: 20, id: 2 }),
      ended("c", { parent: "p", ms: 190, id: 8 }),
    );
    expect(drawn(tree, "c")).toEqual([0, 170]);
  });

  it("leaves rollbacks after the end of what they undo", () => {
    const tree = treeOf(...parent, started("r", { parent: "p", ms: 200, id: 8, kind: "rollback" }));
    expect(drawn(tree, "r")).toEqual([200, undefined]);
  });

  it("moves tries as it moves children", () => {
    const tree = treeOf(...parent, started("t", { parent: "p", ms: -20, kind: "attempt" }));
    expect(drawn(tree, "t")).toEqual([0, undefined]);
  });

  it("is the same object for the same node, unless clocks are named in another way", () => {
    const root = rootOf(...parent, started("c", { parent: "p", ms: -20 }));
    expect(timelineOf(root)).toBe(timelineOf(root));
    expect(timelineOf(root, { clockOf: () => "the only one" }).isAdjusted).toBe(false);
  });

  it("knows nothing where nothing is known", () => {
    const tree = treeOf(ended("p", { ms: 5 }), started("c", { parent: "p", ms: -9 }));
    expect([drawn(tree, "p"), drawn(tree, "c")]).toEqual([
      [undefined, 5],
      [-9, undefined],
    ]);
  });

  it("lines up what different clocks have told, so that every span lies within the one that waited for it", () => {
    fc.assert(
      fc.property(nestedRuns, fc.array(fc.integer({ min: -1e10, max: 1e10 }), { maxLength: 3 }), (run, aheadMs) => {
        const tree = treeOf(...eventsOf(run, { aheadMs }));
        const timeline = timelineOf(tree.roots[0]!);
        for (const { id, parent: above, start, end } of run) {
          const { startTime = NaN, endTime = NaN } = timeline.timesOf(tree.get(id)!);
          expect(endTime - startTime).toBe(end - start);
          if (above === undefined) continue;
          const outer = timeline.timesOf(tree.get(above.id)!);
          expect(startTime).toBeGreaterThanOrEqual(outer.startTime!);
          expect(endTime).toBeLessThanOrEqual(outer.endTime!);
        }
      }),
    );
  });

  it("moves nothing where there is one clock, however wrong", () => {
    fc.assert(
      fc.property(nestedRuns, fc.integer(), fc.integer({ min: 0, max: 1e9 }), (run, ahead, until) => {
        const root = rootOf(...eventsOf(run, { until, aheadMs: [ahead, ahead, ahead] }));
        expect(timelineOf(root).isAdjusted).toBe(false);
      }),
    );
  });

  it("never draws a span before its parent, whatever is told", () => {
    const times = fc.integer({ min: 0, max: 9 });
    const spans = fc.array(fc.tuple(fc.nat(), times, fc.option(times), fc.nat(20), fc.nat(20)), { maxLength: 8 });
    fc.assert(
      fc.property(spans, (all) => {
        const events = all.flatMap(([above, start, end, startId, endId], index) => {
          const place = { parent: index === 0 ? null : `s${above % index}` };
          return [
            started(`s${index}`, { ...place, ms: start, id: startId || undefined }),
            ...(end === null ? [] : [ended(`s${index}`, { ...place, ms: end, id: endId || undefined })]),
          ];
        });
        const tree = treeOf(...events);
        for (const root of tree.roots) {
          const timeline = timelineOf(root);
          const pending = [root];
          for (const node of pending) {
            const { startTime = NaN, endTime = Infinity } = timeline.timesOf(node);
            expect(endTime).toBeGreaterThanOrEqual(startTime);
            for (const child of node.children) {
              expect(timeline.timesOf(child).startTime).toBeGreaterThanOrEqual(startTime);
              pending.push(child);
            }
          }
        }
      }),
    );
  });
});
