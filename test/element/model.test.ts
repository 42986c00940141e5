import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cutText, showJson } from "../../src/element/bounded-text.ts";
import { Formats } from "../../src/element/formats.ts";
import { linkTo, readLink } from "../../src/element/span-link.ts";
import { TimeWindow } from "../../src/element/time-window.ts";
import { TraceModel } from "../../src/element/trace-model.ts";
import { keyOf } from "../../src/element/trace-rows.ts";
import type { SpanNode } from "../../src/trace/tree/node.ts";
import { SpanTree } from "../../src/trace/tree/tree.ts";
import { onlyAttempt } from "../../src/trace/view/shape.ts";

/** A tree of so many spans, each below one that came before it or below none. */
function treeOf(parents: readonly number[], kinds: readonly boolean[] = []): SpanTree {
  const tree = new SpanTree();
  parents.forEach((parent, index) => {
    const below = parent % (index + 1);
    tree.apply({
      type: "started",
      traceId: "t",
      spanId: `s${index}`,
      parentSpanId: below === index ? null : `s${below}`,
      name: `span ${index}`,
      kind: kinds[index] ? "attempt" : "step",
      attempt: 1 + (index % 4),
      timestamp: new Date(1_000_000 + index).toISOString(),
      attributes: {},
    });
  });
  return tree;
}

/** The rows of a tree, by the shortest program that lays them out. */
function rowsOf(nodes: readonly SpanNode[], isFolded: (node: SpanNode) => boolean, level = 1): [string, number][] {
  return nodes.flatMap((node) => {
    const attempt = onlyAttempt(node);
    const below = attempt ? [...attempt.children, ...node.children] : [...node.attempts, ...node.children];
    const row: [string, number] = [node.spanId, level];
    return isFolded(node) ? [row] : [row, ...rowsOf(below, isFolded, level + 1)];
  });
}

describe("the rows of a tree", () => {
  const trees = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 });

  it("are those of the tree, in any window, whatever is folded", () => {
    fc.assert(
      fc.property(
        trees,
        fc.array(fc.boolean()),
        fc.array(fc.nat(59)),
        fc.nat(70),
        fc.nat(70),
        (parents, kinds, folded, start, length) => {
          const tree = treeOf(parents, kinds);
          const model = new TraceModel();
          model.update(tree);
          const keys = new Set(folded.map((index) => `s${index}`));
          for (const key of keys) model.setExpanded({ traceId: "t", spanId: key }, false);
          const wanted = rowsOf(tree.roots, (node) => keys.has(node.spanId));
          expect(model.rows.count).toBe(wanted.length);
          const rows = model.rows.slice(start, start + length);
          expect(rows.map(({ node, level }) => [node.spanId, level])).toEqual(wanted.slice(start, start + length));
          expect(rows.map(({ index }) => index)).toEqual(rows.map((_row, index) => start + index));
          for (const { node, index } of rows) expect(model.indexOf(node)).toBe(index);
        },
      ),
    );
  });

  it("are the same after updates as if they had been laid out anew", () => {
    fc.assert(
      fc.property(trees, fc.array(fc.nat(59), { maxLength: 20 }), (parents, ended) => {
        const tree = treeOf(parents);
        const model = new TraceModel();
        for (const index of ended) {
          tree.apply({
            type: "ended",
            traceId: "t",
            spanId: `s${index}`,
            parentSpanId: null,
            name: "late",
            status: { code: "OK" },
            timestamp: new Date(2_000_000).toISOString(),
          });
          model.update(tree);
        }
        model.update(tree);
        const fresh = new TraceModel();
        fresh.update(tree);
        expect(model.rows.slice(0, 100)).toEqual(fresh.rows.slice(0, 100));
        expect(model.extent.elapsedMs(3_000_000)).toBe(fresh.extent.elapsedMs(3_000_000));
      }),
    );
  });

  it("are those that match and those above them, while something is searched for", () => {
    const tree = treeOf([0, 0, 1, 1, 3, 0]);
    const model = new TraceModel();
    model.update(tree);
    model.filter("SPAN 4", []);
    expect(model.rows.slice(0, 9).map(({ node }) => node.spanId)).toEqual(["s0", "s1", "s3", "s4"]);
    model.setExpanded({ traceId: "t", spanId: "s1" }, false);
    expect(model.rows.count).toBe(2);
    model.filter("", ["failed"]);
    expect(model.rows.count).toBe(0);
    model.reveal({ traceId: "t", spanId: "s2" });
    expect(model.rows.count).toBe(6);
  });

  it("know the newest that is shown", () => {
    const tree = treeOf([0, 0, 0, 1]);
    const model = new TraceModel();
    model.update(tree);
    expect(model.rows.newest?.spanId).toBe("s3");
    model.setExpanded({ traceId: "t", spanId: "s1" }, false);
    expect(model.rows.newest?.spanId).toBe("s2");
    expect(keyOf({ traceId: "t", spanId: "s2" })).toBe("t\ns2");
  });
});

describe("a window of time", () => {
  it("stays within the axis and keeps the place that it zooms around", () => {
    const moves = fc.array(
      fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 1e12 }), (zooms, elapsedMs) => {
        const window = new TimeWindow();
        window.grow(elapsedMs, false, 8);
        const whole = window.shown;
        for (const [factor, around] of zooms) {
          window.zoom(factor, around, true);
          window.pan(around - 0.5, true);
          const { from, to } = window.shown;
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(whole.to * (1 + 1e-9));
          expect(to).toBeGreaterThan(from);
          const ticks = window.ticks(8);
          expect(ticks.length).toBeLessThanOrEqual(10);
          expect(ticks.every((tick) => tick >= from - 0.1 && tick <= to + 0.1)).toBe(true);
        }
      }),
    );
  });

  it("holds still between two steps while a run goes on, and glides to the next", () => {
    const window = new TimeWindow();
    window.grow(4_000, true, 8);
    const before = window.shown;
    window.grow(4_500, true, 8);
    expect(window.shown).toBe(before);
    window.grow(9_900, true, 8);
    window.glide(16, false);
    expect(window.shown.to).toBeGreaterThan(before.to);
    expect(window.isGliding).toBe(true);
    window.glide(16, true);
    expect([window.isGliding, window.shown.to]).toEqual([false, 12_000]);
  });

  it("is what is left of it when the axis becomes shorter", () => {
    const window = new TimeWindow();
    window.grow(10_000, true, 8);
    window.show({ from: 9_000, to: 10_000 }, true);
    window.grow(9_500, false, 8);
    window.glide(16, true);
    expect(window.shown).toEqual({ from: 8_500, to: 9_500 });
  });
});

describe("formats", () => {
  const formats = new Formats("en");

  it("write durations as exactly as is of use", () => {
    expect([0, 902, 4_256, 12_345, 185_000, 7_380_000, 100_000_000].map((ms) => formats.duration(ms))).toEqual([
      "0ms",
      "902ms",
      "4.26s",
      "12.3s",
      "3m 05s",
      "2h 03m",
      "1d 03h",
    ]);
    expect(formats.duration(-5)).toBe("0ms");
    expect([formats.running(59_999), formats.running(59_999, true), formats.remaining(59_001)]).toEqual([
      "59.9s",
      "59s",
      "1m 00s",
    ]);
  });

  it("write marks of an axis", () => {
    expect([0, 0.5, 500, 2_500, 90_000, 3_600_000, 3_661_500].map((ms) => formats.tick(ms))).toEqual([
      "0",
      "0.5ms",
      "500ms",
      "2.5s",
      "1m 30s",
      "1h",
      "1h 1m 1.5s",
    ]);
  });

  it("write moments, with the date where it is not today", () => {
    expect(formats.moment(Date.now())).not.toContain(",");
    expect(formats.moment(0)).toContain("1970");
    expect(formats.moment(Number.NaN)).toBe("");
    expect(formats.moment(1e20)).toBe("");
    expect(formats.moment(Date.UTC(2026, 0, 2, 3, 4, 5, 6), true)).toMatch(/2026.*05.006/);
  });

  it("take what is no language for the browser's", () => {
    expect(new Formats("en_US").count(1_234.567)).toBe(
      new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }).format(1_234.567),
    );
    expect(new Formats("de").count(1_234.567)).toBe("1.234,57");
    expect(new Formats("de").percent(0.5)).toMatch(/^50/);
  });
});

describe("what is shown of large values", () => {
  afterEach(() => vi.restoreAllMocks());

  it("is bounded, whatever they are", () => {
    const json = fc.jsonValue({ maxDepth: 20 });
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 300 }), (value, length) => {
        const text = showJson(value, length);
        expect(text.length).toBeLessThanOrEqual(length + 1);
      }),
    );
  });

  it("is the value itself where there is room", () => {
    const value = { a: [1, "two", null, true], b: {}, c: [] };
    expect(JSON.parse(showJson(value, 1_000))).toEqual(value);
    expect(showJson(value, 20)).toMatch(/…$/);
  });

  it("does not overflow on what is deep, nor work through what is wide", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(showJson(deep, 1_000)).toContain("…");
    const stringify = vi.spyOn(JSON, "stringify");
    showJson(
      Array.from({ length: 100_000 }, () => "x"),
      100,
    );
    expect(stringify.mock.calls.length).toBeLessThan(100);
  });

  it("cuts no character in two", () => {
    expect(cutText("a😀b", 2)).toBe("a…");
    expect(cutText("a😀b", 3)).toBe("a😀…");
    expect(cutText("abc", 3)).toBe("abc");
  });
});

describe("a link to a span", () => {
  it("names it, and is read again", () => {
    const node = { spanId: "ä/&#=", traceId: "t 1" } as SpanNode;
    const link = linkTo(node, true, "https://example.org/runs/1?x=1#old");
    expect(link).toMatch(/^https:\/\/example\.org\/runs\/1\?x=1#span=/);
    expect(readLink(new URL(link).hash)).toEqual({ spanId: "ä/&#=", traceId: "t 1" });
    expect(readLink(new URL(linkTo(node, false, "https://example.org/")).hash)).toEqual({
      spanId: "ä/&#=",
      traceId: undefined,
    });
    expect([readLink(""), readLink("#/route"), readLink("#span=")]).toEqual([undefined, undefined, undefined]);
  });
});
