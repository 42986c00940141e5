import type { StreamEvent } from "../../event/event.ts";
import type { LogListener, LogWatch } from "../../store/event-log.ts";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { guarded } from "../../util/guard.ts";
import { messageOf, plainError } from "../../util/plain-error.ts";
import { backoffDelay } from "../../util/retry.ts";
import { pause, unref, withResolvers, type Deferred } from "../../util/timers.ts";
import type { RedisConnection, SubscriberLink } from "./client.ts";
import { CHANGED, decodeNotice } from "./codec.ts";
import { inTime, isFinal } from "./retry.ts";

/** The store's options that concern watching. */
export interface WatchOptions {
  readonly isDurable: boolean;
  readonly pingMs: number;
  readonly onError: ErrorListener;
}

interface Watcher {
  readonly listener: LogListener<StreamEvent>;
  readonly onError: ErrorListener;
}

/** A stream that is watched in this process. */
interface Channel {
  readonly name: string;
  readonly isDurable: boolean;
  readonly watchers: Set<Watcher>;
  /** Resolved when it is subscribed to for the first time. */
  readonly ready: Deferred;
  isReady: boolean;
  messageCount: number;
}

/** The connection to Redis and its successors, from the first channel until no channel is left. */
interface Session {
  isClosed: boolean;
  /** The connection, while it is open. */
  link: SubscriberLink | undefined;
  /** Gives up the connection, or ends the pause before the next one. */
  interrupt: (reason?: unknown) => void;
}

const BACKOFF = { minMs: 50, maxMs: 2_000 };
/** Limits opening a connection, and subscribing to every channel. */
const OPEN_TIMEOUT_MS = 10_000;
/** How long the connection stays open when nothing is watched. */
const IDLE_MS = 5_000;
/** How late a message may be before the connection counts as broken. */
const MAX_MESSAGE_DELAY_MS = 1_000;
const MAX_CHANNELS_PER_COMMAND = 500;
/** Streams that are read together after the connection was lost. */
const CHANGES_PER_TURN = 100;
const TURN_MS = 10;

/**
 * The one further connection that a process has per client. It opens with the first watched stream, reopens when it is
 * lost or does not answer a ping, and closes a while after the last watch.
 *
 * Messages that were missed in between are not its business: it calls `changed`, and the feed reads.
 */
export class Subscriber {
  static readonly #byConnection = new WeakMap<RedisConnection, Subscriber>();

  readonly #connection: RedisConnection;
  readonly #channels = new Map<string, Channel>();
  /** Channels to subscribe to, and names of those to unsubscribe from. */
  readonly #added = new Set<Channel>();
  readonly #removed = new Set<string>();
  #isSyncDue = false;
  #session: Session | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  static of(connection: RedisConnection): Subscriber {
    const subscriber = Subscriber.#byConnection.get(connection) ?? new Subscriber(connection);
    Subscriber.#byConnection.set(connection, subscriber);
    return subscriber;
  }

  /**
   * Starts to notify the listener; nothing published after `ready` is missed unless the connection is lost.
   *
   * @throws SSETargetError `invalid-option`
   */
  watch<E extends StreamEvent>(
    name: string,
    listener: LogListener<E>,
    { isDurable, pingMs, onError }: WatchOptions,
  ): LogWatch & { readonly ready: Promise<void> } {
    const channel = this.#channels.get(name) ?? this.#add(name, isDurable);
    if (channel.isDurable !== isDurable) {
      throw new SSETargetError("invalid-option", "`durable` must be the same in all stores of one stream");
    }
    const watcher = { listener: listener as unknown as LogListener<StreamEvent>, onError };
    channel.watchers.add(watcher);
    clearTimeout(this.#idleTimer);
    if (this.#session === undefined) {
      this.#session = { isClosed: false, link: undefined, interrupt: () => {} };
      void this.#run(this.#session, pingMs);
    }
    return {
      ready: channel.ready.promise,
      close: () => {
        if (channel.watchers.delete(watcher) && channel.watchers.size === 0) this.#remove(channel);
      },
      missed: () => this.#suspect(channel),
    };
  }

  /** Notifies the watchers in this process of a change, before the message arrives. */
  changed(name: string): void {
    for (const { listener } of this.#channels.get(name)?.watchers ?? []) listener.changed();
  }

  /** Closes the connection now if nothing is watched. */
  closeIfIdle(): void {
    if (this.#channels.size > 0 || this.#session === undefined) return;
    clearTimeout(this.#idleTimer);
    this.#session.isClosed = true;
    this.#session.interrupt();
    this.#session = undefined;
  }

  #add(name: string, isDurable: boolean): Channel {
    const ready = withResolvers();
    const channel = { name, isDurable, watchers: new Set<Watcher>(), ready, isReady: false, messageCount: 0 };
    this.#channels.set(name, channel);
    this.#added.add(channel);
    this.#syncSoon();
    return channel;
  }

  #remove(channel: Channel): void {
    const { name } = channel;
    this.#channels.delete(name);
    if (!this.#added.delete(channel)) this.#removed.add(name);
    this.#syncSoon();
    channel.ready.reject(new Error("the watch was closed"));
    if (this.#channels.size === 0) this.#idleTimer = unref(setTimeout(() => this.closeIfIdle(), IDLE_MS));
  }

  async #run(session: Session, pingMs: number): Promise<void> {
    let failures = 0;
    let wasOpen = false;
    while (!session.isClosed) {
      const { promise: isDown, resolve: onDown } = withResolvers<unknown>();
      session.interrupt = onDown;
      const link = this.#connection.newLink({ onMessage: this.#onMessage, onDown });
      let what = "could not be opened";
      let reason: unknown;
      try {
        const isLost = isDown.then((why) => Promise.reject(why ?? new Error("it was closed")));
        await inTime(Promise.race([link.open(), isLost]), OPEN_TIMEOUT_MS);
        session.link = link;
        this.#removed.clear();
        for (const channel of this.#channels.values()) this.#added.add(channel);
        await inTime(Promise.race([this.#subscribe(session, link), isLost]), OPEN_TIMEOUT_MS);
        what = "was lost";
        failures = 0;
        keepPinging(session, link, pingMs);
        if (wasOpen) void this.#notifyOfReconnect();
        wasOpen = true;
        reason = await isDown;
      } catch (error) {
        reason = error;
      }
      session.link = undefined;
      link.close();
      if (session.isClosed) return;
      this.#report(what, reason);
      await new Promise<unknown>((resolve) => {
        session.interrupt = resolve;
        unref(setTimeout(resolve, backoffDelay(failures++, BACKOFF)));
      });
    }
  }

  /** A moment later, so that channels that come or go together share a command. */
  #syncSoon(): void {
    if (this.#isSyncDue) return;
    this.#isSyncDue = true;
    queueMicrotask(() => {
      this.#isSyncDue = false;
      const [session, link] = [this.#session, this.#session?.link];
      // Without a connection, the next one subscribes to everything.
      if (session === undefined || link === undefined) return;
      while (this.#removed.size > 0) link.unsubscribe(takeSome(this.#removed)).catch(() => {});
      this.#subscribe(session, link).catch((error: unknown) => {
        if (session.link === link) session.interrupt(error);
      });
    });
  }

  /** Subscribes to the channels that were added. */
  async #subscribe(session: Session, link: SubscriberLink): Promise<void> {
    while (this.#added.size > 0 && session.link === link) {
      const channels = takeSome(this.#added);
      try {
        await link.subscribe(channels.map(({ name }) => name));
      } catch (error) {
        // Unless Redis refuses, the connection is going down.
        if (!isFinal(error)) throw error;
        for (const { ready } of channels) ready.reject(error);
        if (channels.some(({ isReady }) => isReady)) throw error;
        continue;
      }
      if (session.link !== link) return;
      for (const channel of channels) {
        channel.isReady = true;
        channel.ready.resolve();
      }
    }
  }

  readonly #onMessage = (name: string, message: string): void => {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    channel.messageCount++;
    const notice = message === CHANGED ? undefined : decodeNotice(message, channel.isDurable);
    for (const { listener } of channel.watchers) {
      if (notice === undefined) listener.changed();
      else listener.appended(notice);
    }
  };

  /** In turns, so that reading thousands of streams does not keep Redis from everything else. */
  async #notifyOfReconnect(): Promise<void> {
    let count = 0;
    for (const { watchers } of this.#channels.values()) {
      for (const { listener } of watchers) listener.changed();
      if (++count % CHANGES_PER_TURN === 0) await pause(TURN_MS);
    }
  }

  /**
   * A feed found events of which no message had arrived. If none arrives within a second either, the connection drops
   * messages (its server was replaced, its node was cut off), and another one is opened.
   */
  #suspect({ name, messageCount }: Channel): void {
    const [session, link] = [this.#session, this.#session?.link];
    const check = () => {
      if (link === undefined || session?.link !== link) return;
      if (this.#channels.get(name)?.messageCount === messageCount) session.interrupt(new Error("messages were missed"));
    };
    unref(setTimeout(check, MAX_MESSAGE_DELAY_MS));
  }

  #report(what: string, cause: unknown): void {
    const why = cause instanceof Error ? `: ${messageOf(cause)}` : "";
    const message = `the connection that watches streams ${what}${why}; it is reopened`;
    const error = new SSETargetError("store-unavailable", message, { cause: plainError(cause) });
    const watchers = [...this.#channels.values()].flatMap((channel) => [...channel.watchers]);
    for (const onError of new Set(watchers.map((watcher) => watcher.onError))) guarded(onError)(error);
  }
}

/** A connection whose other end is gone is silent; only a ping shows it. */
function keepPinging(session: Session, link: SubscriberLink, pingMs: number): void {
  const ping = () => {
    if (session.link !== link) return;
    inTime(link.ping(), pingMs).then(
      () => keepPinging(session, link, pingMs),
      (cause) => {
        const error = new Error(`a ping was not answered within ${pingMs} ms (\`pingMs\`)`, { cause });
        if (session.link === link) session.interrupt(error);
      },
    );
  };
  unref(setTimeout(ping, pingMs));
}

/** Removes and returns as many items as one command may have. */
function takeSome<T>(items: Set<T>): readonly T[] {
  const some = [...items].slice(0, MAX_CHANNELS_PER_COMMAND);
  for (const item of some) items.delete(item);
  return some;
}
