"use client";

import { useMemo, useSyncExternalStore } from "react";
import type { ConnectOptions } from "../client/connect-options.ts";
import type { WatchedStream } from "../client/watched-stream.ts";

/** A connection stays open this long after the last component has unmounted: the next one may be about to mount. */
const CLOSE_DELAY_MS = 1_000;

/** A stream and what its events amount to. */
export type Source<S> = WatchedStream & {
  /** Immutable, and a different object after each flush. */
  readonly snapshot: S;
};

/** Options that may be functions that identify the user: the next call can return another user's identity. */
const PERSONAL = ["token", "headers", "fetch", "transport"] as const;

/** Whether the user can change without a visible change of options. Cookies can, and scripts cannot see them. */
function mayChangeUser(options: ConnectOptions): boolean {
  const mayHaveCookies = options.credentials !== "omit" && typeof options.shareTabs !== "string";
  return mayHaveCookies || PERSONAL.some((name) => typeof options[name] === "function");
}

/** Every stream that a component follows, by key. */
const held = new Map<string, HeldStream>();

/**
 * A stream as a component sees it. Components with the same URL and options share one source, from the first subscriber
 * until a moment after the last one has left.
 *
 * If functions or cookies identify the user, only components that follow the stream at the same time share it. After the
 * last one has left, another component, which may be another user's, gets a source of its own, and sees nothing of the
 * previous one. A string in `shareTabs` identifies the user instead of cookies.
 *
 * Constructed while rendering, so the constructor has no side effects: a discarded render leaves nothing behind.
 */
export class SharedStream<S, T extends Source<S> = Source<S>> {
  readonly #key: string | undefined;
  readonly #isPersonal: boolean;
  readonly #own: T;
  /** What a server renders, and a browser until it has hydrated. */
  readonly #initial: S;

  /** @param key identifies the stream; undefined: it is never opened */
  constructor(key: string | undefined, options: ConnectOptions, source: T) {
    this.#key = key;
    this.#isPersonal = mayChangeUser(options);
    this.#own = source;
    this.#initial = source.snapshot;
  }

  protected get source(): T {
    const stream = this.#held;
    return stream === undefined ? this.#own : (stream.source as unknown as T);
  }

  readonly getSnapshot = (): S => this.source.snapshot;
  readonly getServerSnapshot = (): S => this.#initial;
  readonly subscribe = (listener: () => void): (() => void) => this.hold((source) => source.subscribe(listener));
  readonly reconnect = (): void => this.#held?.source.reconnect();

  /** Holds the stream open. @param follow sets up a subscription, and returns the function that ends it */
  hold(follow: (source: T) => () => void): () => void {
    const key = this.#key;
    if (key === undefined) return () => {};
    let stream = held.get(key);
    if (stream?.isOpenTo(this) !== true) {
      stream?.close();
      stream = new HeldStream(this.#own, this.#isPersonal, () => held.delete(key));
      held.set(key, stream);
    }
    const { source } = stream;
    stream.hold(this);
    const unfollow = follow(source as unknown as T);
    return () => {
      unfollow();
      stream.letGo();
    };
  }

  get #held(): HeldStream | undefined {
    const stream = this.#key === undefined ? undefined : held.get(this.#key);
    return stream?.isVisibleTo(this) === true ? stream : undefined;
  }
}

/** An open source, and who holds it. */
class HeldStream {
  readonly source: WatchedStream;
  readonly #isPersonal: boolean;
  readonly #onClose: () => void;
  /** Everyone who has held it. */
  readonly #known = new WeakSet<object>();
  #holders = 0;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: WatchedStream, isPersonal: boolean, onClose: () => void) {
    this.source = source;
    this.#isPersonal = isPersonal;
    this.#onClose = onClose;
    source.open();
  }

  isVisibleTo(holder: object): boolean {
    return !this.#isPersonal || this.#known.has(holder);
  }

  /** Whether this one may hold it: it has held it before, or others hold it with the same options. */
  isOpenTo(holder: object): boolean {
    return this.#holders > 0 || this.isVisibleTo(holder);
  }

  hold(holder: object): void {
    this.#known.add(holder);
    this.#holders += 1;
    clearTimeout(this.#closeTimer);
  }

  letGo(): void {
    if (--this.#holders === 0) this.#closeTimer = setTimeout(() => this.close(), CLOSE_DELAY_MS);
  }

  close(): void {
    this.#onClose();
    clearTimeout(this.#closeTimer);
    this.source.release();
  }
}

/** What a hook returns: the snapshot's fields, and what can be done with the stream. */
export type Followed<S, T> = S & { readonly reconnect: () => void; readonly source: T };

/** Follows the stream of this key. @param create called when the key changes */
export function useSharedStream<S extends object, T extends SharedStream<S>>(
  key: string | undefined,
  create: () => T,
): Followed<S, T> {
  // The key stands for everything that goes into it.
  const source = useMemo(create, [key]);
  const view = useSyncExternalStore(source.subscribe, source.getSnapshot, source.getServerSnapshot);
  return useMemo(() => ({ ...view, reconnect: source.reconnect, source }), [view, source]);
}
