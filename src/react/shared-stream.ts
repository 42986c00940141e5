import type { ReceivedEvent, UnknownEvent } from "../client/client-event.ts";
import { connect } from "../client/connect.ts";
import type { ConnectOptions } from "../client/connect-options.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import type { EventConnection } from "../client/event-connection.ts";

/** A connection stays open for so long after the last component has let go of it: the next one may be about to mount. */
const CLOSE_DELAY_MS = 1_000;
/** What arrives within a frame is shown together. */
const FLUSH_DELAY_MS = 16;
/** In a page that nobody looks at timers are slow; more events than this do not wait for them. */
const MAX_WAITING_EVENTS = 1_000;

/** What the events of a stream are made into. */
export interface Fold<S> {
  /** Immutable, and another one when anything in it has changed. */
  readonly snapshot: S;
  /** Where the history goes on; empty where it begins. */
  readonly cursor: string;
  /** Nothing will follow, so there is no need to connect. */
  readonly isOver: boolean;
  /** How often it is to be told, by an empty list, that time passes; undefined: never. */
  readonly tickMs: number | undefined;
  take(events: readonly ReceivedEvent[], state: ConnectionState): void;
}

/** Options that may be functions which say who asks: what they say can be another user's in the next moment. */
const PERSONAL = ["token", "headers", "fetch", "transport"] as const;

/** Whether a stream may be another user's in the next moment, without anything in its options showing it. Cookies may, and nobody can look at them. */
function isPersonal(options: ConnectOptions): boolean {
  const mayHaveCookies = options.credentials !== "omit" && typeof options.shareTabs !== "string";
  return mayHaveCookies || PERSONAL.some((name) => typeof options[name] === "function");
}

/** Every stream that some component follows, by what tells it from others. */
const live = new Map<string, LiveStream>();

/**
 * A stream as a component holds it. Components that hold the same one (the same URL and options) share what is behind it: one
 * connection and one fold, from the first that subscribes until a moment after the last has gone.
 *
 * If functions or cookies say who asks, only those share that follow the stream at the same time: once nobody does, another component, which may
 * be another user's, gets a stream of its own, and until it follows it is shown nothing of what others were sent. A text in `shareTabs` says who it is
 * instead of cookies.
 *
 * Made while rendering, so making it touches nothing: a render that is thrown away leaves nothing behind.
 */
export class SharedStream<S, F extends Fold<S> = Fold<S>> {
  readonly #key: string | undefined;
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #fold: F;
  /** What a server shows, and a browser until it has taken over. */
  readonly #initial: S;

  /** @param key tells it from other streams; undefined: it is followed by nobody, and stays as it is */
  constructor(key: string | undefined, url: string, options: ConnectOptions, fold: F) {
    this.#key = key;
    this.#url = url;
    this.#options = options;
    this.#fold = fold;
    this.#initial = fold.snapshot;
  }

  /** What is behind it now. */
  get fold(): F {
    return (this.#live?.fold as F | undefined) ?? this.#fold;
  }

  readonly getSnapshot = (): S => this.fold.snapshot;
  readonly getServerSnapshot = (): S => this.#initial;

  /** Calls the listener whenever the snapshot is another. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const stream = this.#hold();
    stream?.listeners.add(listener);
    return () => {
      stream?.listeners.delete(listener);
      stream?.letGo();
    };
  };

  /** Calls the listener with each event as it arrives, from now on. */
  readonly listen = (listener: (event: ReceivedEvent) => void): (() => void) => {
    const stream = this.#hold();
    stream?.connection?.addEventListener("*", listener);
    return () => {
      stream?.connection?.removeEventListener("*", listener);
      stream?.letGo();
    };
  };

  readonly reconnect = (): void => this.#live?.reconnect();

  get #live(): LiveStream | undefined {
    const stream = this.#key === undefined ? undefined : live.get(this.#key);
    return stream?.isShownTo(this) === true ? stream : undefined;
  }

  #hold(): LiveStream | undefined {
    const key = this.#key;
    if (key === undefined) return undefined;
    let stream = live.get(key);
    if (stream?.isOpenTo(this) !== true) {
      stream?.close();
      stream = new LiveStream(this.#url, this.#options, this.#fold, () => live.delete(key));
      live.set(key, stream);
    }
    stream.hold(this);
    return stream;
  }
}

/** One connection, and what its events are folded into. */
class LiveStream {
  readonly fold: Fold<unknown>;
  readonly listeners = new Set<() => void>();
  connection: EventConnection<UnknownEvent> | undefined;
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #onClose: () => void;
  readonly #isPersonal: boolean;
  /** Who follows it, or has followed it. */
  readonly #known = new WeakSet<object>();
  #holders = 0;
  #waiting: ReceivedEvent[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, options: ConnectOptions, fold: Fold<unknown>, onClose: () => void) {
    this.#url = url;
    this.#options = options;
    this.fold = fold;
    this.#onClose = onClose;
    this.#isPersonal = isPersonal(options);
    if (!fold.isOver) this.reconnect();
  }

  isShownTo(follower: object): boolean {
    return !this.#isPersonal || this.#known.has(follower);
  }

  /** Whether this follower may hold it: it knows it, or others have been let in just as it would be. */
  isOpenTo(follower: object): boolean {
    return this.#holders > 0 || this.isShownTo(follower);
  }

  hold(follower: object): void {
    this.#known.add(follower);
    this.#holders += 1;
    clearTimeout(this.#closeTimer);
  }

  letGo(): void {
    if (--this.#holders === 0) this.#closeTimer = setTimeout(() => this.close(), CLOSE_DELAY_MS);
  }

  close(): void {
    this.#onClose();
    clearTimeout(this.#closeTimer);
    clearTimeout(this.#flushTimer);
    clearInterval(this.#ticker);
    const { connection } = this;
    // The fold may be followed again, and is not to say then that it was closed.
    this.connection = undefined;
    connection?.close();
  }

  reconnect(): void {
    if (this.connection !== undefined) return this.connection.reconnect();
    const lastEventId = this.fold.cursor || this.#options.lastEventId;
    const connection = connect<UnknownEvent>(this.#url, { ...this.#options, lastEventId });
    this.connection = connection;
    if (this.fold.tickMs !== undefined) this.#ticker = setInterval(this.#flush, this.fold.tickMs);
    connection.subscribe(this.#flushSoon);
    // It may have been followed before, and have stood elsewhere.
    this.#flushSoon();
    connection.addEventListener("*", (event) => {
      if (this.#waiting.push(event) >= MAX_WAITING_EVENTS) this.#flush();
      else this.#flushSoon();
    });
  }

  readonly #flushSoon = (): void => {
    this.#flushTimer ??= setTimeout(this.#flush, FLUSH_DELAY_MS);
  };

  readonly #flush = (): void => {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const before = this.fold.snapshot;
    if (this.connection !== undefined) this.fold.take(this.#waiting.splice(0), this.connection.state);
    if (this.fold.snapshot !== before) for (const listener of this.listeners) listener();
  };
}
