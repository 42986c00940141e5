import type { SpanKind } from "../trace/events.ts";
import { textHash } from "../util/text-hash.ts";

/**
 * Span ids that are the same whenever `run()` is executed again, and others after `restart()`.
 *
 * An id is a 64-bit hash of the run's epoch, the parent, the kind, the name and how many of that name came before. Counting
 * happens where the code calls, before any wait, so that `Promise.all` cannot reorder it; the epoch is asked of the
 * engine and is known only later.
 */
export class WorkflowSpanIds {
  readonly #counts = new Map<string, number>();
  #epoch: string | undefined;

  /** What names this run: the same in every execution, another one after `restart()`. */
  setEpoch(epoch: string): void {
    this.#epoch = epoch;
  }

  get hasEpoch(): boolean {
    return this.#epoch !== undefined;
  }

  /** Counts one more span of this parent, kind and name; from 1. */
  count(parentSpanId: string | null, kind: SpanKind, name: string): number {
    const path = JSON.stringify([parentSpanId, kind, name]);
    const count = (this.#counts.get(path) ?? 0) + 1;
    this.#counts.set(path, count);
    return count;
  }

  /** The id of a span that was counted. Not before the epoch is known. */
  id(parentSpanId: string | null, kind: SpanKind, name: string, count: number): string {
    const path = JSON.stringify([this.#epoch, parentSpanId, kind, name, count]);
    const id = textHash(path);
    // All zero is the one id that OpenTelemetry forbids.
    return /[^0]/.test(id) ? id : "0000000000000001";
  }

  /** Counts and makes the id at once. */
  next(parentSpanId: string | null, kind: SpanKind, name: string): string {
    return this.id(parentSpanId, kind, name, this.count(parentSpanId, kind, name));
  }
}
