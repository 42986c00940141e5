import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { progressOf } from "../../../src/trace/analysis/progress.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { rootOf } from "../support/runs.ts";
import { ended, failed, started, updated } from "../support/span-events.ts";

const expecting = (count: number) => ({ attributes: { "ssetarget.expected": count } });
const weighing = (weight: unknown) => ({ parent: "run", attributes: { "ssetarget.weight": weight as never } });

describe("a span's progress", () => {
  it("is what it says of itself", () => {
    expect(progressOf(rootOf(started("a"), updated("a", { progress: { current: 3, total: 4 } })))).toBe(0.75);
  });

  it.each([
    [{ current: 9, total: 4 }, 1],
    [{ current: -9, total: 4 }, 0],
    [{ current: 9 }, undefined],
    [{ current: 0, total: 0 }, undefined],
    [{ current: 1, total: "4" as never }, undefined],
  ])("copes with %o", (progress, fraction) => {
    expect(progressOf(rootOf(started("a"), updated("a", { progress })))).toBe(fraction);
  });

  it("is 1 once it has ended well, and stays where it had come to if it failed", () => {
    const half = [started("a"), updated("a", { progress: { current: 1, total: 2 } })];
    expect(progressOf(rootOf(...half, ended("a", { ms: 1 })))).toBe(1);
    expect(progressOf(rootOf(...half, failed("a", "no", { ms: 1 })))).toBe(0.5);
    expect(progressOf(rootOf(started("a"), failed("a", "no", { ms: 1 })))).toBeUndefined();
  });

  it("is not known where nobody has said how many children there will be", () => {
    const root = rootOf(started("run"), started("a", { parent: "run" }), ended("a", { parent: "run" }));
    expect(progressOf(root)).toBeUndefined();
  });

  it("is that of its children, if it is known how many there will be", () => {
    const root = rootOf(
      started("run", expecting(4)),
      started("a", { parent: "run" }),
      ended("a", { parent: "run" }),
      started("b", { parent: "run" }),
      updated("b", { parent: "run", progress: { current: 1, total: 2 } }),
      started("c", { parent: "run" }),
      started("undo", { parent: "run", kind: "rollback" }),
    );
    expect(progressOf(root)).toBe(1.5 / 4);
    expect(progressOf(rootOf(started("run", expecting(4))))).toBe(0);
  });

  it("counts children by their weight", () => {
    const root = rootOf(
      started("run", expecting(10)),
      started("big", weighing(7)),
      ended("big", weighing(7)),
      started("small", weighing(2)),
      started("broken", weighing("heavy")),
      failed("broken", "no", { parent: "run" }),
    );
    expect(progressOf(root)).toBe(0.8);
    expect(progressOf(root, { weightOf: () => 1, expectedOf: () => 4 })).toBe(0.5);
  });

  it("takes it as it is that there are more children than were expected", () => {
    const root = rootOf(
      started("run", expecting(1)),
      started("a", { parent: "run" }),
      ended("a", { parent: "run" }),
      started("b", { parent: "run" }),
    );
    expect(progressOf(root)).toBe(0.5);
  });

  it("of a step with several tries is that of the newest", () => {
    const attempt = { parent: "s", kind: "attempt" } as const;
    const root = rootOf(
      started("s", { kind: "step" }),
      started("t1", attempt),
      updated("t1", { ...attempt, progress: { current: 9, total: 10 } }),
      failed("t1", "no", attempt),
      started("t2", { ...attempt, attempt: 2 }),
      updated("t2", { ...attempt, attempt: 2, progress: { current: 1, total: 10 } }),
    );
    expect(progressOf(root)).toBe(0.1);
    expect(progressOf(root.attempts[0]!)).toBe(0.9);
  });

  it("counts what is below the newest try among a step's children", () => {
    const root = rootOf(
      started("s", { kind: "step", ...expecting(2) }),
      started("t1", { parent: "s", kind: "attempt" }),
      started("a", { parent: "t1" }),
      ended("a", { parent: "t1" }),
    );
    expect(progressOf(root)).toBe(0.5);
  });

  it("is found below more spans than the stack is deep", () => {
    const depth = 20_000;
    const tree = new SpanTree();
    tree.applyAll(
      Array.from({ length: depth }, (_, index) =>
        started(`s${index}`, { parent: index === 0 ? null : `s${index - 1}`, ...expecting(1) }),
      ),
    );
    tree.apply(updated(`s${depth - 1}`, { parent: `s${depth - 2}`, ms: 1, progress: { current: 1, total: 2 } }));
    expect(progressOf(tree.roots[0]!)).toBe(0.5);
  });

  it("never goes back, from 0 to 1, where spans do what was expected of them", () => {
    const steps = fc.array(fc.record({ child: fc.nat(5), by: fc.integer({ min: 0, max: 40 }) }), { maxLength: 60 });
    const weights = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(steps, weights, (all, parts) => {
        const total = parts.reduce((sum, part) => sum + part, 0);
        const tree = new SpanTree();
        tree.apply(started("run", expecting(total + 1)));
        const reached = parts.map(() => -1);
        let before = 0;
        const look = (): void => {
          const fraction = progressOf(tree.roots[0]!) ?? NaN;
          expect(fraction).toBeGreaterThanOrEqual(before);
          expect(fraction).toBeLessThanOrEqual(1);
          before = fraction;
        };
        for (const [index, { child, by }] of all.entries()) {
          const place = { ...weighing(parts[child]), ms: index };
          const was = reached[child] as number;
          if (was < 0) tree.apply(started(`c${child}`, place));
          const current = Math.max(0, was) + by;
          reached[child] = current;
          if (current >= 100) tree.apply(ended(`c${child}`, place));
          else tree.apply(updated(`c${child}`, { ...place, progress: { current, total: 100 } }));
          look();
        }
        tree.apply(ended("run", { ms: 99 }));
        look();
        expect(before).toBe(1);
      }),
    );
  });
});
