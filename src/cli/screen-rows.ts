import type { LogLevel } from "../trace/events.ts";
import type { SpanLogLine, SpanNode } from "../trace/tree/node.ts";
import { isOpen, isSettled, onlyAttempt, shownBelow } from "../trace/view/shape.ts";

/** One row of the tree as it is shown. */
export type ScreenRow =
  | { readonly type: "span"; readonly depth: number; readonly node: SpanNode; readonly isFolded: boolean }
  | { readonly type: "log"; readonly depth: number; readonly line: SpanLogLine }
  /** Settled siblings that there is no room for. */
  | { readonly type: "hidden"; readonly depth: number; readonly nodes: readonly SpanNode[] }
  /** Open spans that there is no room for. */
  | { readonly type: "more"; readonly count: number };

export interface RowOptions {
  readonly maxRows: number;
  /** The least level of log lines to show; undefined: none. */
  readonly logLevel: LogLevel | undefined;
}

/** Log lines shown below one span. */
const MAX_LOG_ROWS = 3;
/** Spans deeper than this stay folded. */
const MAX_DEPTH = 60;

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export function isLoggedAt(level: LogLevel, least: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/**
 * Lays the tree out in no more than so many rows.
 *
 * What is open is shown as long as there is room for it at all. Where room is short, finished branches are folded, those
 * that finished the longest ago first; then log lines go; then finished spans make way for one row that counts them.
 */
export function toRows(roots: readonly SpanNode[], options: RowOptions): ScreenRow[] {
  const all: ScreenRow[] = [];
  if (addAll(all, undefined, roots, 0, options)) return all;
  for (const isShown of SKELETONS) {
    const skeleton = findSkeleton(roots, options.maxRows, isShown);
    if (skeleton !== undefined) return fill(roots, skeleton, options);
  }
  return cutRows(roots, options.maxRows);
}

/** Adds the nodes and all that is below them; `false` where that were too many rows. */
function addAll(
  rows: ScreenRow[],
  parent: SpanNode | undefined,
  nodes: readonly SpanNode[],
  depth: number,
  options: RowOptions,
): boolean {
  for (const node of nodes) {
    const below = shownBelow(node);
    rows.push({ type: "span", depth, node, isFolded: below.length > 0 && depth >= MAX_DEPTH });
    for (const line of logLines(node, parent, options.logLevel, MAX_LOG_ROWS)) rows.push({ type: "log", depth, line });
    if (rows.length > options.maxRows) return false;
    if (depth < MAX_DEPTH && !addAll(rows, node, below, depth + 1, options)) return false;
  }
  return true;
}

/** The newest lines of a span in which something is just happening, or has failed; of others nobody asks. */
function logLines(
  node: SpanNode,
  parent: SpanNode | undefined,
  level: LogLevel | undefined,
  max: number,
): readonly SpanLogLine[] {
  if (level === undefined || max === 0) return [];
  if (!isOpen(node) && node.state !== "failed") return [];
  // A later attempt has taken its place.
  if (node.kind === "attempt" && node !== parent?.attempts.at(-1)) return [];
  if (shownBelow(node).some((child) => isOpen(child) || child.rollup === "failed")) return [];
  const lines = [...node.logs, ...(onlyAttempt(node)?.logs ?? [])].filter((line) => isLoggedAt(line.level, level));
  return lines.slice(-max);
}

/**
 * What is shown in any case: what is open, what failed, and the runs themselves, though they may be over. Where that is
 * too much for the screen, less.
 */
const SKELETONS: readonly ((node: SpanNode, depth: number) => boolean)[] = [
  (node, depth) => depth === 0 || !isSettled(node) || (node.rollup === "failed" && node.kind !== "attempt"),
  (node, depth) => depth === 0 || !isSettled(node),
  (node) => !isSettled(node),
];

/** What is shown in any case, and what is settled right below it. */
interface Skeleton {
  /** With their parents. */
  readonly shown: ReadonlyMap<SpanNode, SpanNode | undefined>;
  /** By parent; the roots' own is undefined. */
  readonly settled: ReadonlyMap<SpanNode | undefined, readonly SpanNode[]>;
}

function findSkeleton(
  roots: readonly SpanNode[],
  maxRows: number,
  isShown: (node: SpanNode, depth: number) => boolean,
): Skeleton | undefined {
  const shown = new Map<SpanNode, SpanNode | undefined>();
  const settled = new Map<SpanNode | undefined, readonly SpanNode[]>();
  const visit = (parent: SpanNode | undefined, nodes: readonly SpanNode[], depth: number): boolean => {
    const others: SpanNode[] = [];
    for (const node of nodes) {
      if (!isShown(node, depth)) others.push(node);
      else {
        shown.set(node, parent);
        if (shown.size > maxRows || (depth < MAX_DEPTH && !visit(node, shownBelow(node), depth + 1))) return false;
      }
    }
    if (others.length > 0) settled.set(parent, others);
    return shown.size + settled.size <= maxRows;
  };
  return visit(undefined, roots, 0) ? { shown, settled } : undefined;
}

/** Fills the room that the skeleton leaves: with settled spans, with log lines, and with what is below the settled. */
function fill(roots: readonly SpanNode[], { shown, settled }: Skeleton, options: RowOptions): ScreenRow[] {
  const candidates = [...settled.values()].flat().toSorted(compareInterest);
  let room = options.maxRows - shown.size - candidates.length;
  const unfolded = new Map<SpanNode, readonly ScreenRow[]>();
  let kept: ReadonlySet<SpanNode> = new Set(candidates);
  let logRows = 0;
  if (room < 0) {
    // One row for each group of which something is hidden.
    kept = new Set(candidates.slice(0, Math.max(0, options.maxRows - shown.size - settled.size)));
  } else {
    const visible = [
      ...shown,
      ...[...settled].flatMap(([parent, nodes]) => nodes.map((node) => [node, parent] as const)),
    ];
    const count = (max: number) =>
      visible.reduce((sum, [node, parent]) => sum + logLines(node, parent, options.logLevel, max).length, 0);
    logRows = MAX_LOG_ROWS;
    while (logRows > 0 && count(logRows) > room) logRows -= 1;
    room -= count(logRows);
    for (const node of candidates) {
      const rows: ScreenRow[] = [];
      if (!addAll(rows, node, shownBelow(node), 0, { ...options, maxRows: room })) break;
      unfolded.set(node, rows);
      room -= rows.length;
    }
  }

  const rows: ScreenRow[] = [];
  const add = (parent: SpanNode | undefined, nodes: readonly SpanNode[], depth: number): void => {
    const others = (settled.get(parent) ?? []).filter((node) => !kept.has(node));
    // A row that says that one span is hidden could as well be that span.
    const hidden = others.length > 1 ? new Set(others) : undefined;
    if (hidden !== undefined) rows.push({ type: "hidden", depth, nodes: others });
    for (const node of nodes) {
      if (hidden?.has(node) === true) continue;
      const isShown = shown.has(node);
      const below = shownBelow(node);
      const inner = unfolded.get(node);
      const isFolded = below.length > 0 && (isShown ? depth >= MAX_DEPTH : inner === undefined);
      rows.push({ type: "span", depth, node, isFolded });
      for (const line of logLines(node, parent, options.logLevel, logRows)) rows.push({ type: "log", depth, line });
      if (isShown && depth < MAX_DEPTH) add(node, below, depth + 1);
      for (const row of inner ?? []) rows.push(shift(row, depth + 1));
    }
  };
  add(undefined, roots, 0);
  return rows;
}

/** Failures first, then what has ended last. */
function compareInterest(a: SpanNode, b: SpanNode): number {
  const byFailure = Number(b.rollup === "failed") - Number(a.rollup === "failed");
  return byFailure || (b.endTime ?? 0) - (a.endTime ?? 0);
}

function shift(row: ScreenRow, by: number): ScreenRow {
  return "depth" in row ? { ...row, depth: row.depth + by } : row;
}

/** More is open than there are rows: the first of it, in order, and how much more there is. */
function cutRows(roots: readonly SpanNode[], maxRows: number): ScreenRow[] {
  const rows: ScreenRow[] = [];
  let count = 0;
  const pending: { readonly node: SpanNode; readonly depth: number }[] = [];
  const push = (nodes: readonly SpanNode[], depth: number) => {
    for (const node of nodes.toReversed()) if (!isSettled(node)) pending.push({ node, depth });
  };
  push(roots, 0);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, depth } = next;
    const below = shownBelow(node);
    if (count < maxRows - 1) rows.push({ type: "span", depth, node, isFolded: false });
    count += 1;
    push(below, depth + 1);
  }
  if (count > rows.length) rows.push({ type: "more", count: count - rows.length });
  return rows;
}
