import { SpanTree } from "ssetarget/workflows";
import { describe, expect, it } from "vitest";
import { type ProgressSteps, stepsOf } from "../../src/element/progress-steps.ts";
import { ended, failed, started } from "../trace/support/span-events.ts";

const COUNT = 20_000;

function steps(events: readonly object[], expected: readonly string[] = []): ProgressSteps {
  const tree = new SpanTree();
  const all = [
    started("run"),
    ...Array.from({ length: COUNT }, (_, at) => started(`s${at}`, { parent: "run", ms: at })),
  ];
  tree.applyAll([...all, ...events]);
  return stepsOf(tree.get("run"), expected);
}

const done = (from: number, to: number): object[] =>
  Array.from({ length: to - from }, (_, at) => ended(`s${from + at}`, { parent: "run", ms: COUNT + from + at }));

describe("the steps that are shown", () => {
  it("are a few around the one that matters, and the others are counted", () => {
    const { shown, before, after, current } = steps(done(0, 10_000));
    expect(current?.name).toBe("s10000");
    expect(shown.length).toBeLessThanOrEqual(40);
    expect(shown.map(({ name }) => name)).toContain("s10000");
    expect(before + shown.length + after).toBe(COUNT);
  });

  it("are the last ones when all is done", () => {
    const { shown, after, current } = steps(done(0, COUNT));
    expect(current).toBeUndefined();
    expect(shown.at(-1)?.name).toBe(`s${COUNT - 1}`);
    expect(after).toBe(0);
  });

  it("have the one that failed among them", () => {
    const broken = failed("s5", "no", { parent: "run", ms: COUNT });
    const { shown, failed: which } = steps([...done(0, 5), broken, ...done(6, COUNT)]);
    expect(which?.name).toBe("s5");
    expect(shown.map(({ name }) => name)).toContain("s5");
  });

  it("count those to come with them", () => {
    const { shown, before, after } = steps(done(0, COUNT), [
      "s7",
      ...Array.from({ length: 1_000 }, (_, at) => `t${at}`),
    ]);
    expect(before + shown.length + after).toBe(COUNT + 1_000);
  });
});
