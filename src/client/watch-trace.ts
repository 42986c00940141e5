import { readOptions, type OptionNames } from "../util/options.ts";
import { ServerClock } from "../trace/analysis/server-clock.ts";
import type { SpanEvent } from "../trace/events.ts";
import { SpanTree, type SpanTreeOptions } from "../trace/tree/tree.ts";
import type { TraceSnapshot } from "../trace/view/snapshot.ts";
import { type ReceivedEvent, toDispatched } from "./client-event.ts";
import { CONNECT_OPTIONS, type ConnectOptions } from "./connect-options.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { EventConnection } from "./event-connection.ts";
import { CONNECTING, type FrameListener, WatchedStream } from "./watched-stream.ts";

/** Bounds of the interval at which leases are checked. */
const MIN_TICK_MS = 100;
const MAX_TICK_MS = 5_000;

/** Options of {@link watchTrace}. A cursor alone would be useless without the tree that belongs to it: see `snapshot`. */
export interface WatchTraceOptions extends Omit<ConnectOptions, "storage" | "lastEventId"> {
  /** Bounds of the tree. With `leaseMs`, leases are checked automatically. */
  readonly tree?: SpanTreeOptions;
  /**
   * The trace so far, by `dehydrateTrace`: only later events are requested. @defaultValue the stream is read from its
   * beginning
   */
  readonly snapshot?: TraceSnapshot;
}

const { storage: _storage, lastEventId: _lastEventId, ...OTHERS } = CONNECT_OPTIONS;

/** The names of {@link WatchTraceOptions}. */
export const WATCH_OPTIONS: OptionNames<WatchTraceOptions> = { ...OTHERS, tree: true, snapshot: true };

/** A tree of spans that is kept up to date. */
export interface TraceWatch {
  readonly tree: SpanTree;
  /** The server's clock, estimated from the events: how long an open span has been running is `clock.now() - startTime`. */
  readonly clock: ServerClock;
  readonly state: ConnectionState;
  /** Increases by one each time before subscribers are called. */
  readonly version: number;
  /** The connection whose events make the tree. */
  readonly connection: EventConnection<SpanEvent>;
  /** @see EventConnection.closed */
  readonly closed: Promise<ConnectionState>;
  /**
   * Calls the listener when the tree or the state has changed, until the returned function is called: once per frame, in
   * the animation frame if there are any (`frameMs` is then its time), after everything that arrived by then. Bound.
   */
  readonly subscribe: (listener: FrameListener) => () => void;
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
  const watch = new LiveTrace(url, readOptions("watchTrace", options, WATCH_OPTIONS));
  watch.open();
  return watch;
}

/** The implementation of {@link TraceWatch}, which connects when it is opened. */
export class LiveTrace extends WatchedStream implements TraceWatch {
  readonly tree: SpanTree;
  readonly clock = new ServerClock();
  readonly #tickMs: number | undefined;
  readonly #tick: () => void;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(url: string | URL, given: WatchTraceOptions, state = CONNECTING) {
    const { tree, snapshot, ...options } = given;
    super(url, options, Object.freeze({ ...state, lastEventId: snapshot?.lastEventId || undefined }));
    this.tree = new SpanTree(tree);
    this.tree.applyAll(snapshot?.events ?? []);
    const leaseMs = tree?.leaseMs;
    if (leaseMs) this.#tickMs = Math.min(Math.max(leaseMs / 4, MIN_TICK_MS), MAX_TICK_MS);
    this.#tick = () => {
      if (this.tree.tick(tree?.now === undefined ? this.clock.now() : undefined)) this.flushSoon();
    };
  }

  get connection(): EventConnection<SpanEvent> {
    this.open();
    // Events have the form the server gives them; a client cannot check it.
    return this.opened as unknown as EventConnection<SpanEvent>;
  }

  get closed(): Promise<ConnectionState> {
    return this.connection.closed;
  }

  close(): void {
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected override receive(received: ReceivedEvent): boolean {
    const event = toDispatched(received);
    this.clock.observe(event);
    return this.tree.apply(event);
  }

  protected override onState({ status }: ConnectionState): void {
    // History may follow: it says nothing about the present time.
    this.clock.connected();
    if (status === "ended" || status === "failed" || status === "closed") {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    } else if (this.#tickMs !== undefined) this.#ticker ??= setInterval(this.#tick, this.#tickMs);
  }
}
