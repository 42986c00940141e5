"use client";

import { useSyncExternalStore } from "react";
import type { ConnectionState } from "../client/connection-state.ts";
import { LiveTrace, WATCH_OPTIONS, type WatchTraceOptions } from "../client/watch-trace.ts";
import { CONNECTING } from "../client/watched-stream.ts";
import type { GapData } from "../event/event.ts";
import type { SpanNode, SpanTotals } from "../trace/tree/node.ts";
import { walkSpans } from "../trace/tree/node.ts";
import { readOptions } from "../util/options.ts";
import { SharedStream, useSharedStream } from "./shared-stream.ts";
import { useStreamOptions } from "./stream-options.ts";

/**
 * Options of `useTrace`: those of `watchTrace`. A `snapshot` is shown at once, on the server and in the browser. The first
 * one passed for a URL counts.
 */
export type TraceOptions = WatchTraceOptions;

/** Everything visible of a trace at one moment. */
interface TraceView {
  /** Spans without a parent, and orphans, in order. */
  readonly roots: readonly SpanNode[];
  readonly totals: SpanTotals;
  /** Where history is missing. */
  readonly gaps: readonly GapData[];
  /** True once the stream has ended: nothing will change. */
  readonly isCompleted: boolean;
  readonly state: ConnectionState;
}

/** A trace as it is now: a different object whenever anything in it has changed. Unchanged parts stay the same objects. */
export interface Trace extends TraceView {
  /** Retries immediately, even after the connection was given up. */
  readonly reconnect: () => void;
  /** What {@link useSpan} follows. The same object while URL and options are, so it can be passed to memoized components. */
  readonly source: TraceSource;
}

/** A trace whose snapshot and spans change only with a flush, so that everything a render reads belongs together. */
class FlushedTrace extends LiveTrace {
  #seen = this.version;
  #view = this.#currentView();
  readonly #spans = new Map<string, SpanNode | undefined>();

  get snapshot(): TraceView {
    if (this.#seen !== this.version) {
      this.#seen = this.version;
      this.#view = this.#currentView();
      this.#spans.clear();
    }
    return this.#view;
  }

  getSpan(spanId: string, traceId: string | undefined): SpanNode | undefined {
    // Clears the spans if there was a flush.
    void this.snapshot;
    const key = JSON.stringify([spanId, traceId]);
    if (!this.#spans.has(key)) this.#spans.set(key, this.tree.get(spanId, traceId));
    return this.#spans.get(key);
  }

  /** A completed trace needs no connection. */
  override open(): void {
    if (!this.tree.isCompleted) super.open();
  }

  #currentView(): TraceView {
    const { roots, totals, gaps, isCompleted } = this.tree;
    const isOver = isCompleted && this.opened === undefined;
    return { roots, totals, gaps, isCompleted, state: isOver ? { status: "ended", attempt: 0 } : this.state };
  }
}

/** A trace to subscribe to, in the form of React's external stores. */
export class TraceSource extends SharedStream<TraceView, FlushedTrace> {
  getSpan(spanId: string, traceId?: string): SpanNode | undefined {
    return this.source.getSpan(spanId, traceId);
  }

  /** The span as it was when the page was rendered. A search, as it is called once. */
  getServerSpan(spanId: string, traceId?: string): SpanNode | undefined {
    const isWanted = (node: SpanNode): boolean => node.spanId === spanId && (traceId ?? node.traceId) === node.traceId;
    return this.getServerSnapshot().roots.flatMap(walkSpans).find(isWanted);
  }
}

/**
 * Follows a trace. Components with the same URL and options share one connection, from the first one that mounts until a
 * moment after the last one has unmounted.
 *
 * Options may be written inline: a new function replaces the old one, and a new signal is ignored. A different URL, or
 * different data in an option, is a different stream.
 *
 * @param url null: not now
 */
export function useTrace(url: string | URL | null, options?: TraceOptions): Trace {
  const { snapshot, tree, ...given } = readOptions("useTrace", options, WATCH_OPTIONS);
  const { key, options: connectOptions } = useStreamOptions(url, given, tree);
  return useSharedStream<TraceView, TraceSource>(key, () => {
    const state: ConnectionState = url === null ? { status: "closed", attempt: 0 } : CONNECTING;
    const trace = new FlushedTrace(String(url), { ...connectOptions, snapshot, tree }, state);
    return new TraceSource(key, connectOptions, trace);
  });
}

/**
 * One span of a trace; undefined until something is known of it. The component renders again only when this span, or one
 * below it, has changed.
 *
 * @param trace what `useTrace` returned, or its `source`
 * @param traceId needed only if traces of one stream share span ids
 */
export function useSpan(
  trace: TraceSource | { readonly source: TraceSource },
  spanId: string,
  traceId?: string,
): SpanNode | undefined {
  const source = "getSpan" in trace ? trace : trace.source;
  return useSyncExternalStore(
    source.subscribe,
    () => source.getSpan(spanId, traceId),
    () => source.getServerSpan(spanId, traceId),
  );
}
