import { afterEach, describe, expect, it, vi } from "vitest";
import { progressOf } from "../../../src/trace/analysis/progress.ts";
import { SpanGroup } from "../../../src/trace/tree/group.ts";
import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { failed, logged, msAt, started, updated } from "../support/span-events.ts";

/** What takes longer than this has done work that grows with what is there: minutes of it. What does not is done in a moment. */
const TIMEOUT_MS = 30_000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A circle: each span names the one before it as its parent. */
function circleOf(size: number): SpanTree {
  const tree = new SpanTree();
  for (let n = 0; n < size; n += 1) tree.apply(started(`s${n}`, { parent: `s${(n + size - 1) % size}`, ms: n }));
  return tree;
}

/** Opens the circle at a span, or closes it there. */
function turn(tree: SpanTree, size: number, n: number, attempt: number): void {
  tree.apply(started(`s${n}`, { parent: attempt % 2 === 0 ? null : `s${(n + size - 1) % size}`, attempt }));
}

describe("a producer that opens and closes a circle of parents", () => {
  const SIZE = 5_000;

  it.each([
    ["at one place", () => 0],
    ["everywhere", (round: number) => (round >> 1) % SIZE],
  ])("%s does not have the whole circle put together each time", (_what, place) => {
    const tree = circleOf(SIZE);
    expect(tree.roots).toHaveLength(SIZE);
    const filed = vi.spyOn(SpanGroup.prototype, "add");
    for (let round = 0; round < 1_000; round += 1) {
      turn(tree, SIZE, place(round), round + 2);
      // Says nothing new, but may be the earliest of its span.
      tree.apply(updated("s7", { parent: "s6", ms: -round }));
      if (round % 50 === 0) expect(tree.roots.length).toBeGreaterThan(0);
    }
    expect(filed.mock.calls.length).toBeLessThan(300_000);
    expect(tree.size).toBe(SIZE);
  });

  it("changes no view but that of the span where it does so, once it has done so often", () => {
    const tree = circleOf(SIZE);
    for (let round = 0; round < 100; round += 1) {
      turn(tree, SIZE, 0, round + 2);
      void tree.roots;
    }
    const nodesNow = (): readonly (SpanNode | undefined)[] =>
      Array.from({ length: SIZE }, (_, n) => tree.get(`s${n}`, "run"));
    let before = nodesNow();
    for (let round = 100; round < 110; round += 1) {
      turn(tree, SIZE, 0, round + 2);
      const after = nodesNow();
      expect(after.filter((node, n) => node !== before[n]).length).toBeLessThanOrEqual(2);
      before = after;
    }
  });

  it("gets what it says as long as it does so a few times", () => {
    const tree = circleOf(SIZE);
    for (let round = 0; round < 9; round += 1) {
      turn(tree, SIZE, 0, round + 2);
      expect(tree.roots).toHaveLength(round % 2 === 0 ? 1 : SIZE);
    }
  });
});

describe("the work for one event or tick", () => {
  it(
    "does not grow with sleeps times depth",
    () => {
      const SIZE = 20_000;
      const tree = new SpanTree({ leaseMs: 1_000 });
      for (let n = 0; n < SIZE; n += 1) tree.apply(started(`s${n}`, { parent: n === 0 ? null : `s${n - 1}` }));
      const below = { parent: `s${SIZE - 1}`, kind: "sleep" } as const;
      const until = new Date(msAt(86_400_000)).toISOString();
      for (let n = 0; n < SIZE; n += 1) tree.apply(started(`z${n}`, { ...below, until }));
      for (let round = 1; round < 100; round += 1) {
        tree.apply(updated("z5", { ...below, progress: { current: round } }));
        expect(tree.tick(msAt(80_000_000 + round))).toBe(false);
        expect(tree.totals.waiting).toBe(SIZE);
      }
      tree.apply(failed("s0", "no"));
      expect(tree.totals).toMatchObject({ waiting: 0, failed: 1, abandoned: 2 * SIZE - 1 });
    },
    TIMEOUT_MS,
  );

  it(
    "does not grow with the attempts of a step",
    () => {
      const tree = new SpanTree();
      tree.applyAll([started("step"), started("child", { parent: "step" })]);
      for (let n = 1; n <= 50_000; n += 1) {
        tree.apply(started(`t${n}`, { parent: "step", kind: "attempt", attempt: n }));
      }
      for (let round = 1; round <= 20_000; round += 1) {
        tree.apply(updated("child", { parent: "step", ms: round, progress: { current: round } }));
        expect(tree.roots[0]?.totals.running).toBe(2);
      }
      expect(tree.get("t49999")?.state).toBe("abandoned");
      expect(tree.get("t50000")?.state).toBe("running");
    },
    TIMEOUT_MS,
  );

  it(
    "does not grow with how large a value or line is that it is compared with",
    () => {
      const tree = new SpanTree();
      const large = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`n${n}`, "x".repeat(20)]));
      tree.apply(updated("a", { attributes: { x: large } }));
      tree.apply(logged("a", "line", { key: "large", attributes: large }));
      for (let round = 0; round < 2_000; round += 1) {
        tree.apply(updated("a", { attributes: { x: round } }));
        tree.apply(logged("a", "line", { key: `small ${round}` }));
      }
      expect(tree.get("a")?.attributes).toEqual({ x: large });
      expect(tree.get("a")?.logs).toHaveLength(1_000);
    },
    TIMEOUT_MS,
  );

  it("is bounded in runs of one span; the newest are known", () => {
    const tree = new SpanTree();
    for (let n = 1; n <= 10_000; n += 1) tree.apply(started("a", { run: `run ${n}`, id: n, ms: n }));
    expect(tree.get("a")).toMatchObject({ attempt: 10_000, run: "run 10000", state: "running" });
  });
});

describe("steps that were tried more than once", () => {
  it("count what is below their newest try also if that leaves again, and among many", () => {
    const tree = new SpanTree();
    const attempt = (n: number, parent = "step") => started(`t${n}`, { parent, kind: "attempt", attempt: n });
    tree.apply(started("step"));
    for (let n = 1; n <= 20; n += 1) {
      tree.applyAll([attempt(n), failed(`below ${n}`, "no", { parent: `t${n}` })]);
      expect(tree.totals).toMatchObject({ failed: 1, running: 1 });
    }
    expect(tree.get("t19")?.state).toBe("abandoned");
    // The newest turns out to be another step's.
    tree.applyAll([started("other"), started("t20", { parent: "other", kind: "attempt", attempt: 20, ms: -1 })]);
    expect(tree.get("t19")?.state).toBe("running");
    expect(tree.get("step")?.totals).toMatchObject({ failed: 1, running: 1 });
    expect(tree.get("other")?.totals).toMatchObject({ failed: 1, running: 1 });
  });
});

describe("numbers that are out of all proportion", () => {
  const MAX = Number.MAX_VALUE;

  it.each([
    [{ current: MAX, total: MAX }, 1],
    [{ current: -MAX, total: 5e-324 }, 0],
    [{ current: MAX, total: 5e-324 }, 1],
    [{ current: 1, total: -MAX }, undefined],
  ])("make a progress of %o that is one, or none", (progress, fraction) => {
    const tree = new SpanTree();
    tree.applyAll([started("a"), updated("a", { progress })]);
    expect(progressOf(tree.roots[0] as SpanNode)).toBe(fraction);
  });

  it.each([
    [MAX, 10],
    [MAX, MAX],
    [5e-324, 5e-324],
  ])("make weights of %d of %d that add up to a progress from 0 to 1", (weight, expected) => {
    const tree = new SpanTree();
    tree.apply(started("a", { attributes: { "ssetarget.expected": expected } }));
    for (const id of ["b", "c", "d"]) {
      const child = { parent: "a", attributes: { "ssetarget.weight": weight } };
      tree.applyAll([started(id, child), updated(id, { ...child, progress: { current: 1, total: 2 } })]);
    }
    const fraction = progressOf(tree.roots[0] as SpanNode) ?? 0;
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThanOrEqual(1);
  });

  it.each(["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])(
    "make times of %s that last no less than 0",
    (timestamp) => {
      const tree = new SpanTree({ leaseMs: 1_000 });
      tree.applyAll([started("a", { id: 1 }), { ...failed("a", "no", { id: 2 }), timestamp }]);
      expect(tree.get("a")?.durationMs).toBeGreaterThanOrEqual(0);
      expect(tree.tick(msAt(0))).toBe(false);
    },
  );
});
