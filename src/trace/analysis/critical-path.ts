import { readOptions } from "../../util/options.ts";
import type { SpanNode } from "../tree/node.ts";
import { type TimelineOptions, timelineOf } from "./timeline.ts";
import { spansBelow, walkSpans } from "../tree/node.ts";

/** A part of time, and the span that was responsible for it: nothing below it was waited for then. */
export interface CriticalSegment {
  readonly node: SpanNode;
  /** Milliseconds since the epoch, as {@link timelineOf} has it. */
  readonly startTime: number;
  readonly endTime: number;
}

/** What determined when a span ended. */
export interface CriticalPath {
  readonly startTime: number;
  readonly endTime: number;
  /** From the first to the last, without a hole between `startTime` and `endTime`; empty if that is no time at all. */
  readonly segments: readonly CriticalSegment[];
}

export interface CriticalPathOptions extends TimelineOptions {
  /** The end of what is still open, in milliseconds since the epoch on the server's clock. @defaultValue Date.now() */
  readonly now?: number;
}

/** A span that lasts from here to there. */
interface Stretch {
  readonly node: SpanNode;
  readonly startTime: number;
  readonly endTime: number;
}

/** A stretch that is gone through from its end. */
interface Frame extends Stretch {
  /** What may have been waited for, by their ends, the last one at the end of the list. */
  readonly below: Stretch[];
  /** What is later is done. */
  at: number;
}

/**
 * The chain of spans that determined when `root` ended: to make the root faster, one of these has to become faster.
 *
 * From the end backwards: a span waited for the one below it that ended last, which is responsible for its own time, by the same rule; before that
 * one began, the span waited for the one that had ended last until then. What no span below is responsible for is the span's own. A span
 * that ended later than what is looked at was not waited for. Failed tries took their time, and count.
 *
 * Of a running span the path so far, up to `now`; of an abandoned one, up to the last that was heard of it.
 * O(spans on the path and their children). Undefined where the root's start is not known.
 *
 * @see https://www.usenix.org/conference/atc22/presentation/zhang-zhizhou for the rule
 */
export function criticalPath(root: SpanNode, given?: CriticalPathOptions): CriticalPath | undefined {
  const { now = Date.now(), clockOf } = readOptions("criticalPath", given, { now: true, clockOf: true });
  const timeline = timelineOf(root, { clockOf });
  const lastHeard = root.state === "abandoned" ? lastTimes(root, (node) => timeline.shiftOf(node)) : undefined;

  const stretchOf = (node: SpanNode, parent?: SpanNode): Stretch | undefined => {
    const { startTime, endTime } = timeline.timesOf(node);
    if (startTime === undefined) return undefined;
    if (endTime !== undefined) return { node, startTime, endTime };
    if (node.state !== "abandoned") return { node, startTime, endTime: Math.max(now, startTime) };
    // Who had an end did not wait for it.
    if (parent !== undefined && parent.state !== "abandoned") return undefined;
    return { node, startTime, endTime: lastHeard?.get(node) ?? startTime };
  };
  const frameOf = (stretch: Stretch): Frame => {
    const below = spansBelow(stretch.node)
      .flatMap((child) => stretchOf(child, stretch.node) ?? [])
      .filter((child) => child.endTime > child.startTime)
      // Of those that end together the one that took longest.
      .toSorted((a, b) => a.endTime - b.endTime || b.startTime - a.startTime);
    return { ...stretch, below, at: stretch.endTime };
  };

  const whole = stretchOf(root);
  if (whole === undefined) return undefined;
  const segments: CriticalSegment[] = [];
  const tell = (node: SpanNode, startTime: number, endTime: number): void => {
    if (endTime > startTime) segments.push({ node, startTime, endTime });
  };
  const stack = [frameOf(whole)];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const child = frame.below.pop();
    if (child === undefined || child.endTime <= frame.startTime) {
      tell(frame.node, frame.startTime, frame.at);
      stack.pop();
    } else if (child.endTime <= frame.at) {
      tell(frame.node, child.endTime, frame.at);
      frame.at = Math.max(child.startTime, frame.startTime);
      stack.push(frameOf({ ...child, startTime: frame.at }));
    }
  }
  return { startTime: whole.startTime, endTime: whole.endTime, segments: segments.toReversed() };
}

/** The last that was heard of each span and of those below it. */
function lastTimes(root: SpanNode, shiftOf: (node: SpanNode) => number): ReadonlyMap<SpanNode, number> {
  const times = new Map<SpanNode, number>();
  for (const node of walkSpans(root).toReversed()) {
    const own = [node.startTime, node.endTime, node.logs.at(-1)?.time].map(
      (time) => (time ?? -Infinity) + shiftOf(node),
    );
    let last = Math.max(...own);
    for (const below of spansBelow(node)) last = Math.max(last, times.get(below) ?? -Infinity);
    times.set(node, last);
  }
  return times;
}
