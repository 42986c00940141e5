import { type SpanEvent, SpanTree } from "ssetarget/workflows";
import { describe, expect, it } from "vitest";
import { paintLine } from "../../src/cli/line.ts";
import { plainPalette } from "../../src/cli/palette.ts";
import { summarize } from "../../src/cli/summary.ts";
import { ended, failed, started } from "../trace/support/span-events.ts";

function summary(events: readonly (SpanEvent | { readonly type: string })[]) {
  const tree = new SpanTree();
  tree.applyAll([...events, { type: "ssetarget:end" }]);
  const { isGood, lines } = summarize(tree.roots);
  return [isGood, ...lines.map((line) => paintLine(line, 200, plainPalette))];
}

describe("the summary", () => {
  it("is good where all runs ended well, whatever went wrong on the way", () => {
    expect(
      summary([
        started("a"),
        started("step", { parent: "a" }),
        failed("step", "Busy", { parent: "a" }),
        ended("a", { ms: 18_200 }),
        started("b", { ms: 1 }),
        ended("b", { ms: 5 }),
      ]),
    ).toEqual([true, "✓ a done in 18.2s", "✓ b done in 4ms"]);
  });

  it("says which run failed, and where it began", () => {
    expect(
      summary([
        started("good"),
        ended("good", { ms: 1 }),
        started("purchase", { ms: 1 }),
        started("card", { parent: "purchase", name: "charge the card", ms: 2 }),
        started("try-1", { parent: "card", kind: "attempt", ms: 2 }),
        failed("try-1", "The provider is busy", { parent: "card", kind: "attempt", ms: 3 }),
        started("try-2", { parent: "card", kind: "attempt", attempt: 2, ms: 4 }),
        started("call", { parent: "try-2", name: "call the provider", ms: 4 }),
        failed("call", "connect ECONNREFUSED", { parent: "try-2", name: "call the provider", ms: 5 }),
        failed("try-2", "The provider did not answer", { parent: "card", kind: "attempt", attempt: 2, ms: 6 }),
        failed("card", "The provider did not answer", { parent: "purchase", name: "charge the card", ms: 7 }),
        failed("purchase", "The payment failed", { ms: 5_201 }),
      ]),
    ).toEqual([
      false,
      "✗ purchase failed after 5.2s: The payment failed",
      "  charge the card / attempt 2 / call the provider: connect ECONNREFUSED",
      "✓ good done in 1ms",
    ]);
  });

  it("is bad where a run was never told to have ended", () => {
    expect(summary([started("a")])).toEqual([false, "– a did not report its end before the stream ended"]);
  });

  it("does not count a run that a later one has replaced, nor what belongs to a run that is not known", () => {
    expect(
      summary([
        started("first", { name: "purchase", kind: "workflow" }),
        failed("first", "Out of stock", { name: "purchase", kind: "workflow", ms: 1 }),
        started("second", { name: "purchase", kind: "workflow", ms: 2 }),
        ended("second", { name: "purchase", kind: "workflow", ms: 3 }),
        started("orphan", { parent: "gone" }),
        failed("orphan", "Lost", { parent: "gone", ms: 1 }),
      ]),
    ).toEqual([true, "✓ purchase done in 1ms"]);
  });

  it("judges by what there is where no run is known", () => {
    expect(
      summary([started("orphan", { parent: "gone" }), failed("orphan", "Lost", { parent: "gone", ms: 1 })]),
    ).toEqual([false, "✗ orphan failed after 1ms: Lost"]);
    expect(summary([{ type: "greeting" }])).toEqual([true, "The stream ended without any spans."]);
  });

  it("says what the end was told with, and believes it", () => {
    const tree = new SpanTree();
    const said = (end: object) => {
      const { isGood, lines } = summarize(tree.roots, end);
      return [isGood, ...lines.map((line) => paintLine(line, 200, plainPalette))];
    };
    expect(said({ reason: "failed", message: "Out of\u001b[2J memory" })).toEqual([
      false,
      "The stream ended without any spans.",
      "The stream ended with: failed, Out of␛[2J memory",
    ]);
    tree.applyAll([started("a"), ended("a", { ms: 1 })]);
    expect(said({ reason: "stopped" })).toEqual([true, "✓ a done in 1ms", "The stream ended with: stopped"]);
    expect(said({ reason: 7 })).toEqual([true, "✓ a done in 1ms"]);
  });

  it("stays short", () => {
    const runs = Array.from({ length: 100 }, (_, index) => [
      started(`run ${index}`, { ms: index }),
      failed(`run ${index}`, "No", { ms: index + 1 }),
    ]).flat();
    expect(summary(runs)).toHaveLength(22);
    expect(summary(runs).at(-1)).toBe("… and 80 more");
    const steps = Array.from({ length: 100 }, (_, index) => [
      started(`step ${index}`, { parent: "run" }),
      failed(`step ${index}`, "No", { parent: "run", ms: 1 }),
    ]).flat();
    expect(summary([started("run"), ...steps, failed("run", "No", { ms: 2 })])).toHaveLength(7);
  });
});
