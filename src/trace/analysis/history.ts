import type { SpanNode } from "../tree/node.ts";
import { timelineOf } from "./timeline.ts";

/** Of more spans than this the history forgets those that were recorded the longest time ago. */
const MAX_PATHS = 500;
/** Of each span so many of the newest runs are kept. */
const MAX_SAMPLES = 20;
/** So many of the newest runs are known again. */
const MAX_RUNS = 50;
/** Spans at longer paths than this, as JSON in UTF-16 code units, are not recorded. */
const MAX_KEY_LENGTH = 512;
/** Of siblings of one name so many are told apart; the others are not recorded. */
const MAX_NAMESAKES = 50;

/** Longer than any date is away: what says so is no duration. */
const MAX_MS = 8.64e15;

/** How long earlier runs of one span took, in whole milliseconds, the newest run last. */
export interface SpanHistory {
  readonly durationsMs: readonly number[];
  /** From the span's end to its parent's; none for a root. */
  readonly tailsMs: readonly number[];
}

/**
 * What earlier runs took: plain JSON of at most a few hundred kilobytes, to be kept in `localStorage` or wherever, and passed on to the next
 * `recordRun` and `estimateRemaining`. What is in it otherwise is nobody's business but theirs, and may change with `version`.
 */
export interface RunHistory {
  readonly version: 1;
  /** The runs in it, the newest last. */
  readonly runs: readonly string[];
  /** By the names from the root down, as JSON; the one recorded the longest time ago first. */
  readonly spans: { readonly [path: string]: SpanHistory };
}

/** A span's place in a run: names from the root down, each followed by its number where it is not the first sibling of that name. */
export type SpanPath = readonly (string | number)[];

/**
 * The history with one more run in it: how long its spans took that ended well. The history itself stays as it is.
 *
 * Records nothing of a root that has not ended well (a run that fails early says nothing of how long one takes) or is in the history already,
 * so that it can be called whenever a page sees a run that is done.
 *
 * @param history of `recordRun`, also through JSON; what is none counts as an empty one
 */
export function recordRun(history: unknown, root: SpanNode): RunHistory {
  const before = readHistory(history);
  const run = JSON.stringify([root.traceId, root.spanId, root.attempt]);
  if (root.state !== "done" || root.isOrphan || before.runs.includes(run)) return before;
  const spans = new Map<string, SpanHistory>();
  for (const key of Object.keys(before.spans)) {
    const known = historyOf(before, key);
    if (known !== undefined) spans.set(key, known);
  }
  for (const [key, took] of durationsOf(root)) {
    const known = spans.get(key);
    // At the end, for it is recorded anew.
    spans.delete(key);
    spans.set(key, {
      durationsMs: [...(known?.durationsMs ?? []), took.durationMs].slice(-MAX_SAMPLES),
      tailsMs: [...(known?.tailsMs ?? []), ...(took.tailMs === undefined ? [] : [took.tailMs])].slice(-MAX_SAMPLES),
    });
  }
  return {
    version: 1,
    runs: [...before.runs, run].slice(-MAX_RUNS),
    spans: Object.fromEntries([...spans].slice(-MAX_PATHS)),
  };
}

/** What was recorded; an empty history for anything that is none, however it came to be. */
export function readHistory(value: unknown): RunHistory {
  const history = value as Partial<RunHistory> | null | undefined;
  const isHistory =
    typeof history === "object" && history?.version === 1 && Array.isArray(history.runs) && isFields(history.spans);
  if (!isHistory) return { version: 1, runs: [], spans: {} };
  return value as RunHistory;
}

/** What the history holds under this key, the JSON of a path; undefined where that is nothing that makes sense. */
export function historyOf({ spans }: RunHistory, key: string): SpanHistory | undefined {
  if (!Object.hasOwn(spans, key)) return undefined;
  const found: unknown = spans[key];
  if (!isFields(found) || !isTimes(found["durationsMs"]) || !isTimes(found["tailsMs"])) return undefined;
  return { durationsMs: found["durationsMs"], tailsMs: found["tailsMs"] };
}

/** The spans below, each with its place. Tries are looked through: what the newest did is what its step did. */
export function placesBelow(node: SpanNode, path: SpanPath): readonly (readonly [SpanNode, SpanPath])[] {
  const counts = new Map<string, number>();
  const below = [...node.children, ...(node.attempts.at(-1)?.children ?? [])];
  return below.map((child) => {
    const count = (counts.get(child.name) ?? 0) + 1;
    counts.set(child.name, count);
    return [child, [...path, child.name, ...(count === 1 ? [] : [count])]];
  });
}

interface Took {
  readonly durationMs: number;
  readonly tailMs: number | undefined;
}

/** Of a run that is done. The root comes last, so that it is what is forgotten last. */
function durationsOf(root: SpanNode): readonly (readonly [string, Took])[] {
  const timeline = timelineOf(root);
  const found: [string, Took][] = [];
  const pending: { readonly node: SpanNode; readonly path: SpanPath; readonly parent?: SpanNode }[] = [
    { node: root, path: [root.name] },
  ];
  // The list grows while it is gone through, level by level: what is near the root is what matters most.
  for (const { node, path, parent } of pending) {
    const key = JSON.stringify(path);
    const { endTime } = timeline.timesOf(node);
    if (node.state !== "done" || node.durationMs === undefined || endTime === undefined) continue;
    const count = path.at(-1);
    if (key.length > MAX_KEY_LENGTH || (typeof count === "number" && count > MAX_NAMESAKES)) continue;
    if (found.length === MAX_PATHS) break;
    const parentEnd = parent === undefined ? undefined : timeline.timesOf(parent).endTime;
    const tailMs = parentEnd === undefined ? undefined : Math.max(0, Math.round(parentEnd - endTime));
    found.push([key, { durationMs: Math.round(node.durationMs), tailMs }]);
    for (const [child, childPath] of placesBelow(node, path))
      pending.push({ node: child, path: childPath, parent: node });
  }
  return found.toReversed();
}

function isFields(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTimes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((time) => time >= 0 && time <= MAX_MS);
}
