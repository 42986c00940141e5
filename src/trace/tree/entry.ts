import { compareText } from "./canonical-json.ts";
import type { SpanGroup } from "./group.ts";
import type { SpanNode, SpanState } from "./node.ts";
import type { SpanRecord } from "./record.ts";

/** All spans of one trace. */
export interface TraceEntries {
  readonly traceId: string;
  readonly entries: Map<string, SpanEntry>;
  /** By the id of the parent that has not shown up. */
  readonly orphans: Map<string, SpanEntry[]>;
  /** The open spans of the kinds `sleep` and `wait`: they keep the trace alive though it is silent. */
  readonly sleepers: Set<SpanEntry>;
  lastHeard: number;
  /** Until when its silence was to be expected; undefined: not worked out since the trace has last changed. */
  silentUntil: number | undefined;
  /** Whether its lease had run out when the tree was last looked at. */
  isExpired: boolean;
}

/** One span's place in the forest, and the view that was last made of it. */
export class SpanEntry {
  readonly spanId: string;
  readonly record: SpanRecord;
  readonly trace: TraceEntries;
  parent: SpanEntry | undefined;
  children: SpanGroup | undefined;
  attempts: SpanGroup | undefined;
  /** The others of the circle of parents that this span was found in, and itself. */
  cycle: Set<SpanEntry> | undefined;
  /** Its place among those that wait for the same parent; -1: it waits for none. */
  orphanIndex = -1;
  /** The number of the walk that was here last. */
  walk = 0;

  /** Where it is filed, and by what: of attempts the number comes first. */
  group: SpanGroup | undefined;
  /** Its place in a group that is not in order yet. */
  index = 0;
  rank = 0;
  time: number;
  id: number;

  /** The view is out of date. Implies the same of every ancestor, and that the group has been told. */
  isStale = true;
  /** Whether, at the last look, something above made an end of all that was open here. */
  isCut = false;
  nextCut = false;
  /** What was decided for the children at the last look. */
  cutBelow = -1;
  isEntered = false;
  /** How many spans are open here and below. */
  open = 0;
  below: SpanState = "done";
  node: SpanNode | undefined;
  /** What its group has counted of it. */
  counted: SpanNode | undefined;
  countedWorst: SpanState = "done";
  countedOpen = 0;

  constructor(spanId: string, record: SpanRecord, trace: TraceEntries) {
    this.spanId = spanId;
    this.record = record;
    this.trace = trace;
    this.time = record.firstTime;
    this.id = record.firstId;
  }
}

/** The order of siblings. Total: no two spans are equal. */
export function compareEntries(a: SpanEntry, b: SpanEntry): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.time !== b.time) return a.time - b.time;
  // What has no id comes last.
  if (a.id !== b.id) return (a.id || Infinity) < (b.id || Infinity) ? -1 : 1;
  return compareText(a.spanId, b.spanId) || compareText(a.trace.traceId, b.trace.traceId);
}
