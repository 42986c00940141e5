import type { SqliteHistory } from "./sqlite-history.ts";
import type { StreamRow } from "./sqlite-schema.ts";

/** How much each stream of a file retains. */
export interface RetentionLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number | null;
}

/** Drops what a stream need not retain: a quarter of a limit at a time, so that few appends pay for it. */
export class SqliteRetention {
  readonly #history: SqliteHistory;
  readonly #limits: RetentionLimits;

  constructor(history: SqliteHistory, limits: RetentionLimits) {
    this.#history = history;
    this.#limits = limits;
  }

  /** Whether the stream has outgrown a limit by far enough. */
  isDue(row: StreamRow): boolean {
    const { maxEvents, maxBytes, maxAgeMs } = this.#limits;
    return (
      row.last_id - row.first_id + 1 > maxEvents + Math.ceil(maxEvents / 4) ||
      row.total - row.base_total > maxBytes + maxBytes / 4 ||
      (maxAgeMs !== null && row.oldest_ms < row.newest_ms - maxAgeMs * 1.1)
    );
  }

  /** Drops the oldest events if that is due. Returns the row afterwards. */
  apply(row: StreamRow): StreamRow {
    if (!this.isDue(row)) return row;
    const { maxEvents, maxBytes, maxAgeMs } = this.#limits;
    let kept = this.#history.trim(row, row.last_id - maxEvents + 1);
    if (kept.total - kept.base_total > maxBytes) {
      kept = this.#history.trim(kept, this.#history.firstIdWithin(kept, maxBytes));
    }
    if (maxAgeMs !== null && kept.oldest_ms < kept.newest_ms - maxAgeMs) {
      kept = this.#history.trim(kept, this.#history.firstIdSince(kept, kept.newest_ms - maxAgeMs));
    }
    return kept;
  }

  /** Drops the events of all streams that are too old, and the streams without a newer one. */
  sweep(): void {
    const sinceMs = Date.now() - (this.#limits.maxAgeMs ?? Infinity);
    this.#history.transaction(() => {
      for (const row of this.#history.streamsOlderThan(sinceMs)) {
        if (row.newest_ms < sinceMs) this.#history.deleteStream(row);
        else this.#history.trim(row, this.#history.firstIdSince(row, sinceMs));
      }
    });
  }
}
