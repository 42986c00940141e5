import { SpanTree } from "ssetarget/workflows";
import { describe, expect, it, vi } from "vitest";
import { plainLine, type WireEvent } from "../../src/cli/plain-line.ts";
import { durationText, remainingText, runningText } from "../../src/cli/duration-text.ts";
import { plainPalette } from "../../src/cli/palette.ts";
import { paintLine } from "../../src/cli/line.ts";
import { rowLine } from "../../src/cli/span-line.ts";
import { ended, failed, logged, started, updated } from "../trace/support/span-events.ts";

function tell(...events: readonly object[]): string[] {
  const tree = new SpanTree();
  return events.flatMap((event) => {
    tree.apply(event);
    return (
      plainLine(event as WireEvent, tree, "info")
        ?.split("\t")
        .slice(1)
        .join(" ") ?? []
    );
  });
}

describe("plain output of a hostile producer", () => {
  it("asks the tree for what it tells of, and never for the whole tree", () => {
    const tree = new SpanTree();
    const whole = (["get", "roots", "totals"] as const).map((name) =>
      name === "get" ? vi.spyOn(tree, name) : vi.spyOn(tree, name, "get"),
    );
    const events: readonly object[] = [
      started("run"),
      started("step", { parent: "run", attributes: { a: 1 } }),
      updated("step", { parent: "run" }),
      logged("step", "hello", { parent: "run" }),
      failed("step", "no", { parent: "run" }),
      ended("run"),
    ];
    for (const event of events) {
      tree.apply(event);
      plainLine(event as WireEvent, tree, "debug");
    }
    for (const spy of whole) expect(spy).not.toHaveBeenCalled();
  });

  it("takes 20,000 children of one parent", () => {
    const lines = tell(
      started("run"),
      ...Array.from({ length: 20_000 }, (_, at) => started(`s${at}`, { parent: "run", ms: at })),
    );
    expect(lines.at(-1)).toBe("started run / s19999");
  });

  it("names what nobody could see, and shows no character that nobody sees", () => {
    expect(tell(started("run", { name: "\u200b" }))).toEqual(["started (no name)"]);
    expect(tell(started("run", { name: "\u3164" }))).toEqual(["started (no name)"]);
    expect(tell(started("run", { name: "pay\u200bment" }))).toEqual(["started payment"]);
  });

  it("has bounded lines", () => {
    const text = "x".repeat(1_000_000);
    const fraction = `2026-11-01T00:00:00.${"1".repeat(100_000)}Z`;
    const events = [
      { ...started("run", { name: text, until: fraction }), timestamp: fraction, waitingFor: text },
      logged("run", text),
      failed("run", text),
      { type: text, id: text },
    ];
    for (const line of tell(...events)) expect(line.length).toBeLessThan(25_000);
  });
});

describe("numbers from outside", () => {
  it("are durations within what durations can be", () => {
    for (const value of [1e308, Infinity, Number.NaN, -1e308, -0])
      for (const text of [durationText(value), runningText(value), remainingText(value)]) {
        expect(text.length).toBeLessThan(20);
        expect(text).not.toMatch(/NaN|Infinity|^-/);
      }
  });

  it("are short as progress", () => {
    const tree = new SpanTree();
    tree.apply(started("run"));
    tree.apply(updated("run", { progress: { current: 1e308, total: 1.5e308, unit: "\u200b", message: "\u3164" } }));
    const node = tree.get("run");
    const text = node && paintLine(rowLine({ type: "span", depth: 0, node, isFolded: false }, 0), 500, plainPalette);
    expect(text?.trim()).toContain("1.00e+308/1.50e+308");
    expect(text?.replaceAll(/ +/g, " ").length).toBeLessThan(120);
  });
});
