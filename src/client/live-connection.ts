import { listen } from "../util/listener-options.ts";
import { END_EVENT_TYPE } from "../event/event.ts";
import type { UnknownEvent, WireMessage } from "./client-event.ts";
import type { ConnectionError } from "./connection-error.ts";
import type { ConnectionState, ConnectionStatus } from "./connection-state.ts";
import type { ResolvedOptions } from "./connect-options.ts";
import { createContinuity } from "./continuity.ts";
import { callAll, createDelivery, throwTo } from "./delivery.ts";
import type { EventConnection } from "./event-connection.ts";
import type { Host } from "./host.ts";
import { keepCursor } from "./kept-cursor.ts";
import { createNetwork } from "./network.ts";
import { followPageLife } from "./page-life.ts";
import { createTabs } from "./tabs.ts";

/** A leader whose application takes longer over what has arrived lets another tab lead, in milliseconds. */
const SLOW_LEADER_MS = 1_000;

/** The event's type is no function, so it is not taken for one that revives. */
const parseJson = JSON.parse as unknown as (data: string, type: string) => unknown;

/** Decides whether this tab needs a connection of its own, and leads what arrives to those who wait for it. */
export function createConnection(options: ResolvedOptions): EventConnection<UnknownEvent> {
  const { onError, parse = parseJson, tabsKey, storage, signal, maxCursorBytes } = options;
  const onThrow = throwTo(onError);
  const report = onError ? onThrow : () => {};
  const subscribers = new Set<() => void>();
  let state: ConnectionState = { status: "connecting", attempt: 0 };
  let closed: Promise<ConnectionState>;
  let resolveClosed: (state: ConnectionState) => void;
  /** Aborted, and undefined, when it is over. */
  let life: AbortController | undefined;
  /** Whether anything is received; undefined where nothing is to be: before the cursor is known, and after the end. */
  let isAwake: boolean | undefined;

  const kept = storage && keepCursor(storage, options, report);
  const continuity = createContinuity(parse, report, maxCursorBytes);
  const delivery = createDelivery((cursor) => kept?.keep(cursor), onThrow);
  const host: Host = {
    ...continuity,
    ...delivery,
    state: getState,
    onStream(name) {
      if (name) tabs?.join(name);
      else tabs?.leave();
    },
    onMessages: receive,
    onState: setState,
    onOver: (error) => void over(error ? "failed" : "ended", error),
    onTabs: decide,
    reconnect: () => network.reconnect(),
  };
  const network = createNetwork(options, host);
  const tabs = tabsKey ? createTabs(tabsKey, host) : undefined;

  function getState(): ConnectionState {
    const lastEventId = delivery.lastEventId() || undefined;
    if (lastEventId !== state.lastEventId) state = Object.freeze({ ...state, lastEventId });
    return state;
  }

  function setState(status: ConnectionStatus, attempt: number, error?: ConnectionError, retryAtMs?: number): void {
    if (life && status === state.status && attempt === state.attempt && retryAtMs === state.retryAtMs) return;
    state = Object.freeze({ ...getState(), status, attempt, error, retryAtMs });
    tabs?.tell();
    // Before anybody hears of it, who may connect again: `closed` is another promise then.
    if (!life) resolveClosed(state);
    callAll(subscribers, undefined, onThrow);
  }

  function begin(): void {
    closed = new Promise((resolve) => {
      resolveClosed = resolve;
    });
    life = new AbortController();
    const abort = () => void over("closed", signal?.reason);
    signal?.addEventListener("abort", abort, { signal: life.signal });
    if (signal?.aborted) abort();
  }

  async function open(): Promise<void> {
    const cursor = (await kept?.load()) ?? options.lastEventId ?? "";
    continuity.begin(cursor);
    goOn(cursor);
  }

  function goOn(cursor: string): void {
    if (!life) return;
    delivery.begin(cursor);
    isAwake = false;
    followPageLife(wake, () => sleep(), life.signal);
    wake();
  }

  function wake(): void {
    if (isAwake) {
      network.check();
      tabs?.ask("where");
    } else if (isAwake === false) {
      isAwake = true;
      decide();
    }
  }

  function sleep(isEnded = false): void {
    isAwake &&= false;
    network.stop();
    tabs?.leave(isEnded);
    kept?.flush();
  }

  /** A tab has a connection of its own if it is alone, leads, or is not where the leader is. */
  function decide(): void {
    if (isAwake && (!tabs || tabs.needsConnection())) network.start();
    else network.stop();
  }

  /** Takes in what has arrived, by whatever way. */
  function receive(messages: readonly WireMessage[]): void {
    const from = continuity.position();
    const end = messages.findIndex(({ type }) => type === END_EVENT_TYPE) + 1;
    const taken = messages
      .slice(0, end || undefined)
      .map((message) => [continuity.take(message), continuity.cursor()] as const);
    tabs?.tell(from, messages);
    for (const [events, cursor] of taken) delivery.push(events, cursor);
    if (end) void over("ended");
    const drained = tabs && delivery.drained();
    if (!drained) return;
    const timer = setTimeout(tabs.handOver, SLOW_LEADER_MS);
    void drained.then(() => clearTimeout(timer));
  }

  /** Nothing more is received. It is over at once where it was closed, else when what was received has been handed over. */
  async function over(status: "ended" | "failed" | "closed", error?: unknown): Promise<void> {
    const ending = life;
    sleep(status === "ended");
    isAwake = undefined;
    if (status !== "closed") await delivery.drained();
    if (!ending || life !== ending) return;
    life = undefined;
    ending.abort();
    delivery.end(error);
    kept?.flush();
    setState(status, 0, status === "failed" ? (error as ConnectionError) : undefined);
  }

  const close = () => void over("closed");
  begin();
  void open();
  return {
    get state() {
      return getState();
    },
    get lastEventId() {
      return delivery.lastEventId();
    },
    get closed() {
      return closed;
    },
    subscribe(listener) {
      // The same function may be given twice, and is then let go twice.
      const subscriber = () => listener();
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    addEventListener(type: string, listener, listenerOptions) {
      const listeners = delivery.listeners(type);
      listen(
        listenerOptions,
        (once) => listeners.has(listener as never) || listeners.set(listener as never, once),
        () => listeners.delete(listener as never),
      );
    },
    removeEventListener(type: string, listener) {
      delivery.listeners(type).delete(listener as never);
    },
    [Symbol.asyncIterator]: delivery.loop,
    reconnect() {
      if (state.status === "failed") {
        begin();
        goOn(delivery.lastEventId());
      } else if (!network.reconnect()) {
        tabs?.ask("reconnect");
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}
