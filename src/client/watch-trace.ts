import { readOptions, type OptionNames } from "../util/options.ts";
import type { ErrorListener } from "../util/errors.ts";
import type { SpanEvent } from "../trace/events.ts";
import { SpanTree, type SpanTreeOptions } from "../trace/tree/tree.ts";
import { toDispatched } from "./client-event.ts";
import { connect } from "./connect.ts";
import { CONNECT_OPTIONS, type ConnectOptions } from "./connect-options.ts";
import { callAll, throwTo } from "./delivery.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { EventConnection } from "./event-connection.ts";

/** Subscribers are called at most once in so many milliseconds: about a frame. */
const FRAME_MS = 16;
/** Leases are judged at least and at most so often, in milliseconds. */
const MIN_TICK_MS = 100;
const MAX_TICK_MS = 5_000;

/** A trace's events up to some moment, from which a watch goes on instead of reading them again. */
export interface TraceSnapshotInput {
  /** The events, as a stream or a store gave them. */
  readonly events: Iterable<unknown>;
  /** The cursor of the last of them. */
  readonly lastEventId: string;
}

/** A cursor without the tree that belongs to it would be of no use: there is `snapshot` for both. */
export interface WatchTraceOptions extends Omit<ConnectOptions, "storage" | "lastEventId"> {
  /** Bounds of the tree. With `leaseMs` time passes for it by itself. */
  readonly tree?: SpanTreeOptions;
  /** Where to begin. @defaultValue at the beginning */
  readonly snapshot?: TraceSnapshotInput;
}

const { storage: _storage, lastEventId: _lastEventId, ...OTHERS } = CONNECT_OPTIONS;
const WATCH_OPTIONS: OptionNames<WatchTraceOptions> = { ...OTHERS, tree: true, snapshot: true };

/** A tree of spans that is kept up to date. */
export interface TraceWatch {
  readonly tree: SpanTree;
  readonly state: ConnectionState;
  /** Counts up each time before subscribers are called: something can be seen that could not be seen before. */
  readonly version: number;
  /** What the tree is made from. */
  readonly connection: EventConnection<SpanEvent>;
  /** @see EventConnection.closed */
  readonly closed: Promise<ConnectionState>;
  /**
   * Called when the tree or the state has changed, at most once every 16 ms and after all that has arrived by then, until the function that it returns is
   * called. Bound, so that it can be handed on.
   */
  readonly subscribe: (listener: () => void) => () => void;
  /** @see EventConnection.reconnect */
  reconnect(): void;
  /** @see EventConnection.close */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Follows a trace and folds it into a {@link SpanTree}.
 *
 * ```ts
 * const watch = watchTrace("/runs/run-1/sse");
 * watch.subscribe(() => render(watch.tree.roots, watch.state));
 * ```
 * @throws SSETargetError `invalid-option`
 */
export function watchTrace(url: string | URL, options?: WatchTraceOptions): TraceWatch {
  return new LiveTrace(url, options);
}

class LiveTrace implements TraceWatch {
  readonly tree: SpanTree;
  readonly connection: EventConnection<SpanEvent>;
  readonly #subscribers = new Set<() => void>();
  readonly #onThrow: ErrorListener;
  #version = 0;
  #toldAtMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #tickMs: number | undefined;

  constructor(url: string | URL, given: WatchTraceOptions | undefined) {
    const { tree, snapshot, ...options } = readOptions("watchTrace", given, WATCH_OPTIONS);
    this.#onThrow = throwTo(options.onError);
    this.tree = new SpanTree(tree);
    this.tree.applyAll(snapshot?.events ?? []);
    const leaseMs = tree?.leaseMs;
    if (leaseMs) this.#tickMs = Math.min(Math.max(leaseMs / 4, MIN_TICK_MS), MAX_TICK_MS);
    this.connection = connect<SpanEvent>(url, { ...options, lastEventId: snapshot?.lastEventId });
    this.connection.addEventListener("*", (event) => this.#changed(this.tree.apply(toDispatched(event))));
    this.connection.subscribe(() => this.#onState());
    this.#onState();
  }

  get state(): ConnectionState {
    return this.connection.state;
  }

  get version(): number {
    return this.#version;
  }

  get closed(): Promise<ConnectionState> {
    return this.connection.closed;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    const subscriber = () => listener();
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  };

  reconnect(): void {
    this.connection.reconnect();
  }

  close(): void {
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #onState(): void {
    const { status } = this.state;
    const isOver = status === "ended" || status === "failed" || status === "closed";
    if (isOver) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    } else if (this.#tickMs !== undefined) {
      this.#ticker ??= setInterval(() => this.#changed(this.tree.tick()), this.#tickMs);
    }
    this.#changed(true);
  }

  #changed(isChanged: boolean): void {
    if (!isChanged) return;
    if (this.#timer === undefined)
      this.#timer = setTimeout(this.#tell, Math.max(0, this.#toldAtMs + FRAME_MS - performance.now()));
  }

  readonly #tell = (): void => {
    this.#timer = undefined;
    this.#toldAtMs = performance.now();
    this.#version++;
    callAll(this.#subscribers, undefined, this.#onThrow);
  };
}
