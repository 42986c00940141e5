import type { ErrorListener } from "../util/errors.ts";
import { ifAllowed } from "../util/if-allowed.ts";
import type { ReceivedEvent, UnknownEvent } from "./client-event.ts";
import { connect } from "./connect.ts";
import type { ConnectOptions } from "./connect-options.ts";
import type { ConnectionState } from "./connection-state.ts";
import { callAll, throwTo } from "./delivery.ts";
import type { EventConnection } from "./event-connection.ts";

/** Delay of a flush if there are no animation frames, as on a server. */
const FRAME_MS = 16;
/** Longest wait for an animation frame: a hidden page has none. */
const LATE_FRAME_MS = 100;

/** State of a stream that has not been opened. */
export const CONNECTING: ConnectionState = Object.freeze({ status: "connecting", attempt: 0 });

/** A subscriber. `frameMs` is the time of the animation frame it is called in; undefined outside of one. */
export type FrameListener = (frameMs?: number) => void;

/**
 * A stream of events whose subscribers are called once per frame, after everything that arrived by then.
 *
 * The constructor does not connect, so a component can create one while it renders.
 */
export abstract class WatchedStream {
  readonly #url: string | URL;
  readonly #options: ConnectOptions;
  readonly #subscribers = new Set<FrameListener>();
  protected readonly onThrow: ErrorListener;
  #connection: EventConnection<UnknownEvent> | undefined;
  /** The state while there is no connection. */
  #state: ConnectionState;
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;

  constructor(url: string | URL, options: ConnectOptions, state = CONNECTING) {
    this.#url = url;
    this.#options = options;
    this.#state = state;
    this.onThrow = throwTo(options.onError);
  }

  get state(): ConnectionState {
    return this.#connection?.state ?? this.#state;
  }

  get version(): number {
    return this.#version;
  }

  protected get opened(): EventConnection<UnknownEvent> | undefined {
    return this.#connection;
  }

  readonly subscribe = (listener: FrameListener): (() => void) => {
    const subscriber: FrameListener = (frameMs) => listener(frameMs);
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  };

  /** Connects, or continues after the last event if `release` was called. Idempotent. */
  open(): void {
    if (this.#connection !== undefined) return;
    const lastEventId = this.#state.lastEventId ?? this.#options.lastEventId;
    const connection = connect(this.#url, { ...this.#options, lastEventId });
    this.#connection = connection;
    connection.addEventListener("*", (event) => {
      if (this.receive(event)) this.flushSoon();
    });
    connection.subscribe(() => {
      if (connection === this.#connection) this.#changeState();
    });
    if (connection.state.status === this.#state.status) this.onState(connection.state);
    else this.#changeState();
  }

  /** Closes the connection without calling subscribers: `open` continues where it was. */
  release(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#state = connection.state;
    this.#connection = undefined;
    this.#cancelFlush();
    connection.close();
    this.onState(connection.state);
  }

  reconnect(): void {
    if (this.#connection === undefined) this.open();
    else this.#connection.reconnect();
  }

  /** Receives each event as it arrives. @returns whether anything visible has changed */
  protected abstract receive(event: ReceivedEvent): boolean;

  /** Called when the state of the connection may have changed. */
  protected onState(_state: ConnectionState): void {}

  /** Calls the subscribers with the next frame. */
  protected flushSoon(): void {
    if (this.#timer !== undefined) return;
    this.#frame = ifAllowed(() => requestAnimationFrame(this.flush));
    this.#timer = setTimeout(() => this.flush(), this.#frame === undefined ? FRAME_MS : LATE_FRAME_MS);
  }

  protected readonly flush = (frameMs?: number): void => {
    this.#cancelFlush();
    this.#version++;
    callAll(this.#subscribers, frameMs, this.onThrow);
  };

  #cancelFlush(): void {
    clearTimeout(this.#timer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = undefined;
  }

  #changeState(): void {
    this.onState(this.state);
    this.flushSoon();
  }
}
