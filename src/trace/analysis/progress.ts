import { readOptions } from "../../util/options.ts";
import type { SpanNode } from "../tree/node.ts";

/** What of a span tells how far it has come, where its own progress does not. */
export interface ProgressOptions {
  /**
   * How much a span counts among its siblings; what is no number of at least 0 counts 1.
   * @defaultValue the attribute `ssetarget.weight`
   */
  readonly weightOf?: (node: SpanNode) => unknown;
  /**
   * What the weights of a span's children will come to in the end: their number, if they have none. What is no number above 0 is not known.
   * @defaultValue the attribute `ssetarget.expected`
   */
  readonly expectedOf?: (node: SpanNode) => unknown;
}

type Fractions = Pick<Map<SpanNode, number | undefined>, "has" | "get"> & {
  set(node: SpanNode, fraction: number | undefined): unknown;
};

const NO_NODES: readonly SpanNode[] = [];

/** With the default options: nodes do not change. */
const fractions: Fractions = new WeakMap<SpanNode, number | undefined>();

/**
 * How much of a span's work is over, from 0 to 1; undefined where that cannot be known. The first of these that applies:
 *
 * 1. A span that has ended well is at 1.
 * 2. A span that tells `current` of `total` is at that.
 * 3. A step with several tries is where its newest is, if that is known.
 * 4. A span that tells what its children will come to (`ssetarget.expected`) is at their weighted sum (`ssetarget.weight`). A child that has
 *    ended is over, well or badly; one of which nothing is known is taken for not begun. Rollbacks do not count.
 * 5. Of any other nothing is known, for nobody has said how many children are still to come.
 *
 * So it goes back only where it has to: where a span is tried again, where more children begin than were expected, and where a span takes back what
 * it has told. A span that failed or was abandoned stays where it had come to.
 */
export function progressOf(node: SpanNode, given?: ProgressOptions): number | undefined {
  const options =
    given === undefined ? undefined : readOptions("progressOf", given, { weightOf: true, expectedOf: true });
  const weightOf = options?.weightOf ?? (({ attributes }) => attributes["ssetarget.weight"]);
  const expectedOf = options?.expectedOf ?? (({ attributes }) => attributes["ssetarget.expected"]);
  const known = options === undefined ? fractions : new Map<SpanNode, number | undefined>();
  if (known.has(node)) return known.get(node);
  // Not by recursion: how deep spans nest is the sender's choice.
  const stack = [node];
  for (let next = stack.at(-1); next !== undefined; next = stack.at(-1)) {
    const depth = stack.length;
    const own = ownFraction(next);
    const expected = own === undefined ? positive(expectedOf(next)) : undefined;
    const attempt = own === undefined ? next.attempts.at(-1) : undefined;
    const children = expected === undefined ? NO_NODES : [...next.children, ...(attempt?.children ?? [])];
    if (!known.has(next)) {
      if (attempt !== undefined && !known.has(attempt)) stack.push(attempt);
      for (const child of children) if (isOpen(child) && !known.has(child)) stack.push(child);
    }
    if (stack.length > depth) continue;
    stack.pop();
    const tried = attempt === undefined ? undefined : known.get(attempt);
    known.set(next, own ?? tried ?? sumOf(children, expected, known, weightOf));
  }
  return known.get(node);
}

function ownFraction({ state, progress }: SpanNode): number | undefined {
  if (state === "done") return 1;
  if (progress?.total === undefined || progress.total <= 0) return undefined;
  return Math.min(1, Math.max(0, progress.current / progress.total));
}

function sumOf(
  children: readonly SpanNode[],
  expected: number | undefined,
  known: Fractions,
  weightOf: (node: SpanNode) => unknown,
): number | undefined {
  if (expected === undefined) return undefined;
  let over = 0;
  let all = 0;
  for (const child of children) {
    if (child.kind === "rollback") continue;
    const weight = weightOf(child);
    const counts = typeof weight === "number" && weight >= 0 && Number.isFinite(weight) ? weight : 1;
    all += counts;
    over += counts * (isOpen(child) ? (known.get(child) ?? 0) : 1);
  }
  // Weights that no number can add up say nothing.
  return Number.isFinite(all) ? Math.min(1, over / Math.max(all, expected)) : undefined;
}

function isOpen({ state }: SpanNode): boolean {
  return state === "running" || state === "waiting";
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : undefined;
}
