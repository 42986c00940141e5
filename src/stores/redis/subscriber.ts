import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { messageOf, plainError } from "../../util/plain-error.ts";
import type { RedisConnection, SubscriberLink } from "./redis-connection.ts";
import { isFinal, jitter, within } from "./retry.ts";

/** Whom a subscriber tells. */
export interface SubscriberListener {
  onMessage(channel: string, message: string): void;
  /** The connection was opened (again) and every channel is subscribed to; what was published in between was missed. */
  onConnected(): void;
  /** Every `pingMs` while connected. */
  onTick(): void;
  readonly onError: ErrorListener;
}

interface Waiting {
  readonly channel: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MIN_DELAY_MS = 50;
const MAX_DELAY_MS = 2_000;
/** How long opening a connection and subscribing to everything may take. */
const OPEN_TIMEOUT_MS = 10_000;
/** How long the connection stays when nobody follows any more. */
const IDLE_MS = 5_000;
const MAX_CHANNELS_PER_COMMAND = 500;

/**
 * The one further connection that a process has for each client: opened with the first channel, mended when it is lost,
 * given up when it does not answer a ping, closed a while after the last channel.
 */
export class Subscriber {
  readonly #connection: RedisConnection;
  readonly pingMs: number;
  readonly #listener: SubscriberListener;
  readonly #channels = new Set<string>();
  #waiting: Waiting[] = [];
  #session: Session | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: RedisConnection, pingMs: number, listener: SubscriberListener) {
    this.#connection = connection;
    this.pingMs = pingMs;
    this.#listener = listener;
  }

  /** Resolves when the channel is subscribed to; rejects where Redis refuses. */
  add(channel: string): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#channels.add(channel);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ channel, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#subscribeWaiting());
      if (this.#session !== undefined) return;
      this.#session = new Session();
      void this.#run(this.#session);
    });
  }

  remove(channel: string): void {
    this.#channels.delete(channel);
    this.#waiting = this.#waiting.filter((each) => each.channel !== channel);
    this.#session?.attempt?.link?.unsubscribe([channel]).catch(() => {});
    if (this.#channels.size > 0) return;
    this.#idleTimer = setTimeout(() => this.closeIfIdle(), IDLE_MS);
    unref(this.#idleTimer);
  }

  /** Closes the connection now if nobody needs it. */
  closeIfIdle(): void {
    if (this.#channels.size > 0) return;
    clearTimeout(this.#idleTimer);
    this.#session?.close();
    this.#session = undefined;
  }

  /** Gives up the connection that is there, and opens another. */
  reconnect(): void {
    this.#session?.attempt?.onDown(new Error("messages were missed"));
  }

  #subscribeWaiting(): void {
    const link = this.#session?.attempt?.link;
    // Without a connection it is done together with all others, as soon as there is one.
    if (link === undefined || this.#waiting.length === 0) return;
    const waiting = this.#waiting.splice(0);
    subscribeAll(
      link,
      waiting.map(({ channel }) => channel),
    ).then(
      () => waiting.forEach(({ resolve }) => resolve()),
      (error: unknown) => {
        this.#waiting.push(...waiting.filter(({ channel }) => this.#channels.has(channel)));
        // If Redis did not refuse, the connection is going down, and the next one subscribes to everything.
        if (isFinal(error)) this.#refuse(error);
        else if (this.#session?.attempt?.link !== link) this.#subscribeWaiting();
      },
    );
  }

  #refuse(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async #run(session: Session): Promise<void> {
    for (let delayMs = MIN_DELAY_MS; !session.isOver; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
      const attempt = new Attempt();
      session.attempt = attempt;
      try {
        await within(Promise.race([this.#open(attempt), attempt.failure()]), OPEN_TIMEOUT_MS);
        delayMs = MIN_DELAY_MS;
        await this.#use(attempt);
      } catch (error) {
        if (isFinal(error)) this.#refuse(error);
        if (!session.isOver) this.#report("could not be opened", error);
      }
      attempt.close();
      if (!session.isOver) await session.pause(jitter(delayMs));
    }
  }

  /** Opens the connection, and hands it over once every channel is subscribed to. */
  async #open(attempt: Attempt): Promise<void> {
    const link = this.#connection.newLink({
      onMessage: (channel, message) => this.#listener.onMessage(channel, message),
      onDown: attempt.onDown,
    });
    attempt.begin(link);
    await link.open();
    const subscribed = new Set<string>();
    // Those that are added while the others are being subscribed to come next.
    for (;;) {
      const channels = [...this.#channels].filter((channel) => !subscribed.has(channel));
      if (channels.length === 0) break;
      await subscribeAll(link, channels);
      for (const channel of channels) subscribed.add(channel);
    }
    if (attempt.isOver) return;
    attempt.link = link;
    // In the same moment: a channel that is added from now on is not among those that were subscribed to.
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    const unwanted = [...subscribed].filter((channel) => !this.#channels.has(channel));
    if (unwanted.length > 0) link.unsubscribe(unwanted).catch(() => {});
  }

  /** Resolves when the connection is lost or closed. */
  async #use(attempt: Attempt): Promise<void> {
    const stopPinging = this.#keepPinging(attempt);
    this.#listener.onConnected();
    const reason = await attempt.isDown;
    stopPinging();
    if (!attempt.isOver) this.#report("was lost", reason);
  }

  /** A connection whose other end is gone is silent, and else nobody would notice. */
  #keepPinging(attempt: Attempt): () => void {
    let isAnswered = true;
    const timer = setInterval(() => {
      if (!isAnswered) {
        attempt.onDown(new Error(`there was no answer to a ping for ${this.pingMs} ms (\`pingMs\`)`));
        return;
      }
      isAnswered = false;
      attempt.link?.ping().then(() => (isAnswered = true), attempt.onDown);
      this.#listener.onTick();
    }, this.pingMs);
    unref(timer);
    return () => clearInterval(timer);
  }

  #report(what: string, cause: unknown): void {
    const why = cause instanceof Error ? `: ${messageOf(cause)}` : "";
    const message = `the connection that follows streams ${what}${why}; it is opened again`;
    this.#listener.onError(new SSETargetError("store-unavailable", message, { cause: plainError(cause) }));
  }
}

/** From the first channel to the last: one connection after the other, never two at a time. */
class Session {
  isOver = false;
  attempt: Attempt | undefined;
  #wake: () => void = () => {};

  close(): void {
    this.isOver = true;
    this.attempt?.close();
    this.#wake();
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** One connection, from before it is there until it is no more. */
class Attempt {
  isOver = false;
  /** The connection, while every channel is subscribed to. */
  link: SubscriberLink | undefined;
  readonly isDown: Promise<unknown>;
  onDown: (reason?: unknown) => void = () => {};
  #begun: SubscriberLink | undefined;

  constructor() {
    this.isDown = new Promise((resolve) => (this.onDown = resolve));
  }

  begin(link: SubscriberLink): void {
    this.#begun = link;
  }

  /** Rejects when the connection is lost or closed. */
  async failure(): Promise<never> {
    throw (await this.isDown) ?? new Error("it was closed");
  }

  close(): void {
    this.isOver = true;
    this.link = undefined;
    this.#begun?.close();
    this.onDown();
  }
}

async function subscribeAll(link: SubscriberLink, channels: readonly string[]): Promise<void> {
  for (let at = 0; at < channels.length; at += MAX_CHANNELS_PER_COMMAND) {
    await link.subscribe(channels.slice(at, at + MAX_CHANNELS_PER_COMMAND));
  }
}

/** In Node and Bun a timer keeps the process alive; these are no reason to. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
