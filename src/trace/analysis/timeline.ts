import { readOptions } from "../../util/options.ts";
import type { SpanNode } from "../tree/node.ts";
import { spansBelow } from "../tree/node.ts";

/** When a span began and ended as far as that can be drawn, in milliseconds since the epoch on the clock of the root's process. */
export interface SpanTimes {
  /** Undefined where no start is known. */
  readonly startTime: number | undefined;
  /** Undefined where no end is known; never before the start. */
  readonly endTime: number | undefined;
}

/** The times of a span and all below it, with the differences of clocks taken out. */
export interface SpanTimeline {
  /** True if the times of any span had to be moved. */
  readonly isAdjusted: boolean;
  /** By how much the span's times were moved, in milliseconds: add it to the times of its log lines too. 0 for most. */
  shiftOf(node: SpanNode): number;
  timesOf(node: SpanNode): SpanTimes;
}

export interface TimelineOptions {
  /**
   * Names the clock that a span's times were taken from; undefined: not known. Times of one clock are never moved against one another.
   * @defaultValue OpenTelemetry's attribute `host.id`, else `host.name`
   * @see https://opentelemetry.io/docs/specs/semconv/resource/host/
   */
  readonly clockOf?: (node: SpanNode) => string | undefined;
}

/** How far a span may be moved against its parent. */
interface Window {
  readonly min: number;
  readonly max: number;
}

const FREE: Window = { min: -Infinity, max: Infinity };

/**
 * Lines up the times of spans whose processes have different clocks. A node's own `startTime` and `endTime` stay what was told.
 *
 * A span is moved, with all that is below it, only where its times cannot be: by the least that puts it where it can have been.
 *
 * - A span cannot begin before its parent does.
 * - It cannot end after its parent if the stream tells of its end before its parent's (the ids of the events say so), nor begin after its
 *   parent's end if its start is told before that. Where the events have no ids, this is assumed of spans that name different clocks.
 * - A span that outlives its parent by the order of events is left alone: nobody waited for it. So are rollbacks, which come afterwards.
 * - Where a span is too long for its parent, its start decides.
 *
 * A span that has to be moved is moved as far as the sibling before it (of the same clock, if they name theirs) if that puts it right, so that
 * what one process did in sequence stays in sequence. O(spans); the same object for the same node.
 *
 * Other tools put a child into the middle of its parent, as if all the rest were latency; that fits requests, not steps of an hour.
 * @see https://www.jaegertracing.io/docs/1.40/deployment/#clock-skew-adjustment
 */
export function timelineOf(root: SpanNode, options?: TimelineOptions): SpanTimeline {
  const { clockOf } = readOptions("timelineOf", options, { clockOf: true });
  const known = clockOf === undefined ? timelines.get(root) : undefined;
  if (known !== undefined) return known;
  const shifts = shiftsBelow(root, clockOf ?? hostOf);
  const shiftOf = (node: SpanNode): number => shifts.get(node) ?? 0;
  const timeline: SpanTimeline = {
    isAdjusted: shifts.size > 0,
    shiftOf,
    timesOf: (node) => {
      const shift = shiftOf(node);
      const startTime = node.startTime === undefined ? undefined : node.startTime + shift;
      const endTime = node.endTime === undefined ? undefined : Math.max(node.endTime + shift, startTime ?? -Infinity);
      return { startTime, endTime };
    },
  };
  if (clockOf === undefined) timelines.set(root, timeline);
  return timeline;
}

const timelines = new WeakMap<SpanNode, SpanTimeline>();

function hostOf({ attributes }: SpanNode): string | undefined {
  const host = attributes["host.id"] ?? attributes["host.name"];
  return typeof host === "string" ? host : undefined;
}

/** Only of the spans that are moved. */
function shiftsBelow(root: SpanNode, clockOf: (node: SpanNode) => string | undefined): ReadonlyMap<SpanNode, number> {
  const shifts = new Map<SpanNode, number>();
  const stack = [root];
  for (let parent = stack.pop(); parent !== undefined; parent = stack.pop()) {
    const below = spansBelow(parent);
    if (below.length === 0) continue;
    const parentShift = shifts.get(parent) ?? 0;
    const parentClock = clockOf(parent);
    const lastShifts = new Map<string | undefined, number>();
    for (const child of below) {
      const clock = clockOf(child);
      const isSameClock = clock !== undefined && clock === parentClock;
      const areOthers = clock !== undefined && parentClock !== undefined;
      const window = isSameClock ? FREE : windowOf(child, parent, areOthers);
      const shift = shiftInto(window, lastShifts.get(clock));
      if (shift !== 0) lastShifts.set(clock, shift);
      if (parentShift + shift !== 0) shifts.set(child, parentShift + shift);
      stack.push(child);
    }
  }
  return shifts;
}

function windowOf(child: SpanNode, parent: SpanNode, areClocksDifferent: boolean): Window {
  if (child.startTime === undefined || parent.startTime === undefined) return FREE;
  const min = parent.startTime - child.startTime;
  if (parent.endTime === undefined || child.kind === "rollback") return { min, max: Infinity };
  const isTold = (id: number | undefined): boolean =>
    id === undefined || parent.endId === undefined ? areClocksDifferent : id < parent.endId;
  if (child.endTime !== undefined && isTold(child.endId)) return { min, max: parent.endTime - child.endTime };
  return { min, max: isTold(child.startId) ? parent.endTime - child.startTime : Infinity };
}

function shiftInto({ min, max }: Window, lastShift: number | undefined): number {
  // Too long to fit.
  if (min > max) return min;
  for (const shift of [0, lastShift]) if (shift !== undefined && shift >= min && shift <= max) return shift;
  return min > 0 ? min : max;
}
