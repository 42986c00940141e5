import { compareText } from "./canonical-json.ts";
import type { SpanNode, SpanState } from "./span-node.ts";
import type { SpanRecord } from "./span-record.ts";

/** All spans of one trace. */
export interface TraceEntries {
  readonly traceId: string;
  readonly entries: Map<string, SpanEntry>;
  /** By the id of the parent that has not shown up. */
  readonly orphans: Map<string, Set<SpanEntry>>;
  lastHeard: number;
  /** From when on the trace's silence means that it is dead; undefined: not worked out since the last event. */
  expiresAt: number | undefined;
}

/** One span's place in the forest, and the view that was last made of it. */
export class SpanEntry {
  readonly spanId: string;
  readonly record: SpanRecord;
  readonly trace: TraceEntries;
  parent: SpanEntry | undefined;
  children: Set<SpanEntry> | undefined;
  /** `children` in order; undefined when that has to be worked out again. */
  ordered: readonly SpanEntry[] | undefined;
  /** The others of the circle of parents that this span was found in, and itself. */
  cycle: ReadonlySet<SpanEntry> | undefined;
  /** The number of the walk that was here last. */
  walk = 0;

  /** The view is out of date. Implies the same of every ancestor. */
  isStale = true;
  /** Whether, at the last look, something above made an end of all that was open here. */
  isCut = false;
  nextCut = false;
  isEntered = false;
  hasOpen = false;
  below: SpanState = "done";
  counted: SpanState | undefined;
  node: SpanNode | undefined;

  constructor(spanId: string, record: SpanRecord, trace: TraceEntries) {
    this.spanId = spanId;
    this.record = record;
    this.trace = trace;
  }
}

const NONE: readonly SpanEntry[] = [];

/** Who is below whom, whatever order the spans come in. */
export class SpanForest {
  readonly traces = new Map<string, TraceEntries>();
  size = 0;
  readonly #roots = new Set<SpanEntry>();
  #orderedRoots: readonly SpanEntry[] | undefined;
  /** Spans that had children before they had a parent: only they can have closed a circle. */
  readonly #suspects = new Set<SpanEntry>();
  #walks = 0;

  add(traceId: string, spanId: string, record: SpanRecord): SpanEntry {
    let trace = this.traces.get(traceId);
    if (trace === undefined) {
      trace = { traceId, entries: new Map(), orphans: new Map(), lastHeard: -Infinity, expiresAt: undefined };
      this.traces.set(traceId, trace);
    }
    const entry = new SpanEntry(spanId, record, trace);
    trace.entries.set(spanId, entry);
    this.size += 1;
    this.#addRoot(entry);
    const orphans = trace.orphans.get(spanId);
    if (orphans !== undefined) {
      trace.orphans.delete(spanId);
      for (const orphan of orphans) this.#attach(orphan, entry);
    }
    return entry;
  }

  /** Puts the span below the parent that its record names. */
  link(entry: SpanEntry): void {
    const { parentSpanId } = entry.record;
    if (parentSpanId === null) return;
    const parent = entry.trace.entries.get(parentSpanId);
    if (parent !== undefined) {
      this.#attach(entry, parent);
      return;
    }
    const { orphans } = entry.trace;
    const siblings = orphans.get(parentSpanId);
    if (siblings === undefined) orphans.set(parentSpanId, new Set([entry]));
    else siblings.add(entry);
  }

  /** Makes the span a root; `parentSpanId` is what its record named so far. */
  unlink(entry: SpanEntry, parentSpanId: string | null): void {
    if (parentSpanId !== null) {
      const siblings = entry.trace.orphans.get(parentSpanId);
      if (siblings?.delete(entry) && siblings.size === 0) entry.trace.orphans.delete(parentSpanId);
    }
    if (entry.parent !== undefined) this.#detach(entry);
    const { cycle } = entry;
    if (cycle === undefined) return;
    for (const member of cycle) member.cycle = undefined;
    // The circle is open now: what it kept apart belongs together.
    for (const member of cycle) if (member !== entry) this.link(member);
  }

  /** Call after a change of what the span's siblings are ordered by. */
  reorder(entry: SpanEntry): void {
    if (entry.parent === undefined) this.#orderedRoots = undefined;
    else entry.parent.ordered = undefined;
  }

  /** Amortised O(1) between two looks, for an ancestor of a stale span is stale already. */
  markStale(entry: SpanEntry): void {
    let next: SpanEntry | undefined = entry;
    while (next !== undefined && !next.isStale) {
      next.isStale = true;
      next = next.parent;
    }
  }

  orderedRoots(): readonly SpanEntry[] {
    this.#orderedRoots ??= [...this.#roots].toSorted(compareEntries);
    return this.#orderedRoots;
  }

  /**
   * Cuts circles of parents: each of their members becomes a root. Which ones those are depends on the links alone.
   *
   * Walks over what may have closed one since the last look, each span once, so that a deep chain that arrives
   * bottom up costs no more than one that arrives top down.
   */
  cutCycles(): void {
    const firstWalk = this.#walks + 1;
    for (const suspect of this.#suspects) {
      const walk = ++this.#walks;
      let next: SpanEntry | undefined = suspect;
      while (next !== undefined && next.walk < firstWalk) {
        next.walk = walk;
        next = next.parent;
      }
      if (next?.walk === walk) this.#cutCycle(next);
    }
    this.#suspects.clear();
  }

  #cutCycle(start: SpanEntry): void {
    const members = new Set<SpanEntry>();
    for (let next: SpanEntry | undefined = start; next !== undefined && !members.has(next); next = next.parent) {
      members.add(next);
    }
    for (const member of members) {
      this.#detach(member);
      member.cycle = members;
    }
  }

  #attach(entry: SpanEntry, parent: SpanEntry): void {
    if (this.#roots.delete(entry)) this.#orderedRoots = undefined;
    entry.parent = parent;
    parent.children ??= new Set();
    parent.children.add(entry);
    parent.ordered = undefined;
    if (entry.children !== undefined) this.#suspects.add(entry);
    this.#markMoved(entry, parent);
  }

  #detach(entry: SpanEntry): void {
    const { parent } = entry;
    entry.parent = undefined;
    this.#addRoot(entry);
    if (parent === undefined) return;
    parent.children?.delete(entry);
    parent.ordered = undefined;
    this.#markMoved(entry, parent);
  }

  #addRoot(entry: SpanEntry): void {
    this.#roots.add(entry);
    this.#orderedRoots = undefined;
  }

  #markMoved(entry: SpanEntry, parent: SpanEntry): void {
    this.markStale(entry);
    this.markStale(parent);
  }
}

/** The children in order: attempts among them, in place. */
export function orderedChildren(entry: SpanEntry): readonly SpanEntry[] {
  if (entry.children === undefined) return NONE;
  entry.ordered ??= [...entry.children].toSorted(compareEntries);
  return entry.ordered;
}

function compareEntries(a: SpanEntry, b: SpanEntry): number {
  const left = a.record;
  const right = b.record;
  // Not by subtraction: both may be infinite.
  if (left.firstTime !== right.firstTime) return left.firstTime < right.firstTime ? -1 : 1;
  if (left.firstId !== right.firstId) return left.firstId < right.firstId ? -1 : 1;
  return compareText(a.spanId, b.spanId) || compareText(a.trace.traceId, b.trace.traceId);
}
