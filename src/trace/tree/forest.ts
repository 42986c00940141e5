import { SpanEntry } from "./entry.ts";
import { SpanGroup } from "./group.ts";
import type { SpanRecord } from "./record.ts";
import { TraceEntries } from "./trace.ts";

/**
 * Number of spans that are put together again, in total, after a circle that separated them is opened; later they stay
 * roots. Honest producers never get there. Otherwise each event of a producer that opens and closes a large circle would
 * cost the work of the whole circle.
 */
const MAX_JOINS = 100_000;

/** Which span is below which, in whatever order they arrive. */
export class SpanForest {
  readonly traces = new Map<string, TraceEntries>();
  readonly roots = new SpanGroup();
  size = 0;
  /** Spans that had children before they got a parent that has a parent: only they can have closed a circle. */
  #suspects: SpanEntry[] = [];
  #walks = 0;
  /** Number of spans that were put together again because a circle was opened. */
  #joins = 0;

  /** Adds a new span, of which one event has been merged. */
  add(traceId: string, spanId: string, record: SpanRecord): SpanEntry {
    let trace = this.traces.get(traceId);
    if (trace === undefined) {
      trace = new TraceEntries(traceId);
      this.traces.set(traceId, trace);
    }
    const entry = new SpanEntry(spanId, record, trace);
    trace.entries.set(spanId, entry);
    this.size += 1;
    this.#link(entry);
    const orphans = trace.orphans.get(spanId);
    if (orphans !== undefined) {
      trace.orphans.delete(spanId);
      for (const orphan of orphans) {
        orphan.orphanIndex = -1;
        this.#file(orphan, entry);
      }
    }
    return entry;
  }

  /**
   * Moves a span to where its record says, after an event.
   *
   * @param parentSpanId the parent before the event
   * @param hasChanged whether its view has changed
   * @returns whether anything visible has changed
   */
  settle(entry: SpanEntry, parentSpanId: string | null, hasChanged: boolean): boolean {
    const { record } = entry;
    const hasPlace = record.firstTime === entry.time && record.firstId === entry.id;
    if (!hasChanged) return !hasPlace && this.#reorder(entry);
    if (record.shown.parentSpanId !== parentSpanId) this.#unlink(entry, parentSpanId);
    else if (entry.group !== this.#groupBelow(entry.parent, entry) || entry.rank !== this.#rankOf(entry)) {
      this.#file(entry, entry.parent);
    }
    if (!hasPlace) entry.group?.move(entry, record.firstTime, record.firstId);
    this.markStale(entry);
    return true;
  }

  /** Amortized O(1) between two refreshes: an ancestor of a stale span is stale already. */
  markStale(entry: SpanEntry): void {
    let next: SpanEntry | undefined = entry;
    while (next !== undefined && !next.isStale) {
      next.isStale = true;
      next.group?.touch(next);
      next = next.parent;
    }
  }

  /**
   * Cuts circles of parents: each of their members becomes a root. Only the links decide which spans those are.
   *
   * Visits what may have closed a circle since the last refresh, each span once, so that a deep chain that arrives bottom
   * up costs no more than one that arrives top down.
   */
  cutCycles(): void {
    if (this.#suspects.length === 0) return;
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
    this.#suspects = [];
  }

  /** Reserves numbers for walks. @returns the first one */
  takeWalks(count: number): number {
    const first = this.#walks + 1;
    this.#walks += count;
    return first;
  }

  #reorder(entry: SpanEntry): boolean {
    // Members of a circle that is not cut are not visible.
    this.cutCycles();
    const { group, parent, record } = entry;
    group?.order();
    const hasMoved = group?.move(entry, record.firstTime, record.firstId) ?? false;
    if (hasMoved && parent !== undefined) this.markStale(parent);
    return hasMoved;
  }

  #cutCycle(start: SpanEntry): void {
    const members = new Set<SpanEntry>();
    for (let next: SpanEntry | undefined = start; next !== undefined && !members.has(next); next = next.parent) {
      members.add(next);
    }
    for (const member of members) {
      this.#file(member, undefined);
      member.cycle = members;
    }
  }

  /** Files the span below the parent that its record names, or among the roots. */
  #link(entry: SpanEntry): void {
    const { parentSpanId } = entry.record.shown;
    const { entries, orphans } = entry.trace;
    const parent = parentSpanId === null ? undefined : entries.get(parentSpanId);
    this.#file(entry, parent);
    if (parentSpanId === null || parent !== undefined) return;
    const siblings = orphans.get(parentSpanId);
    entry.orphanIndex = siblings?.length ?? 0;
    if (siblings === undefined) orphans.set(parentSpanId, [entry]);
    else siblings.push(entry);
  }

  /** Links the span again. @param parentSpanId the parent that its record named before */
  #unlink(entry: SpanEntry, parentSpanId: string | null): void {
    if (parentSpanId !== null && entry.orphanIndex !== -1) this.#forgetOrphan(entry, parentSpanId);
    const { cycle } = entry;
    entry.cycle = undefined;
    cycle?.delete(entry);
    this.#link(entry);
    if (cycle === undefined || this.#joins + cycle.size > MAX_JOINS) return;
    // The circle is open now: what it separated belongs together.
    this.#joins += cycle.size;
    for (const member of cycle) member.cycle = undefined;
    for (const member of cycle) this.#link(member);
  }

  #forgetOrphan(entry: SpanEntry, parentSpanId: string): void {
    const { orphans } = entry.trace;
    const siblings = orphans.get(parentSpanId) ?? [];
    const last = siblings.pop();
    if (siblings.length === 0) orphans.delete(parentSpanId);
    if (last !== undefined && last !== entry) {
      siblings[entry.orphanIndex] = last;
      last.orphanIndex = entry.orphanIndex;
    }
    entry.orphanIndex = -1;
  }

  /** Files the span below this parent; undefined: among the roots. */
  #file(entry: SpanEntry, parent: SpanEntry | undefined): void {
    const formerParent = entry.parent;
    entry.group?.remove(entry);
    if (formerParent !== undefined) this.markStale(formerParent);
    entry.parent = parent;
    entry.rank = this.#rankOf(entry);
    this.#groupBelow(parent, entry).add(entry);
    if (parent?.parent !== undefined && (entry.children !== undefined || entry.attempts !== undefined)) {
      this.#suspects.push(entry);
    }
    this.markStale(entry);
    if (parent !== undefined) this.markStale(parent);
  }

  #groupBelow(parent: SpanEntry | undefined, { record }: SpanEntry): SpanGroup {
    if (parent === undefined) return this.roots;
    if (record.shown.kind === "attempt") return (parent.attempts ??= new SpanGroup(true));
    return (parent.children ??= new SpanGroup());
  }

  /** Attempts are ordered by number, except among the roots. */
  #rankOf({ parent, record }: SpanEntry): number {
    return parent !== undefined && record.shown.kind === "attempt" ? record.attempt : 0;
  }
}
