import fc from "fast-check";
import { dehydrateTrace, type TraceSnapshot } from "ssetarget/react";
import { type SpanEvent, type SpanKind, type SpanNode, SpanTree } from "ssetarget/workflows";
import { describe, expect, it } from "vitest";
import { at, ended, failed, logged, started, updated } from "../trace/support/span-events.ts";
import { PURCHASE } from "../cli/support/purchase.ts";

function fold(events: readonly unknown[], tree = new SpanTree()): SpanTree {
  tree.applyAll(events);
  return tree;
}

function numbered(events: readonly SpanEvent[], from = 1): SpanEvent[] {
  return events.map((event, index) => ({ ...event, id: from + index }));
}

const throughJson = (snapshot: TraceSnapshot) => JSON.parse(JSON.stringify(snapshot)) as TraceSnapshot;

/** What can be seen of a tree. */
const seen = (tree: SpanTree) => ({
  roots: tree.roots as readonly SpanNode[],
  totals: tree.totals,
  isCompleted: tree.isCompleted,
  gaps: tree.gaps,
});

const expectSame = (events: readonly unknown[]) => {
  const snapshot = throughJson(dehydrateTrace(events));
  expect(seen(fold(snapshot.events))).toEqual(seen(fold(events)));
  return snapshot;
};

describe("a snapshot of a trace", () => {
  it("makes the same tree, through JSON too", () => {
    expectSame(numbered(PURCHASE));
    expectSame([
      ...numbered([
        started("a", { attributes: { n: 1, __proto__: 2 } }),
        failed("a", "Busy", { ms: 5 }),
        started("a", { attempt: 2, ms: 6, attributes: { list: [1, { x: null }] } }),
        logged("a", "Again", { attempt: 2, ms: 7, level: "warn", attributes: { why: "busy" } }),
        updated("orphan", { parent: "gone", ms: 8, progress: { current: 3 } }),
        started("nap", { kind: "sleep", until: at(9_000), ms: 9 }),
      ]),
      { type: "ssetarget:gap", reason: "trimmed", after: 6, resumesAt: 20 },
      { type: "ssetarget:end", id: 30 },
    ]);
  });

  it("says where the history goes on, and in which", () => {
    expect(dehydrateTrace(numbered([started("a"), ended("a", { ms: 1 })]), "k3x9p0qa").lastEventId).toBe("2.k3x9p0qa");
    expect(dehydrateTrace(numbered([started("a")])).lastEventId).toBe("1");
    expect(dehydrateTrace([])).toEqual({ events: [], lastEventId: "" });
  });

  it("can be made of a tree, and leaves it as it was", () => {
    const tree = fold(numbered(PURCHASE));
    const before = tree.roots;
    expect(dehydrateTrace(tree, "e")).toEqual(dehydrateTrace(numbered(PURCHASE), "e"));
    expect(tree.roots).toBe(before);
  });

  it.each([
    0,
    1,
    -1,
    Date.UTC(-1, 11, 31),
    -62_167_219_200_001,
    Date.UTC(9999, 11, 31, 23, 59, 59, 999) + 1,
    8.64e15,
    -8.64e15,
  ])("keeps the time %d, wherever a span tells one", (time) => {
    const timestamp = new Date(time).toISOString();
    const told = { timestamp };
    const snapshot = expectSame(
      numbered([
        { ...started("a", { kind: "sleep", until: timestamp }), ...told } as SpanEvent,
        { ...logged("a", "Now"), ...told },
        { ...ended("a"), ...told },
        { ...started("b", { parent: "a", kind: "wait", until: timestamp }), ...told } as SpanEvent,
        { ...failed("b", ""), ...told },
        { ...updated("c", { parent: "gone", progress: { current: 0, total: 0, unit: "", message: "" } }), ...told },
      ]),
    );
    const { roots } = fold(snapshot.events);
    const [a, c] = roots;
    expect(a).toMatchObject({ startTime: time, until: time, endTime: time, durationMs: 0, logs: [{ time }] });
    expect(a?.children).toMatchObject([{ startTime: time, until: time, endTime: time, state: "failed", error: "" }]);
    expect(c?.progress).toEqual({ current: 0, total: 0, unit: "", message: "" });
  });

  it("is as large as the tree, however many events made it", () => {
    const ticks = Array.from({ length: 10_000 }, (_, n) => updated("a", { ms: n, progress: { current: n } }));
    const { events } = dehydrateTrace(numbered([started("a"), ...ticks]));
    expect(events).toHaveLength(2);
  });

  it("may be of a tree that is deeper than the stack", () => {
    const deep = Array.from({ length: 20_000 }, (_, n) => started(`s${n}`, { parent: n === 0 ? null : `s${n - 1}` }));
    expect(dehydrateTrace(deep).events).toHaveLength(20_000);
  });

  it("goes on as the whole history would have, wherever it is cut", () => {
    const step = fc.record({ span: fc.constantFrom("a", "b", "c", "d"), what: fc.nat(6), value: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(40), (steps, cut) => {
        const events = numbered(asTold(steps));
        const snapshot = throughJson(dehydrateTrace(events.slice(0, cut)));
        const resumed = fold([...snapshot.events, ...events.slice(cut)]);
        expect(seen(resumed)).toEqual(seen(fold(events)));
      }),
      { numRuns: 500 },
    );
  });
});

interface Step {
  readonly span: string;
  readonly what: number;
  readonly value: number;
}

const PLACES: Readonly<Record<string, { readonly parent: string | null; readonly kind: SpanKind }>> = {
  a: { parent: null, kind: "workflow" },
  b: { parent: "a", kind: "step" },
  c: { parent: "b", kind: "attempt" },
  d: { parent: "a", kind: "wait" },
};

/** A history as a tracer tells it: what is told of a span comes after its start, and a new run of it starts anew. */
function asTold(steps: readonly Step[]): SpanEvent[] {
  const runs = new Map<string, number>();
  return steps.flatMap(({ span, what, value }, index): SpanEvent[] => {
    // Some in the same millisecond.
    const ms = index - (index % 2);
    const isNew = !runs.has(span) || what === 0;
    if (isNew) runs.set(span, (runs.get(span) ?? 0) + 1);
    const common = { ...PLACES[span], attempt: runs.get(span), ms, attributes: { [`x${value}`]: index } };
    const start = isNew ? [started(span, common)] : [];
    switch (what) {
      case 1:
        return [...start, updated(span, { ...common, progress: { current: value } })];
      case 2:
        return [...start, logged(span, `line ${value}`, common)];
      case 3:
        return [...start, ended(span, common)];
      case 4:
        return [...start, failed(span, `why ${value}`, common)];
      case 5:
        return [...start, updated(span, common)];
      default:
        return start;
    }
  });
}
