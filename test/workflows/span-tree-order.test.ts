import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpanKind } from "../../src/workflows/span-event.ts";
import { SpanTree } from "../../src/workflows/span-tree.ts";
import { ended, logged, msAt, started, updated } from "./span-events.ts";

// Few ids, times and values, so that spans collide, contradict one another and form circles.
const spanIds = fc.constantFrom("a", "b", "c", "__proto__");
const value = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom("x", "y"),
  fc.constant([1]),
  fc.constant({ k: 1 }),
);
const attributes = fc.dictionary(fc.constantFrom("p", "q", "__proto__"), value, { maxKeys: 2 });
const kind = fc.constantFrom<SpanKind | undefined>("workflow", "step", "attempt", "sleep", "wait", undefined);

const place = fc.record({
  ms: fc.integer({ min: 0, max: 4 }),
  id: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined, freq: 1 }),
  key: fc.option(fc.constantFrom("k1", "k2"), { nil: undefined }),
  parent: fc.option(spanIds, { nil: null }),
  trace: fc.constantFrom("run", "run", "other"),
  name: fc.constantFrom("one", "two"),
  kind,
  attempt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 1 }),
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

  it("keeps its views exactly where `apply` says that nothing has changed", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const tree = new SpanTree();
        for (const each of events) {
          const { roots, totals } = tree;
          if (!tree.apply(each)) {
            expect(tree.roots).toBe(roots);
            expect(tree.totals).toBe(totals);
          }
        }
      }),
      { numRuns: 500 },
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
