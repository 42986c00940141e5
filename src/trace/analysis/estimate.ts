import { readOptions } from "../../util/options.ts";
import { historyOf, placesBelow, readHistory, type RunHistory, type SpanPath } from "./history.ts";
import type { SpanNode } from "../tree/node.ts";
import { timelineOf, type SpanTimeline } from "./timeline.ts";

/** How much longer a span will take if it goes as earlier runs went, in milliseconds. */
export interface RemainingEstimate {
  /** The first quartile of the earlier runs. */
  readonly lowMs: number;
  readonly medianMs: number;
  /** The third quartile. */
  readonly highMs: number;
  /** How many earlier runs it is based on, at the place where those are fewest; 0 where only a sleep's end counts. */
  readonly runs: number;
}

export interface EstimateOptions {
  /** In milliseconds since the epoch, on the server's clock. @defaultValue Date.now() */
  readonly now?: number;
  /** The spans above it, the root first, where the span is no root: history goes by names from the root down. @defaultValue [] */
  readonly ancestors?: readonly SpanNode[];
}

/**
 * How much longer an open span will take, judged by earlier runs of the same name; undefined where they do not tell.
 *
 * 1. A sleep takes until its `until`.
 * 2. A span with open spans below it takes as long as they do, and what used to follow their end; of several that goes on the longest.
 * 3. A span whose spans below have all ended takes what used to follow the end of the last of them, less the time since.
 * 4. Otherwise: of the earlier runs that took longer than this one has lasted by now, what was left of them.
 *
 * Rules 2 and 3 are passed over where the history does not tell of the span below. The answer is undefined where nothing is: no earlier run is known, or this one
 * takes longer than any of them did. It is a range from the first quartile to the third, each by the rules above.
 *
 * @param history of `recordRun`, also through JSON; what is none counts as an empty one
 */
export function estimateRemaining(
  node: SpanNode,
  history: unknown,
  options?: EstimateOptions,
): RemainingEstimate | undefined {
  const { ancestors = [], now = Date.now() } = readOptions("estimateRemaining", options, {
    now: true,
    ancestors: true,
  });
  const path = pathOf([...ancestors, node]);
  if (path === undefined) return undefined;
  const estimator = new Estimator(readHistory(history), timelineOf(ancestors[0] ?? node), now);
  const estimate = estimator.estimate(node, path);
  return estimate?.runs === Infinity ? { ...estimate, runs: 0 } : estimate;
}

/** Undefined where one is not below the one before it. */
function pathOf([root, ...below]: readonly SpanNode[]): SpanPath | undefined {
  if (root === undefined) return undefined;
  let parent = root;
  let path: SpanPath | undefined = [root.name];
  for (const node of below) {
    // What a try does counts as what its step does.
    if (node.kind === "attempt") continue;
    path = placesBelow(parent, path).find(([child]) => child === node)?.[1];
    if (path === undefined) return undefined;
    parent = node;
  }
  return path;
}

class Estimator {
  readonly #history: RunHistory;
  readonly #timeline: SpanTimeline;
  readonly #now: number;

  constructor(history: RunHistory, timeline: SpanTimeline, now: number) {
    this.#history = history;
    this.#timeline = timeline;
    this.#now = now;
  }

  /** By recursion, which is bounded by the length of the paths that a history holds. */
  estimate(node: SpanNode, path: SpanPath): RemainingEstimate | undefined {
    if (!isOpen(node)) return undefined;
    if (node.kind === "sleep" && node.until !== undefined) {
      const ms = Math.max(0, node.until + this.#timeline.shiftOf(node) - this.#now);
      return { lowMs: ms, medianMs: ms, highMs: ms, runs: Infinity };
    }
    return this.#byThoseBelow(node, path) ?? this.#byItself(node, path);
  }

  #byItself(node: SpanNode, path: SpanPath): RemainingEstimate | undefined {
    const { startTime } = this.#timeline.timesOf(node);
    const durations = historyOf(this.#history, JSON.stringify(path))?.durationsMs;
    if (durations === undefined || startTime === undefined) return undefined;
    return whatIsLeft(durations, this.#now - startTime);
  }

  #byThoseBelow(node: SpanNode, path: SpanPath): RemainingEstimate | undefined {
    let longest: RemainingEstimate | undefined;
    let lastEnd = -Infinity;
    let lastTails: readonly number[] = [];
    for (const [child, childPath] of placesBelow(node, path)) {
      const tails = historyOf(this.#history, JSON.stringify(childPath))?.tailsMs ?? [];
      const { endTime = -Infinity } = this.#timeline.timesOf(child);
      if (isOpen(child)) {
        const after = whatIsLeft(tails, 0);
        const left = after === undefined ? undefined : this.estimate(child, childPath);
        // What is not known may be what takes longest.
        if (after === undefined || left === undefined) return undefined;
        longest = combine(
          longest,
          combine(left, after, (a, b) => a + b),
          Math.max,
        );
      } else if (endTime > lastEnd) {
        lastEnd = endTime;
        lastTails = tails;
      }
    }
    return longest ?? whatIsLeft(lastTails, this.#now - lastEnd);
  }
}

function isOpen({ state }: SpanNode): boolean {
  return state === "running" || state === "waiting";
}

/** Of those that took longer: what was left of them after so much time. */
function whatIsLeft(samples: readonly number[], elapsedMs: number): RemainingEstimate | undefined {
  const left = samples.filter((sample) => sample >= elapsedMs).map((sample) => sample - elapsedMs);
  if (left.length === 0) return undefined;
  left.sort((a, b) => a - b);
  return {
    lowMs: quantile(left, 0.25),
    medianMs: quantile(left, 0.5),
    highMs: quantile(left, 0.75),
    runs: left.length,
  };
}

/** Between two samples, in proportion. */
function quantile(sorted: readonly number[], fraction: number): number {
  const at = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

function combine(
  a: RemainingEstimate | undefined,
  b: RemainingEstimate,
  of: (a: number, b: number) => number,
): RemainingEstimate {
  if (a === undefined) return b;
  return {
    lowMs: of(a.lowMs, b.lowMs),
    medianMs: of(a.medianMs, b.medianMs),
    highMs: of(a.highMs, b.highMs),
    runs: Math.min(a.runs, b.runs),
  };
}
