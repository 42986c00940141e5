import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpanEndedEvent, SpanKind } from "../../../src/trace/events.ts";
import type { SpanNode, SpanState, SpanTotals } from "../../../src/trace/tree/node.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { ended, failed, logged, msAt, started, updated } from "../support/span-events.ts";

const STATES: readonly SpanState[] = ["running", "waiting", "done", "failed", "abandoned"];

// Few ids, times and values, so that spans collide, contradict one another and form circles.
const spanIds = fc.constantFrom("a", "b", "c", "__proto__");
const value = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom("x", "y"),
  fc.constant([1]),
  fc.constant({ k: 1 }),
);
const attributes = fc.dictionary(fc.constantFrom("p", "q", "__proto__"), value, { maxKeys: 2 });
const kind = fc.constantFrom<SpanKind | undefined>(
  "step",
  "attempt",
  "attempt",
  "sleep",
  "wait",
  "rollback",
  undefined,
);

function placeless({ name: _name, parentSpanId: _parentSpanId, ...event }: SpanEndedEvent): SpanEndedEvent {
  return event;
}

const place = fc.record({
  ms: fc.integer({ min: 0, max: 4 }),
  id: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined, freq: 1 }),
  key: fc.option(fc.constantFrom("k1", "k2"), { nil: undefined }),
  parent: fc.option(spanIds, { nil: null }),
  trace: fc.constantFrom("run", "run", "other"),
  name: fc.constantFrom("one", "two"),
  kind,
  attempt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 1 }),
  run: fc.option(fc.constantFrom("x", "y", "z"), { nil: undefined, freq: 1 }),
  attributes,
});

const event = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(spanIds, place).map(([id, at]) => started(id, at)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(spanIds, place, fc.constantFrom(undefined, "bad", "worse"))
      .map(([id, at, message]) => ended(id, { ...at, status: message ? { code: "ERROR", message } : { code: "OK" } })),
  },
  // As others write it: an end that leaves its span's place to the start.
  { weight: 2, arbitrary: fc.tuple(spanIds, place).map(([id, at]) => placeless(ended(id, at))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(spanIds, place, fc.integer({ min: 0, max: 3 }))
      .map(([id, at, current]) => updated(id, { ...at, progress: { current } })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(spanIds, place, fc.constantFrom("hi", "ho")).map(([id, at, text]) => logged(id, text, at)),
  },
  { weight: 1, arbitrary: fc.constantFrom({ type: "ssetarget:end", id: 41 }, { type: "else" }, { type: "started" }) },
);

/** The events, and the same ones in another order, some of them more than once. */
const histories = fc.array(event, { maxLength: 30 }).chain((events) =>
  fc.record({
    events: fc.constant(events),
    mixed: fc
      .tuple(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.nat({ max: Math.max(0, events.length - 1) }), { maxLength: 10 }),
        fc.array(fc.nat({ max: 40 }), { minLength: 10, maxLength: 10 }),
      )
      .map(([shuffled, repeats, places]) => {
        const mixed = [...shuffled];
        for (const [index, repeat] of repeats.entries()) {
          const copy = events[repeat];
          // Through JSON, as what is replayed is never the same object.
          if (copy) mixed.splice((places[index] ?? 0) % (mixed.length + 1), 0, JSON.parse(JSON.stringify(copy)));
        }
        return mixed;
      }),
  }),
);

function newTree(): SpanTree {
  return new SpanTree({ leaseMs: 3, maxLogsPerSpan: 2 });
}

/** An event, or the passing of time. */
const happenings = fc.array(
  fc.oneof({ weight: 9, arbitrary: event }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 12 }) }),
  { maxLength: 30 },
);

function perform(tree: SpanTree, act: unknown): boolean {
  return typeof act === "number" ? tree.tick(msAt(act)) : tree.apply(act);
}

/** All that `apply` speaks of: what a tree shows, but for `lastEventId` and `ignored`. */
function textOf({ roots, totals, size, isCompleted, gaps }: SpanTree): string {
  return JSON.stringify({ roots, totals, size, isCompleted, gaps });
}

function nodesOf(tree: SpanTree): Map<string, SpanNode> {
  const nodes = new Map<string, SpanNode>();
  const pending = [...tree.roots];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    nodes.set(`${node.traceId} ${node.spanId}`, node);
    pending.push(...node.children, ...node.attempts);
  }
  return nodes;
}

function sum(all: readonly SpanTotals[]): SpanTotals {
  const totals = { running: 0, waiting: 0, done: 0, failed: 0, abandoned: 0 };
  for (const each of all) for (const state of STATES) totals[state] += each[state];
  return totals;
}

function countBelow(node: SpanNode): SpanTotals {
  const { children, attempts } = node;
  const newest = Math.max(...attempts.map(({ attempt }) => attempt));
  const below = [...children, ...attempts.filter(({ attempt }) => attempt === newest)];
  const own = { ...sum([]), ...(node.kind === "attempt" ? {} : { [node.state]: 1 }) };
  return sum([own, ...below.map(countBelow)]);
}

/** All that a tree shows. */
function viewOf(tree: SpanTree): unknown {
  const { roots, totals, size, lastEventId, isCompleted } = tree;
  return { roots, totals, size, lastEventId, isCompleted, text: JSON.stringify(roots) };
}

describe("the fold of span events", () => {
  it("gives the same tree for any order of the events and any repeats", () => {
    fc.assert(
      fc.property(histories, ({ events, mixed }) => {
        const one = newTree();
        const other = newTree();
        one.applyAll(events);
        other.applyAll(mixed);
        expect(viewOf(other)).toEqual(viewOf(one));
      }),
      { numRuns: 1500 },
    );
  });

  it("gives the same tree whether it is looked at after every event or once at the end", () => {
    fc.assert(
      fc.property(histories, ({ events, mixed }) => {
        const live = newTree();
        for (const each of mixed) {
          live.apply(each);
          viewOf(live);
        }
        const late = newTree();
        late.applyAll(events);
        expect(viewOf(live)).toEqual(viewOf(late));
      }),
      { numRuns: 1500 },
    );
  });

  it("gives the same tree whether time passed before or after the events", () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 0, max: 12 }), ({ events, mixed }, now) => {
        const before = newTree();
        before.tick(msAt(now));
        for (const each of mixed) {
          before.apply(each);
          viewOf(before);
        }
        const after = newTree();
        after.applyAll(events);
        after.tick(msAt(now));
        expect(viewOf(before)).toEqual(viewOf(after));
      }),
      { numRuns: 1000 },
    );
  });

  it("says of an event that it has changed something exactly when that can be seen", () => {
    fc.assert(
      fc.property(happenings, (acts) => {
        const tree = newTree();
        let before = textOf(tree);
        for (const act of acts) {
          const { roots, totals } = tree;
          const changed = perform(tree, act);
          const after = textOf(tree);
          expect([changed, act]).toEqual([after !== before, act]);
          if (!changed) expect([tree.roots === roots, tree.totals === totals]).toEqual([true, true]);
          before = after;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("says the same whether or not it was looked at before", () => {
    fc.assert(
      fc.property(happenings, (acts) => {
        const looked = newTree();
        const unlooked = newTree();
        for (const act of acts) {
          textOf(looked);
          expect(perform(unlooked, act)).toBe(perform(looked, act));
        }
        expect(viewOf(unlooked)).toEqual(viewOf(looked));
      }),
      { numRuns: 2000, examples: [[[started("c"), 4, logged("a", "hi"), started("c", { ms: 1 })]]] },
    );
  });

  it("keeps the view of every span that shows nothing new", () => {
    fc.assert(
      fc.property(happenings, (acts) => {
        const tree = newTree();
        let before = nodesOf(tree);
        for (const act of acts) {
          perform(tree, act);
          const after = nodesOf(tree);
          for (const [key, node] of after) {
            const known = before.get(key);
            if (known !== undefined && JSON.stringify(known) === JSON.stringify(node)) expect(node).toBe(known);
          }
          before = after;
        }
      }),
      { numRuns: 1500 },
    );
  });

  it("counts states as one does who walks over the tree", () => {
    fc.assert(
      fc.property(happenings, (acts) => {
        const tree = newTree();
        for (const act of acts) perform(tree, act);
        for (const node of nodesOf(tree).values()) expect(node.totals).toEqual(countBelow(node));
        expect(tree.totals).toEqual(sum(tree.roots.map(countBelow)));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes in anything without throwing", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.anything(), event), { maxLength: 10 }), (values) => {
        const tree = new SpanTree();
        expect(() => tree.applyAll(values)).not.toThrow();
        expect(tree.roots.length).toBeLessThanOrEqual(values.length);
      }),
      { numRuns: 500 },
    );
  });
});

/** So many spans that groups are kept in chunks, and what changes in them is worked in as a difference. */
const crowds = fc.record({
  parents: fc.constantFrom(1, 3),
  acts: fc.array(
    fc.record({
      span: fc.nat(700),
      ms: fc.nat(2000),
      what: fc.constantFrom("started", "started", "again", "attempt", "ended", "ended", "updated", "early"),
      parent: fc.nat(2),
      look: fc.nat(30),
    }),
    { minLength: 300, maxLength: 1200, size: "max" },
  ),
});

function crowdEvent(what: string, id: string, at: { readonly ms: number; readonly parent: string }): unknown {
  switch (what) {
    case "started":
      return started(id, at);
    case "again":
      return started(id, { ...at, attempt: 2 });
    case "attempt":
      return started(id, { ...at, kind: "attempt" });
    case "ended":
      return id.endsWith("50") ? failed(id, "no", at) : ended(id, at);
    case "updated":
      return updated(id, { ...at, progress: { current: at.ms } });
    default:
      // Says nothing new, but may be the earliest of its span.
      return updated(id, at);
  }
}

describe("the fold of a crowd of spans", () => {
  it("gives the same tree whether it is looked at in between or once at the end, and tells changes", () => {
    fc.assert(
      fc.property(crowds, ({ parents, acts }) => {
        const events = acts.map(({ what, span, ms, parent }) =>
          crowdEvent(what, `s${span}`, { ms, parent: `p${parent % parents}` }),
        );
        const above = Array.from({ length: parents }, (_, index) => started(`p${index}`));
        const again = [ended("p0", { ms: 9 }), started("p0", { ms: 10, attempt: 2 })];
        const live = newTree();
        for (const [index, each] of events.entries()) {
          const look = acts[index]?.look;
          const before = look === 0 ? textOf(live) : "";
          const changed = live.apply(each);
          if (look === 0) expect(changed).toBe(textOf(live) !== before);
          if (look === 1) expect(live.roots.length).toBeGreaterThan(0);
          if (index === events.length >> 1) live.applyAll(above);
        }
        textOf(live);
        live.applyAll(again);
        const late = newTree();
        late.applyAll([...again, ...events, ...above]);
        expect(textOf(live)).toBe(textOf(late));
        for (const node of nodesOf(live).values()) expect(node.totals).toEqual(countBelow(node));
      }),
      // To make so large a case smaller would take minutes.
      { numRuns: 30, endOnFailure: true },
    );
  });
});
