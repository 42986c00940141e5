import type { SpanEntry } from "./entry.ts";
import type { SpanForest } from "./forest.ts";

/** The spans of one trace, and its lease: how long its silence counts as life. */
export class TraceEntries {
  readonly traceId: string;
  readonly entries = new Map<string, SpanEntry>();
  /** By the id of the parent that has not been seen. */
  readonly orphans = new Map<string, SpanEntry[]>();
  /** Time of the newest event, in milliseconds since the epoch. */
  lastHeard = -Infinity;
  /** Whether the lease had run out at the last refresh. */
  isExpired = false;
  /** Open spans of the kinds `sleep` and `wait`: they keep the trace alive though it is silent. */
  readonly #sleepers = new Set<SpanEntry>();
  /** When the expected silence ends; undefined: not computed since the last change. */
  #silentUntil: number | undefined;

  constructor(traceId: string) {
    this.traceId = traceId;
  }

  /** Updates the sleepers after a span has changed. */
  note(entry: SpanEntry): void {
    const { isOpen, kind } = entry.record.shown;
    if (isOpen && (kind === "sleep" || kind === "wait")) this.#sleepers.add(entry);
    else this.#sleepers.delete(entry);
    this.#silentUntil = undefined;
  }

  /**
   * The time after which silence means that the trace is dead, in milliseconds since the epoch.
   *
   * A sleep is silent by nature, so the lease starts at its end; a wait without an end holds it forever. Spans that were
   * cut off by an ended parent or a later attempt do not hold it.
   */
  expiry(leaseMs: number, forest: SpanForest): number {
    if (this.#silentUntil === undefined) {
      this.#silentUntil = -Infinity;
      const cut = forest.takeWalks(2);
      for (const entry of this.#sleepers)
        if (!isCutOff(entry, cut))
          this.#silentUntil = Math.max(this.#silentUntil, entry.record.shown.until ?? Infinity);
    }
    return Math.max(this.lastHeard, this.#silentUntil) + leaseMs;
  }
}

/**
 * Whether something above the span has ended it. The result is noted in `walk`, as `cut` or the number after it, so that
 * each span above many nested sleeps is visited once.
 */
function isCutOff(entry: SpanEntry, cut: number): boolean {
  const notCut = cut + 1;
  let result = notCut;
  let end: SpanEntry | undefined = entry;
  for (; end !== undefined && result !== cut; end = end.parent) {
    if (end.walk === cut || end.walk === notCut) {
      result = end.walk;
      break;
    }
    if (end.isEndedAbove) result = cut;
  }
  for (let next: SpanEntry | undefined = entry; next !== end && next !== undefined; next = next.parent)
    next.walk = result;
  return result === cut;
}
