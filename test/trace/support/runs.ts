import fc from "fast-check";
import type { SpanEvent } from "../../../src/trace/events.ts";
import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { ended, started } from "./span-events.ts";

/** A span as it really was, in milliseconds of one clock that nobody has. */
export interface TrueSpan {
  readonly id: string;
  readonly name: string;
  readonly parent: TrueSpan | undefined;
  /** Where it ran. */
  readonly process: number;
  readonly start: number;
  readonly end: number;
}

interface Plan {
  readonly above: number;
  readonly process: number;
  readonly name: number;
  readonly from: number;
  readonly length: number;
}

const plans = fc.array(
  fc.record<Plan>({
    above: fc.nat(),
    process: fc.nat(2),
    name: fc.nat(2),
    from: fc.integer({ min: 0, max: 100 }),
    length: fc.integer({ min: 0, max: 100 }),
  }),
  { maxLength: 14 },
);

/** Runs in which every span begins after the one above it, and ends before it. The first is the root. */
export const nestedRuns = plans.map((all) => {
  const spans: TrueSpan[] = [{ id: "root", name: "run", parent: undefined, process: 0, start: 0, end: 1e9 }];
  for (const [index, plan] of all.entries()) {
    const parent = spans[plan.above % spans.length] as TrueSpan;
    const start = parent.start + Math.floor(((parent.end - parent.start) * plan.from) / 101) + index * 2 + 1;
    const end = start + Math.floor(((parent.end - start) * plan.length) / 101) + index * 2 + 2;
    if (end >= parent.end) continue;
    spans.push({ id: `s${index}`, name: `n${plan.name}`, parent, process: plan.process, start, end });
  }
  return spans;
});

/** What is told of the run until then, in the order in which it happened, by processes whose clocks are ahead by so much. */
export function eventsOf(
  spans: readonly TrueSpan[],
  { until = Infinity, trace = "run", aheadMs = [] as readonly number[] } = {},
): SpanEvent[] {
  const events = spans.flatMap(({ id, name, parent, process, start, end }) => {
    const ahead = aheadMs[process] ?? 0;
    const place = { trace, name, parent: parent?.id ?? null };
    return [
      { at: start, event: started(id, { ...place, ms: start + ahead }) },
      { at: end, event: ended(id, { ...place, ms: end + ahead }) },
    ];
  });
  return events
    .filter(({ at }) => at <= until)
    .toSorted((a, b) => a.at - b.at)
    .map(({ event }, index) => ({ ...event, id: index + 1 }));
}

export function treeOf(...events: readonly unknown[]): SpanTree {
  const tree = new SpanTree();
  tree.applyAll(events);
  return tree;
}

export function rootOf(...events: readonly unknown[]): SpanNode {
  const [root] = treeOf(...events).roots;
  if (root === undefined) throw new Error("no root");
  return root;
}
