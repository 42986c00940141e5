import { toDispatched, type ReceivedEvent } from "../client/client-event.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import type { GapData } from "../event/event.ts";
import type { SpanNode, SpanTotals } from "../trace/tree/node.ts";
import { SpanTree, type SpanTreeOptions } from "../trace/tree/tree.ts";
import type { TraceSnapshot } from "./dehydrate-trace.ts";
import type { Fold } from "./shared-stream.ts";
import { ENDED, isSameState } from "./stream-state.ts";

/** Leases are judged at least and at most so often, in milliseconds. */
const MIN_TICK_MS = 100;
const MAX_TICK_MS = 5_000;

/** All of a trace that can be seen, at one moment. */
export interface TraceView {
  readonly roots: readonly SpanNode[];
  readonly totals: SpanTotals;
  readonly gaps: readonly GapData[];
  readonly isCompleted: boolean;
  readonly state: ConnectionState;
}

/** A tree that changes only when `take` is called, so that all that is read of it between two calls belongs together. */
export class TraceFold implements Fold<TraceView> {
  readonly tree: SpanTree;
  readonly tickMs: number | undefined;
  snapshot: TraceView;
  cursor: string;

  constructor(from: TraceSnapshot | undefined, options: SpanTreeOptions | undefined, state: ConnectionState) {
    const leaseMs = options?.leaseMs;
    this.tree = new SpanTree(options);
    this.tree.applyAll(from?.events ?? []);
    this.cursor = from?.lastEventId ?? "";
    if (leaseMs) this.tickMs = Math.min(Math.max(leaseMs / 4, MIN_TICK_MS), MAX_TICK_MS);
    this.snapshot = this.#view(this.isOver ? ENDED : state);
  }

  get isOver(): boolean {
    return this.tree.isCompleted;
  }

  take(events: readonly ReceivedEvent[], state: ConnectionState): void {
    const hasHeard = this.tree.applyAll(events.map(toDispatched));
    const hasChanged = this.tree.tick() || hasHeard;
    this.cursor = state.lastEventId ?? this.cursor;
    if (hasChanged || !isSameState(state, this.snapshot.state)) this.snapshot = this.#view(state);
  }

  #view(state: ConnectionState): TraceView {
    const { roots, totals, gaps, isCompleted } = this.tree;
    return { roots, totals, gaps, isCompleted, state };
  }
}
