/**
 * What a `SpanTree` costs: folding events, one update, and reading after it. Plain Node, one process, no server.
 *
 * Shapes: `wide` is one parent with all the others below it, `deep` one chain, `bushy` ten children each, `orphans` a fold in which
 * no parent ever shows up. Every span has a `started` and an `ended`; the spans that updates go to stay open. `shuffled` folds the
 * same events in a random order (always the same one). Objects are made by `JSON.parse`, as off the wire, before the clock starts.
 *
 * Figures are medians of rounds in one process after a warm-up round; an update is timed over many spans, one `apply` (and one read) each.
 *
 *     node bench/span-tree.ts [--spans 10000,100000] [--rounds 5] [--only wide,deep]
 */
import { parseArgs } from "node:util";
import { SpanTree } from "../src/trace/tree/tree.ts";

type Shape = "wide" | "deep" | "bushy" | "orphans";
type Event = { readonly [field: string]: unknown };

const SHAPES: readonly Shape[] = ["wide", "deep", "bushy", "orphans"];
const START = Date.UTC(2026, 10, 1);
const UPDATES = 200;

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "10000,100000" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: SHAPES.join(",") },
  },
});
const rounds = Number(values.rounds);
const shapes = SHAPES.filter((shape) => values.only.split(",").includes(shape));

/** Repeats itself from run to run. */
function newRandom(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function parentOf(shape: Shape, index: number): string | null {
  if (shape === "orphans") return `missing${index}`;
  if (index === 0) return null;
  return `s${shape === "wide" ? 0 : shape === "deep" ? index - 1 : Math.floor((index - 1) / 10)}`;
}

function eventText(shape: Shape, index: number, ms: number, rest: Event): string {
  return JSON.stringify({
    key: `run/s${index}/${String(rest["type"])}/1`,
    traceId: "run",
    spanId: `s${index}`,
    parentSpanId: parentOf(shape, index),
    name: `step ${index % 100}`,
    kind: index === 0 ? "workflow" : "step",
    timestamp: new Date(START + ms).toISOString(),
    ...rest,
  });
}

/** Of a chain only the ends stay open, so that an update at its end is one below open spans. */
function historyOf(shape: Shape, spans: number): Event[] {
  const texts: string[] = [];
  for (let index = 0; index < spans; index++) {
    texts.push(eventText(shape, index, index, { type: "started", attributes: { "item.number": index } }));
  }
  const isOpen = (index: number): boolean => shape === "deep" || index === 0 || index >= spans - UPDATES;
  for (let index = 0; index < spans; index++) {
    if (isOpen(index)) continue;
    texts.push(eventText(shape, index, spans + index, { type: "ended", status: { code: "OK" }, attributes: {} }));
  }
  return texts.map((text, index) => ({ ...(JSON.parse(text) as Event), id: index + 1 }));
}

function shuffled(events: readonly Event[]): Event[] {
  const random = newRandom();
  const result = [...events];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as Event, result[last] as Event];
  }
  return result;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

function timeOf(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

/** Reads what a renderer reads of a change: the roots and their totals. */
function read(tree: SpanTree): void {
  if (tree.roots.length === 0 || tree.totals.running < 0) throw new Error("nothing to read");
}

interface Figures {
  readonly applyMs: number;
  readonly firstReadMs: number;
}

function measureFold(events: readonly Event[], spans: number): Figures {
  const applies: number[] = [];
  const reads: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const tree = new SpanTree({ maxSpans: spans });
    const applyMs = timeOf(() => void tree.applyAll(events));
    const readMs = timeOf(() => read(tree));
    if (tree.size !== spans) throw new Error(`folded ${tree.size} spans of ${spans}`);
    if (round === 0) continue;
    applies.push(applyMs);
    reads.push(readMs);
  }
  return { applyMs: median(applies), firstReadMs: median(reads) };
}

/** One update each of the last spans, which are open: microseconds of `apply` alone, and of `apply` and a read. */
function measureUpdate(shape: Shape, events: readonly Event[], spans: number): readonly [number, number, number] {
  const tree = new SpanTree({ maxSpans: spans });
  tree.applyAll(events);
  read(tree);
  let tick = 0;
  const update = (index: number): Event => {
    tick += 1;
    const progress = { current: tick, total: 1_000_000 };
    return JSON.parse(eventText(shape, index, 10 * spans + tick, { type: "updated", progress })) as Event;
  };
  const applies: number[] = [];
  const reads: number[] = [];
  const repeats = shape === "deep" ? 20 : UPDATES;
  for (let turn = 0; turn < 2 * repeats; turn++) {
    const event = update(spans - 1 - (turn % repeats));
    const applyMs = timeOf(() => {
      if (!tree.apply(event)) throw new Error("an update that changed nothing");
    });
    const readMs = timeOf(() => read(tree));
    if (turn < repeats) continue;
    applies.push(applyMs);
    reads.push(applyMs + readMs);
  }
  const added: number[] = [];
  const bigger = new SpanTree({ maxSpans: 2 * spans });
  bigger.applyAll(events);
  read(bigger);
  for (let turn = 0; turn < 2 * repeats; turn++) {
    const text = eventText(shape, spans + turn, 20 * spans + turn, { type: "started", attributes: {} });
    const event = JSON.parse(text) as Event;
    const ms = timeOf(() => {
      bigger.apply(event);
      read(bigger);
    });
    if (turn >= repeats) added.push(ms);
  }
  return [median(applies) * 1000, median(reads) * 1000, median(added) * 1000];
}

const number = (value: number): string => value.toFixed(value < 10 ? 1 : 0).padStart(8);
console.log(`Node ${process.version}; medians of ${rounds} rounds; ms for folds, µs for updates`);
console.log("spans    shape    order       fold  1st read   | apply  apply+read  new span+read");
for (const spans of values.spans.split(",").map(Number)) {
  for (const shape of shapes) {
    const inOrder = historyOf(shape, spans);
    for (const [order, events] of [["in order", inOrder] as const, ["shuffled", shuffled(inOrder)] as const]) {
      const { applyMs, firstReadMs } = measureFold(events, spans);
      const updates = order === "shuffled" ? [] : measureUpdate(shape, inOrder, spans);
      console.log(
        `${String(spans).padEnd(8)} ${shape.padEnd(8)} ${order}${number(applyMs)} ${number(firstReadMs)}   |${updates.map(number).join(" ")}`,
      );
    }
  }
}
