import { beforeEach, describe, expect, it } from "vitest";
import type { SpanEndedEvent, SpanProgress } from "../../../src/trace/events.ts";
import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { SpanTree, type SpanTreeOptions } from "../../../src/trace/tree/tree.ts";
import { at, ended, failed, logged, msAt, started, updated } from "../support/span-events.ts";

let tree: SpanTree;

beforeEach(() => {
  tree = new SpanTree();
});

function treeOf(...events: readonly unknown[]): SpanTree {
  tree.applyAll(events);
  return tree;
}

function node(spanId: string): SpanNode {
  const found = tree.get(spanId);
  if (found === undefined) throw new Error(`no span ${spanId}`);
  return found;
}

const names = (nodes: readonly SpanNode[]): string[] => nodes.map(({ name }) => name);

describe("a span in the tree", () => {
  it("is running from its start and done from its end, with its duration", () => {
    treeOf(started("a", { ms: 10 }));
    expect(node("a")).toMatchObject({ state: "running", startTime: msAt(10), durationMs: undefined });
    treeOf(ended("a", { ms: 260 }));
    expect(node("a")).toMatchObject({ state: "done", endTime: msAt(260), durationMs: 250, error: undefined });
  });

  it("is failed with what its end says of the error", () => {
    treeOf(started("a"), failed("a", "no paper"));
    expect(node("a")).toMatchObject({ state: "failed", rollup: "failed", error: "no paper" });
  });

  it("shows its end although its start was never seen", () => {
    treeOf(ended("a", { ms: 5 }));
    expect(node("a")).toMatchObject({ state: "done", startTime: undefined, durationMs: undefined });
  });

  it("ends by an event that says neither its name nor its parent, whichever comes first", () => {
    const end: SpanEndedEvent = {
      type: "ended",
      traceId: "run",
      spanId: "b",
      status: { code: "OK" },
      attributes: { files: 42 },
      timestamp: at(5),
    };
    const events = [started("a"), started("b", { parent: "a", name: "extract", kind: "step" }), end];
    for (const order of [events, events.toReversed()]) {
      tree = new SpanTree();
      treeOf(...order);
      const extract = { name: "extract", parentSpanId: "a", kind: "step", state: "done", attributes: { files: 42 } };
      expect(node("b")).toMatchObject(extract);
      expect(tree.roots).toHaveLength(1);
    }
    tree = new SpanTree();
    treeOf(end);
    expect(node("b")).toMatchObject({ name: "", parentSpanId: null, state: "done" });
    treeOf({ ...end, name: "by its end", parentSpanId: "a", timestamp: at(9) }, started("a"));
    expect(node("b")).toMatchObject({ name: "by its end", parentSpanId: "a" });
  });

  it("is waiting while a sleep or wait is open", () => {
    treeOf(
      started("s", { kind: "sleep", until: "2026-11-01T00:00:09.000Z" }),
      started("w", { kind: "wait", waitingFor: "paid" }),
    );
    expect(node("s")).toMatchObject({ state: "waiting", until: msAt(9000) });
    expect(node("w")).toMatchObject({ state: "waiting", waitingFor: "paid", until: undefined });
    treeOf(ended("s"));
    expect(node("s").state).toBe("done");
  });

  it("knows the events that told of its start and its end by their ids", () => {
    treeOf(started("a", { id: 7 }), started("a", { id: 4 }), started("a"));
    expect(node("a")).toMatchObject({ startId: 4, endId: undefined });
    treeOf(ended("a", { id: 9 }), failed("a", "replayed", { id: 3, ms: 1 }));
    expect(node("a")).toMatchObject({ startId: 4, endId: 9 });
  });

  it("never lasts less than nothing, whatever the clocks say", () => {
    treeOf(started("a", { ms: 10 }), ended("a", { ms: 5 }));
    expect(node("a").durationMs).toBe(0);
  });

  it("counts its earliest start and earliest end: what replayed code repeats changes nothing", () => {
    treeOf(started("a", { ms: 1, id: 1 }), ended("a", { ms: 2, id: 2 }));
    expect(tree.applyAll([started("a", { ms: 50, id: 3 }), failed("a", "replayed", { ms: 60, id: 4 })])).toBe(false);
    expect(node("a")).toMatchObject({ state: "done", startTime: msAt(1), endTime: msAt(2) });
  });

  it("takes each attribute from its latest writer", () => {
    treeOf(
      updated("a", { ms: 20, attributes: { file: "b", n: 2 } }),
      started("a", { ms: 1, attributes: { file: "a", kept: true } }),
      updated("a", { ms: 10, attributes: { file: "old", n: 1 } }),
    );
    expect(node("a").attributes).toEqual({ file: "b", kept: true, n: 2 });
    expect(Object.keys(node("a").attributes)).toEqual(["file", "kept", "n"]);
  });

  it("takes the later event's attribute within one millisecond, by id, else by type", () => {
    treeOf(updated("a", { id: 9, attributes: { x: "nine" } }), updated("a", { id: 8, attributes: { x: "eight" } }));
    treeOf(ended("b", { attributes: { x: "end" } }), started("b", { attributes: { x: "start" } }));
    expect(node("a").attributes).toEqual({ x: "nine" });
    expect(node("b").attributes).toEqual({ x: "end" });
  });

  it("decides between writers that nothing else tells apart by what they write", () => {
    const writers = ["one", "two", "ten"].map((x) => updated("a", { id: 4, attributes: { x } }));
    const other = new SpanTree();
    treeOf(...writers);
    other.applyAll(writers.toReversed());
    expect(node("a").attributes).toEqual({ x: "two" });
    expect(other.get("a")?.attributes).toEqual({ x: "two" });
  });

  it("shows progress that moves", () => {
    treeOf(started("a"), updated("a", { ms: 1, progress: { current: 1, total: 3 } }));
    expect(node("a").progress).toEqual({ current: 1, total: 3 });
    treeOf(
      updated("a", { ms: 9, progress: { current: 3, total: 3 } }),
      updated("a", { ms: 5, progress: { current: 2 } }),
    );
    expect(node("a").progress).toEqual({ current: 3, total: 3 });
  });

  it("shows of a progress what makes sense, in a copy that nobody can change", () => {
    const progress = { current: 1, total: "3", unit: 5, message: "on", more: {} } as unknown as SpanProgress;
    treeOf(started("a"), updated("a", { progress }));
    expect(node("a").progress).toEqual({ current: 1, message: "on" });
    expect(Object.isFrozen(node("a").progress)).toBe(true);
  });

  it("keeps its log by time, each line once", () => {
    const first = logged("a", "first", { ms: 1, key: "k1" });
    treeOf(logged("a", "second", { ms: 2, key: "k2", level: "warn", attributes: { x: 1 } }), first);
    expect(tree.apply(first)).toBe(false);
    expect(node("a").logs).toMatchObject([
      { message: "first", time: msAt(1), level: "info", attributes: {} },
      { message: "second", time: msAt(2), level: "warn", attributes: { x: 1 } },
    ]);
  });

  it("keeps equal lines that are not one and the same event", () => {
    treeOf(logged("a", "again", { id: 1 }), logged("a", "again", { id: 2 }), logged("a", "again", { id: 2 }));
    expect(node("a").logs).toHaveLength(2);
  });

  it("keeps the newest of more lines than its bound", () => {
    tree = new SpanTree({ maxLogsPerSpan: 3 });
    for (let line = 0; line < 10; line += 1) tree.apply(logged("a", `${line}`, { ms: line }));
    expect(node("a").logs.map(({ message }) => message)).toEqual(["7", "8", "9"]);
    expect(tree.apply(logged("a", "old", { ms: 0 }))).toBe(false);
  });
});

describe("a span that is opened again", () => {
  it("is running again after a pause that showed as a failure", () => {
    treeOf(started("a"), failed("a", "Aborting engine", { ms: 5 }), started("a", { ms: 90, attempt: 2 }));
    expect(node("a")).toMatchObject({ state: "running", attempt: 2, error: undefined, startTime: msAt(90) });
    treeOf(ended("a", { ms: 99, attempt: 2 }));
    expect(node("a")).toMatchObject({ state: "done", durationMs: 9 });
  });

  it("shows its highest attempt, whatever comes late of a lower one", () => {
    treeOf(started("a", { attempt: 3, ms: 9, attributes: { run: 3 } }));
    expect(tree.apply(failed("a", "once", { attempt: 2, ms: 20, attributes: { run: 2 } }))).toBe(false);
    expect(node("a")).toMatchObject({ state: "running", attempt: 3, attributes: { run: 3 } });
  });

  it("keeps the log of all its attempts, and its place", () => {
    treeOf(started("p"), started("a", { parent: "p", ms: 1 }), started("b", { parent: "p", ms: 2 }));
    treeOf(logged("a", "first", { parent: "p", ms: 2 }), started("a", { parent: "p", ms: 50, attempt: 2 }));
    expect(node("a").logs).toMatchObject([{ message: "first", attempt: 1 }]);
    expect(names(node("p").children)).toEqual(["a", "b"]);
  });

  it("does not grow a second tree: a restarted workflow replaces the first run of its root", () => {
    treeOf(
      started("w", { kind: "workflow" }),
      failed("w", "no"),
      started("w", { kind: "workflow", attempt: 2, ms: 9 }),
    );
    expect(tree.roots).toHaveLength(1);
    expect(tree.totals).toEqual({ running: 1, waiting: 0, done: 0, failed: 0, abandoned: 0 });
  });
});

describe("attempts", () => {
  const step = (ms: number) => started("s", { kind: "step", ms });
  const attempt = { parent: "s", kind: "attempt" } as const;

  it("stand beside the children of their step, by their number", () => {
    treeOf(
      step(0),
      started("t2", { ...attempt, attempt: 2, ms: 1 }),
      started("t1", { ...attempt, attempt: 1, ms: 5 }),
      started("child", { parent: "s", ms: 3 }),
    );
    expect(names(node("s").attempts)).toEqual(["t1", "t2"]);
    expect(names(node("s").children)).toEqual(["child"]);
  });

  it("do not fail a step that came good in the end", () => {
    treeOf(
      step(0),
      started("t1", { ...attempt, attempt: 1 }),
      started("below", { parent: "t1" }),
      failed("below", "deep", { parent: "t1" }),
      failed("t1", "once", { ...attempt, attempt: 1 }),
      started("t2", { ...attempt, attempt: 2, ms: 5 }),
      ended("t2", { ...attempt, attempt: 2, ms: 6 }),
      ended("s", { kind: "step", ms: 7 }),
    );
    expect(node("s")).toMatchObject({ state: "done", rollup: "done" });
    expect(node("t1")).toMatchObject({ state: "failed", error: "once" });
    expect(tree.totals).toEqual({ running: 0, waiting: 0, done: 1, failed: 0, abandoned: 0 });
    // Of the try itself the past can be asked.
    expect(node("t1").totals).toMatchObject({ failed: 1 });
  });

  it("leave out of the totals what is below them once a later one has begun, also where it is still open", () => {
    treeOf(step(0), started("t1", { ...attempt, attempt: 1 }), started("inside", { parent: "t1" }));
    expect(tree.totals).toMatchObject({ running: 2, abandoned: 0 });
    treeOf(started("t2", { ...attempt, attempt: 2, ms: 9 }), started("again", { parent: "t2", ms: 9 }));
    expect(tree.totals).toMatchObject({ running: 2, abandoned: 0 });
    expect(node("inside").state).toBe("abandoned");
  });

  it("hand up what is below the newest of them", () => {
    treeOf(step(0), started("t1", { ...attempt, attempt: 1 }), started("z", { parent: "t1", kind: "sleep" }));
    expect(node("s")).toMatchObject({ state: "running", rollup: "waiting" });
  });

  it("are abandoned once a later one has begun without their end", () => {
    treeOf(step(0), started("t1", { ...attempt, attempt: 1 }), started("inside", { parent: "t1" }));
    expect(node("t1").state).toBe("running");
    treeOf(started("t2", { ...attempt, attempt: 2, ms: 9 }));
    expect([node("t1").state, node("inside").state, node("t2").state]).toEqual(["abandoned", "abandoned", "running"]);
  });
});

describe("the tree", () => {
  it("orders siblings by time, then event id, then span id", () => {
    treeOf(
      started("p"),
      started("late", { parent: "p", ms: 9, id: 1 }),
      started("b", { parent: "p", ms: 5, id: 7 }),
      started("a", { parent: "p", ms: 5, id: 8 }),
      started("y", { parent: "p", ms: 5 }),
      started("x", { parent: "p", ms: 5 }),
    );
    expect(names(node("p").children)).toEqual(["b", "a", "x", "y", "late"]);
  });

  it("shows a span whose parent is not known as an orphan until the parent shows up", () => {
    treeOf(started("child", { parent: "p", ms: 5 }));
    expect(tree.roots).toMatchObject([{ spanId: "child", isOrphan: true }]);
    treeOf(started("p"));
    expect(tree.roots).toMatchObject([{ spanId: "p", children: [{ spanId: "child", isOrphan: false }] }]);
  });

  it("does not mix up traces that use the same ids", () => {
    treeOf(started("a", { trace: "two", name: "second" }), started("a", { trace: "one", name: "first" }));
    treeOf(started("c", { trace: "two", parent: "a" }));
    expect(tree.get("a", "two")?.children).toHaveLength(1);
    expect(tree.get("a", "one")?.children).toHaveLength(0);
    expect(tree.get("a")?.name).toBe("first");
    expect(tree.get("a", "three")).toBeUndefined();
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])("takes %s for an id like any other", (id) => {
    expect(tree.get(id, id)).toBeUndefined();
    treeOf(
      started(id, { trace: id }),
      started("child", { trace: id, parent: id }),
      logged(id, "line", { trace: id, key: id }),
    );
    expect(tree.get(id, id)).toMatchObject({
      spanId: id,
      children: [{ spanId: "child" }],
      logs: [{ message: "line" }],
    });
  });

  it("keeps an attribute named __proto__ an attribute", () => {
    treeOf(JSON.parse(JSON.stringify(started("a")).replace('"attributes":{}', '"attributes":{"__proto__":{"bad":1}}')));
    expect(Object.keys(node("a").attributes)).toEqual(["__proto__"]);
    expect("bad" in node("a").attributes).toBe(false);
  });

  it("makes every member of a circle of parents an orphan root", () => {
    treeOf(started("a", { parent: "b" }), started("b", { parent: "a" }), started("self", { parent: "self" }));
    treeOf(started("below", { parent: "b" }));
    expect(names(tree.roots)).toEqual(["a", "b", "self"]);
    expect(tree.roots.every(({ isOrphan }) => isOrphan)).toBe(true);
    expect(names(node("b").children)).toEqual(["below"]);
  });

  it("joins what a circle kept apart once the circle is broken", () => {
    treeOf(started("a", { parent: "c", ms: 5 }), started("b", { parent: "a" }), started("c", { parent: "b" }));
    expect(tree.roots).toHaveLength(3);
    treeOf(started("a", { parent: null, ms: 1 }));
    expect(names(tree.roots)).toEqual(["a"]);
    expect(node("a").children[0]?.children[0]?.name).toBe("c");
  });

  it("rolls up the worst state of what is below", () => {
    treeOf(
      started("w"),
      started("x", { parent: "w" }),
      started("y", { parent: "x" }),
      failed("y", "no", { parent: "x" }),
    );
    expect(node("w")).toMatchObject({ state: "running", rollup: "failed" });
  });

  it("rolls up to waiting where all that is open below waits, and to running where anything runs", () => {
    treeOf(started("w"), started("x", { parent: "w" }), started("z", { parent: "x", kind: "sleep" }));
    expect(node("w")).toMatchObject({ state: "running", rollup: "waiting" });
    treeOf(started("busy", { parent: "w" }));
    expect(node("w")).toMatchObject({ state: "running", rollup: "running" });
    treeOf(ended("busy", { parent: "w" }), ended("z", { parent: "x", kind: "sleep" }));
    expect(node("w").rollup).toBe("running");
  });

  it("counts spans by state, attempts apart", () => {
    treeOf(
      started("w"),
      started("s", { parent: "w", kind: "step" }),
      started("t", { parent: "s", kind: "attempt" }),
      started("z", { parent: "w", kind: "sleep" }),
      ended("d", { parent: "w" }),
      failed("f", "no", { parent: "w" }),
    );
    expect(tree.totals).toEqual({ running: 2, waiting: 1, done: 1, failed: 1, abandoned: 0 });
    expect(tree.size).toBe(6);
  });

  it("counts the spans of every part of it", () => {
    treeOf(
      started("w"),
      started("x", { parent: "w" }),
      ended("y", { parent: "x" }),
      failed("z", "no", { parent: "x" }),
      started("other"),
    );
    expect(node("w").totals).toEqual({ running: 2, waiting: 0, done: 1, failed: 1, abandoned: 0 });
    expect(node("x").totals).toEqual({ running: 1, waiting: 0, done: 1, failed: 1, abandoned: 0 });
    expect(tree.totals).toMatchObject({ running: 3 });
    const { totals } = node("w");
    treeOf(updated("y", { parent: "x", progress: { current: 1 } }));
    expect(node("w").totals).toBe(totals);
  });

  it("changes one of many children without a look at the others", () => {
    treeOf(
      started("p"),
      ...Array.from({ length: 1000 }, (_, index) => started(`c${index}`, { parent: "p", ms: index })),
    );
    const before = node("p").children;
    treeOf(failed("c500", "no", { parent: "p", ms: 2000 }), started("c1000", { parent: "p", ms: 1000 }));
    const after = node("p").children;
    expect(after).toHaveLength(1001);
    expect(after.filter((child, index) => child !== before[index]).map(({ name }) => name)).toEqual(["c500", "c1000"]);
    expect(node("p")).toMatchObject({ rollup: "failed", totals: { running: 1001, failed: 1 } });
    treeOf(started("between", { parent: "p", ms: 500, id: 1 }), started("c0", { parent: "elsewhere", ms: -1 }));
    expect(names(node("p").children).slice(498, 502)).toEqual(["c499", "between", "c500", "c501"]);
  });

  it("keeps the views of what has not changed", () => {
    treeOf(
      started("p"),
      started("a", { parent: "p" }),
      started("b", { parent: "p" }),
      started("below", { parent: "b" }),
    );
    const before = { p: node("p"), a: node("a"), b: node("b"), below: node("below"), roots: tree.roots };
    expect(tree.apply(started("b", { parent: "p" }))).toBe(false);
    expect(tree.roots).toBe(before.roots);
    expect(tree.apply(ended("a", { parent: "p" }))).toBe(true);
    expect(node("a")).not.toBe(before.a);
    expect(node("p")).not.toBe(before.p);
    expect(node("b")).toBe(before.b);
    expect(node("below")).toBe(before.below);
    expect(before.a.state).toBe("running");
  });

  it("gives out views that nobody can change", () => {
    treeOf(started("a", { attributes: { x: 1 } }), started("b", { parent: "a" }));
    expect(Object.isFrozen(node("a"))).toBe(true);
    expect(Object.isFrozen(node("a").children)).toBe(true);
    expect(Object.isFrozen(node("a").attributes)).toBe(true);
    expect(Object.isFrozen(tree.roots)).toBe(true);
  });

  it("knows the largest event id", () => {
    expect(tree.lastEventId).toBeUndefined();
    treeOf(started("a", { id: 7 }), ended("a", { id: 3 }), { type: "something-else", id: 9 });
    expect(tree.lastEventId).toBe(9);
  });

  it("folds a chain deeper than the stack, whichever end comes first", () => {
    const depth = 50_000;
    const chain = Array.from({ length: depth }, (_, index) =>
      started(`s${index}`, { parent: index === 0 ? null : `s${index - 1}`, ms: index }),
    );
    for (const events of [chain, chain.toReversed()]) {
      tree = new SpanTree();
      tree.applyAll(events);
      tree.apply(ended(`s0`, { ms: depth }));
      let reached = 1;
      for (let next = tree.roots[0]; next?.children[0] !== undefined; next = next.children[0]) reached += 1;
      expect(reached).toBe(depth);
      expect(tree.totals).toMatchObject({ done: 1, abandoned: depth - 1 });
    }
  });
});

describe("an abandoned span", () => {
  it("is no rollback that goes on after its run has ended, until the stream ends too", () => {
    treeOf(
      started("run", { kind: "workflow" }),
      ended("run", { ms: 5 }),
      started("undo", { ms: 6, parent: "run", kind: "rollback" }),
    );
    expect(node("undo").state).toBe("running");
    tree.apply({ type: "ssetarget:end" });
    expect(node("undo").state).toBe("abandoned");
  });

  it("is open below one that has ended", () => {
    treeOf(started("p"), started("a", { parent: "p" }), started("b", { parent: "a" }), ended("p"));
    expect([node("p").state, node("a").state, node("b").state]).toEqual(["done", "abandoned", "abandoned"]);
    expect(node("p").rollup).toBe("abandoned");
  });

  it("is open where the stream has been completed", () => {
    treeOf(started("a"), started("done"), ended("done"));
    expect(tree.apply({ type: "ssetarget:end", id: 4 })).toBe(true);
    expect(tree.isCompleted).toBe(true);
    expect([node("a").state, node("done").state]).toEqual(["abandoned", "done"]);
    expect(tree.apply({ type: "ssetarget:end", id: 4 })).toBe(false);
  });

  it("lives again where its end or its parent's next run turns up late", () => {
    treeOf(started("p"), started("a", { parent: "p" }), started("b", { parent: "p" }), ended("p", { ms: 5 }));
    treeOf(ended("a", { parent: "p", ms: 4 }));
    expect(node("a").state).toBe("done");
    treeOf(started("p", { ms: 6, attempt: 2 }));
    expect(node("b").state).toBe("running");
  });
});

describe("a lease", () => {
  const leased = (options?: SpanTreeOptions) => {
    tree = new SpanTree({ leaseMs: 1000, ...options });
    return tree;
  };

  it("runs out once nothing was heard of the trace for that long", () => {
    leased().applyAll([started("a"), started("b", { parent: "a", ms: 500 })]);
    expect(tree.tick(msAt(1500))).toBe(false);
    expect(node("a").state).toBe("running");
    expect(tree.tick(msAt(1501))).toBe(true);
    expect([node("a").state, node("b").state]).toEqual(["abandoned", "abandoned"]);
    expect(tree.totals.abandoned).toBe(2);
  });

  it("begins anew with every event of the trace", () => {
    leased().apply(started("a"));
    tree.tick(msAt(5000));
    expect(node("a").state).toBe("abandoned");
    expect(tree.apply(updated("a", { ms: 4900, progress: { current: 1 } }))).toBe(true);
    expect(node("a").state).toBe("running");
  });

  it("is each trace's own", () => {
    leased().applyAll([started("a", { trace: "one" }), started("b", { trace: "two", ms: 900 })]);
    tree.tick(msAt(1500));
    expect([node("a").state, node("b").state]).toEqual(["abandoned", "running"]);
  });

  it("begins at the end of a sleep", () => {
    leased().applyAll([started("a"), started("z", { parent: "a", kind: "sleep", until: "2026-11-01T01:00:00.000Z" })]);
    expect(tree.tick(msAt(3_600_000))).toBe(false);
    expect(tree.tick(msAt(3_601_001))).toBe(true);
    expect(node("z").state).toBe("abandoned");
  });

  it("begins at the end of a sleep in a rollback, which goes on after its run has ended", () => {
    leased().applyAll([
      started("run"),
      ended("run", { ms: 10 }),
      started("undo", { parent: "run", kind: "rollback", ms: 20 }),
      started("z", { parent: "undo", kind: "sleep", ms: 30, until: "2026-11-01T01:00:00.000Z" }),
    ]);
    expect(tree.tick(msAt(3_600_000))).toBe(false);
    expect(node("undo").state).toBe("running");
    expect(tree.tick(msAt(3_601_001))).toBe(true);
    expect([node("undo").state, node("z").state]).toEqual(["abandoned", "abandoned"]);
  });

  it("begins anew with an event that says nothing else", () => {
    leased().applyAll([started("a"), started("b", { trace: "other" })]);
    const heartbeat = (ms: number) => updated("a", { ms });
    expect(tree.apply(heartbeat(500))).toBe(false);
    expect(tree.tick(msAt(1400))).toBe(true);
    expect([node("a").state, node("b").state]).toEqual(["running", "abandoned"]);
    tree.tick(msAt(3000));
    expect(tree.apply(heartbeat(1000))).toBe(false);
    expect(tree.apply(heartbeat(2500))).toBe(true);
    expect(node("a").state).toBe("running");
  });

  it("is held by a wait without an end, unless its parent has ended", () => {
    leased().applyAll([started("a"), started("p", { parent: "a" }), started("z", { parent: "p", kind: "wait" })]);
    expect(tree.tick(msAt(10_000_000))).toBe(false);
    tree.apply(ended("p", { parent: "a", ms: 1 }));
    expect(node("a").state).toBe("abandoned");
  });

  it("is not held by what a later attempt has taken the place of", () => {
    leased().applyAll([
      started("t1", { parent: "s", kind: "attempt", attempt: 1 }),
      started("z", { parent: "t1", kind: "wait" }),
      started("t2", { parent: "s", kind: "attempt", attempt: 2 }),
      started("s"),
    ]);
    expect(tree.tick(msAt(1001))).toBe(true);
    expect(node("s").state).toBe("abandoned");
  });

  it("goes by the clock it is given, and by no clock unless asked", () => {
    leased({ now: () => msAt(9000) }).apply(started("a"));
    expect(node("a").state).toBe("running");
    expect(tree.tick()).toBe(true);
    expect(node("a").state).toBe("abandoned");
  });

  it("is none by default", () => {
    treeOf(started("a"));
    expect(tree.tick(msAt(1e12))).toBe(false);
    expect(node("a").state).toBe("running");
  });
});

describe("a gap", () => {
  it.each(["reset", "unknown-cursor"])("of the reason %s empties the tree, for the history comes again", (reason) => {
    treeOf(started("a", { id: 40 }), { type: "ssetarget:end", id: 41 });
    expect(tree.apply({ type: "ssetarget:gap", reason, after: 41, resumesAt: 1 })).toBe(true);
    expect(tree.roots).toEqual([]);
    expect(tree.lastEventId).toBeUndefined();
    expect(tree.isCompleted).toBe(false);
    expect(tree.gaps).toEqual([{ reason, after: 41, resumesAt: 1 }]);
    treeOf(started("b", { id: 1 }));
    expect(names(tree.roots)).toEqual(["b"]);
    expect(tree.totals.running).toBe(1);
  });

  it.each(["trimmed", "overflow"])("of the reason %s is noted, and the tree is kept", (reason) => {
    treeOf(started("a", { id: 40 }), { type: "ssetarget:gap", reason, after: 40, resumesAt: 90 });
    expect(names(tree.roots)).toEqual(["a"]);
    expect(tree.gaps).toEqual([{ reason, after: 40, resumesAt: 90 }]);
  });

  it("is forgotten with all the rest by clear", () => {
    treeOf(started("a", { id: 4 }), { type: "ssetarget:gap", reason: "trimmed", after: 4, resumesAt: 9 }, null);
    tree.clear();
    expect(tree).toMatchObject({ roots: [], gaps: [], size: 0, lastEventId: undefined, ignored: { malformed: 0 } });
  });
});

describe("an event that says nothing new", () => {
  it.each([
    ["was there already", started("b", { parent: "p", ms: 20, id: 8 })],
    [
      "is older than what is known, and changes no order",
      updated("b", { parent: "p", ms: 15, id: 7, attributes: { x: 0 } }),
    ],
    ["is of a try that is over", ended("a", { parent: "p", ms: 11, attempt: 1 })],
    ["writes again what was written", updated("b", { parent: "p", ms: 90, attributes: { x: [1, { y: 2, z: 3 }] } })],
    ["writes one attribute too many", updated("full", { ms: 90, attributes: { z: 1 } })],
    ["tells the progress again", updated("b", { parent: "p", ms: 91, progress: { total: 9, current: 1 } })],
    ["writes nothing", updated("b", { parent: "p", ms: 92 })],
  ])("changes nothing that can be seen: it %s", (_what, event) => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`n${index}`, 1]));
    treeOf(
      started("p", { id: 1 }),
      started("a", { parent: "p", ms: 10, attempt: 2 }),
      started("b", { parent: "p", ms: 20, id: 8, attributes: { x: [1, { z: 3, y: 2 }] } }),
      updated("b", { parent: "p", ms: 30, progress: { current: 1, total: 9 } }),
      started("full", { attributes: many }),
    );
    const { roots } = tree;
    expect(tree.apply(event)).toBe(false);
    expect(tree.roots).toBe(roots);
  });

  it("changes what can be seen where it moves its span among others", () => {
    treeOf(started("p"), started("a", { parent: "p", ms: 10 }), started("b", { parent: "p", ms: 20 }));
    expect(tree.apply(updated("b", { parent: "p", ms: 5 }))).toBe(true);
    expect(names(node("p").children)).toEqual(["b", "a"]);
  });
});

describe("what the tree is given", () => {
  const good = started("a");

  it.each([
    ["null", null],
    ["a text", "started"],
    ["a list", [good]],
    ["no type", { ...good, type: undefined }],
    ["an empty span id", { ...good, spanId: "" }],
    ["a trace id that is no text", { ...good, traceId: 5 }],
    ["no parent", { ...good, parentSpanId: undefined }],
    ["no name", { ...good, name: undefined }],
    ["an attempt of 0", { ...good, attempt: 0 }],
    ["an attempt that is no number", { ...good, attempt: "2" }],
    ["a kind that is no text", { ...good, kind: 1 }],
    ["attributes that are a list", { ...good, attributes: [] }],
    ["attributes that are null", { ...good, attributes: null }],
    ["no time", { ...good, timestamp: undefined }],
    ["a time in words", { ...good, timestamp: "Nov 1 2026" }],
    ["a time that is none", { ...good, timestamp: "2026-13-41T99:00:00.000Z" }],
    ["an end without a status", { ...good, type: "ended" }],
    ["an end with a status unheard of", { ...good, type: "ended", status: { code: "MAYBE" } }],
    ["a log line without a text", { ...good, type: "log", level: "info" }],
    ["a log line without a level", { ...good, type: "log", message: "x" }],
    ["a progress without a number", { ...good, type: "updated", progress: { current: "1" } }],
    ["a gap without a reason", { type: "ssetarget:gap" }],
    [
      "a getter that throws",
      {
        get type(): never {
          throw new Error("no");
        },
      },
    ],
  ])("is ignored and counted if it has %s", (_what, event) => {
    expect(tree.apply(event)).toBe(false);
    expect(tree.ignored).toEqual({ unknownType: 0, malformed: 1, overLimit: 0 });
    expect(tree.roots).toEqual([]);
  });

  it("is ignored and counted if its type is none of the tree's", () => {
    expect(tree.apply({ type: "chat-message", text: "hi" })).toBe(false);
    expect(tree.ignored.unknownType).toBe(1);
  });

  it("may be of a kind that a later version knows", () => {
    treeOf({ ...good, kind: "hologram" });
    expect(node("a").kind).toBe("internal");
  });

  it("may have attributes nested deeper than the stack", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as never;
    const other = JSON.parse(`${"[".repeat(60_000)}${"]".repeat(60_000)}`) as never;
    treeOf(
      started("a", { attributes: { deep } }),
      started("a", { attributes: { deep: other } }),
      logged("a", "x", { attributes: { deep } }),
    );
    expect(node("a").logs).toHaveLength(1);
    expect(tree.ignored.malformed).toBe(0);
  });

  it("is bounded in spans; those that are known go on", () => {
    tree = new SpanTree({ maxSpans: 2 });
    treeOf(started("a"), started("b"), started("c"), ended("a"));
    expect(tree.size).toBe(2);
    expect(node("a").state).toBe("done");
    expect(tree.ignored.overLimit).toBe(1);
  });

  it("is bounded in attributes of one span, whichever come first", () => {
    const patches = Array.from({ length: 1100 }, (_, index) =>
      updated("a", { ms: index, attributes: { [`n${String(index).padStart(4, "0")}`]: index } }),
    );
    const other = new SpanTree();
    treeOf(...patches);
    other.applyAll(patches.toReversed());
    expect(Object.keys(node("a").attributes)).toHaveLength(1000);
    expect(other.get("a")?.attributes).toEqual(node("a").attributes);
  });

  it.each([
    [{ leaseMs: 0 }, "leaseMs"],
    [{ maxSpans: 0 }, "maxSpans"],
    [{ maxLogsPerSpan: -1 }, "maxLogsPerSpan"],
  ])("must be held with options that can work: %o", (options, name) => {
    expect(() => new SpanTree(options)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(name) }),
    );
  });
});
