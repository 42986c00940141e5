"use client";

import { readOptions, type OptionNames } from "../util/options.ts";
import { CONNECT_OPTIONS, type ConnectOptions } from "../client/connect-options.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import type { GapData } from "../event/event.ts";
import type { SpanNode, SpanTotals } from "../trace/tree/node.ts";
import type { SpanTreeOptions } from "../trace/tree/tree.ts";
import type { TraceSnapshot } from "./dehydrate-trace.ts";
import { CLOSED, CONNECTING } from "./stream-state.ts";
import { TraceFold, type TraceView } from "./trace-fold.ts";
import { TraceSource } from "./trace-source.ts";
import { useSharedStream } from "./use-shared-stream.ts";
import { useStreamOptions } from "./use-stream-options.ts";

/** Options of a trace. A tree is made of a history from its beginning, so it takes no cursor but the snapshot's. */
export interface TraceOptions extends Omit<ConnectOptions, "lastEventId" | "storage"> {
  /** Bounds of the tree. With `leaseMs` time passes for it by itself. */
  readonly tree?: SpanTreeOptions;
  /**
   * The trace as it stood when the page was made, by `dehydrateTrace`: it is shown at once, on the server and in the browser,
   * and the stream is asked only for what came later. The first that is handed in for a URL counts.
   */
  readonly snapshot?: TraceSnapshot;
}

const { storage: _storage, lastEventId: _lastEventId, ...OTHERS } = CONNECT_OPTIONS;
const TRACE_OPTIONS: OptionNames<TraceOptions> = { ...OTHERS, tree: true, snapshot: true };

/** A trace as it stands. Another object whenever anything in it has changed; what has not changed in it stays the same object. */
export interface Trace {
  /** Spans without a parent, and orphans, in order. */
  readonly roots: readonly SpanNode[];
  readonly totals: SpanTotals;
  /** Where history is missing. */
  readonly gaps: readonly GapData[];
  /** True once the stream has ended: nothing will change any more. */
  readonly isCompleted: boolean;
  readonly state: ConnectionState;
  /** Tries again at once, also where it had been given up. */
  readonly reconnect: () => void;
  /** What {@link useSpan} follows. The same object for as long as URL and options are, so it can be handed to memoised components. */
  readonly source: TraceSource;
}

/**
 * Follows a trace. Components that follow the same URL with the same options share one connection, which is opened with the
 * first of them and closed a moment after the last has gone.
 *
 * Options may be written inline: a new function takes the old one's place, and a new signal, storage or cursor is ignored. Another URL, or other
 * data in an option, is another stream.
 *
 * @param url null: not now
 */
export function useTrace(url: string | URL | null, options?: TraceOptions): Trace {
  const { snapshot, tree, ...given } = readOptions("useTrace", options, TRACE_OPTIONS);
  const { key, options: connectOptions } = useStreamOptions(url, given, tree);
  return useSharedStream<TraceView, TraceSource>(key, () => {
    const fold = new TraceFold(snapshot, tree, url === null ? CLOSED : CONNECTING);
    return new TraceSource(key, String(url), connectOptions, fold);
  });
}
