import type { StreamEvent } from "../event/event.ts";
import type { Feed } from "../stream/feed.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { within, withResolvers } from "../util/timers.ts";
import { withTimeout } from "../util/with-timeout.ts";
import { openingFrame } from "../wire/frame.ts";
import { STREAM_HEADERS, STREAM_NAME_HEADER } from "../wire/response-head.ts";
import { AgeLimit } from "./age-limit.ts";
import { ConnectionGroup } from "./connection-group.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import type { CorsPolicy } from "./cors.ts";
import { ALLOW, refuse, replyWith, sendAway, type Handled } from "./handled.ts";
import { acceptsEventStream, requestCursor, type RequestHead } from "./request-head.ts";
import { Slots, type SlotLimits } from "./slots.ts";

/**
 * What `authorize` answers: `true` lets the request through; `false` is 403; a number is that status.
 * Anything else, and an error, refuses as well.
 */
export type Authorization = boolean | 401 | 403 | 404;

/**
 * Decides about a request before any byte of the stream. `stream` is the name of the stream that would be served: compare
 * this one. The request's URL names the stream only if it was found by its path, at a target or a hub.
 */
export type Authorize = (request: Request, stream: string) => Authorization | Promise<Authorization>;

/** The streams that an endpoint serves, by name. */
export interface StreamSource {
  /** Whether there is such a stream. Creates nothing. */
  exists(name: string): boolean | Promise<boolean>;
  /** The stream's feed, made on demand. */
  feedOf(name: string): Feed<StreamEvent>;
  /** A client has left, or did not connect after `feedOf` was called: what was made for it alone can go. */
  onLeft(name: string): void;
}

export interface EndpointOptions extends SlotLimits {
  readonly authorize: Authorize | undefined;
  readonly cors: CorsPolicy | undefined;
  readonly keepAliveMs: number | null;
  readonly stallTimeoutMs: number | null;
  readonly maxStalledBytes: number;
  readonly maxConnectionAgeMs: number | null;
  readonly retryMs: number | null;
  /** How long `authorize` and `exists` may take. */
  readonly storeTimeoutMs: number | null;
  readonly onError: ErrorListener;
}

/** Reconnect delay for clients that arrive while the store is unavailable; each gets half to one and a half of it. */
const STORE_RETRY_MS = 5000;
/** The least that a client waits that is sent away on purpose: a replacement should be there by then. */
const PLANNED_RETRY_MS = 500;
/** Clients that are sent away on purpose reconnect within this time, each at a moment of its own. */
const PLANNED_SPREAD_MS = 3000;

/** Reconnect delay of a client that is sent away on purpose. */
export function plannedRetryMs(spreadMs: number): number {
  return PLANNED_RETRY_MS + Math.random() * spreadMs;
}

/** Turns requests into connections: method, authorization, resume point. It belongs to one target or hub. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #streams: StreamSource;
  readonly #group: ConnectionGroup;
  readonly #context: ConnectionContext;
  readonly #slots: Slots;
  #isClosed = false;
  #spreadMs = PLANNED_SPREAD_MS;

  constructor(options: EndpointOptions, streams: StreamSource) {
    this.#options = options;
    this.#streams = streams;
    this.#slots = new Slots(options);
    this.#group = new ConnectionGroup(options, options.maxStalledBytes);
    this.#context = {
      group: this.#group,
      keepAliveMs: options.keepAliveMs,
      stallTimeoutMs: options.stallTimeoutMs,
      ageLimit: new AgeLimit(options.maxConnectionAgeMs),
      retryMs: options.retryMs,
      opening: openingFrame(options.retryMs),
      plannedRetryMs: () => plannedRetryMs(this.#spreadMs),
      onError: options.onError,
      onOver: ({ session, feed }) => {
        this.#slots.disconnect(session);
        streams.onLeft(feed.name);
      },
    };
  }

  get connectionCount(): number {
    return this.#group.size;
  }

  /**
   * Decides about a request for the stream of this name. Nothing is subscribed to before `connect` is called.
   *
   * @param url as `urlOf` gives it, or the canonical one: `authorize` is shown this URL
   * @param name `undefined` if there is no stream at the URL
   */
  async handle(head: RequestHead, url: URL | string, name: string | undefined): Promise<Handled> {
    const cors = this.#options.cors?.headers(head.header("origin")) ?? {};
    if (typeof url === "string") return refuse(400, cors, url);
    if (name === undefined) return refuse(404, cors, "There is no event stream at this path.");
    if (head.method === "OPTIONS") {
      return replyWith(204, { ...cors, ...this.#options.cors?.preflightHeaders, allow: ALLOW });
    }
    if (head.method !== "GET" && head.method !== "HEAD") return refuse(405, cors);
    if (!acceptsEventStream(head.header("accept"))) return refuse(406, cors);
    if (this.#isClosed) return this.#sendAwayFromClosed(head, cors);
    if (!this.#slots.begin(head.session)) return refuse(503, cors);
    try {
      return await this.#decide(head, url, name, cors);
    } finally {
      this.#slots.end(head.session);
    }
  }

  async #decide(head: RequestHead, url: URL, name: string, cors: Readonly<Record<string, string>>): Promise<Handled> {
    const refusal = await this.#refusal(head, url, name);
    if (refusal !== undefined) return refuse(refusal, cors);
    if (this.#isClosed) return this.#sendAwayFromClosed(head, cors);
    let feed: Feed<StreamEvent> | undefined;
    let handled: Handled | undefined;
    try {
      const exists = this.#streams.exists(name);
      const isThere = typeof exists === "boolean" ? exists : await this.#inTime(exists, "`exists` did not answer");
      if (!isThere) return refuse(404, cors);
      if (head.method === "HEAD") return replyWith(200, { ...STREAM_HEADERS, ...cors });
      feed = this.#streams.feedOf(name);
      await feed.open();
      handled = this.#streamFrom(feed, head, url, cors);
      return handled;
    } catch (error) {
      if (error instanceof SSETargetError && error.code === "too-many-streams") return refuse(503, cors);
      if (this.#isClosed) return this.#sendAwayFromClosed(head, cors);
      this.#options.onError(error);
      if (head.method === "HEAD") return refuse(503, cors);
      return this.#awayFor(STORE_RETRY_MS * (0.5 + Math.random()), cors);
    } finally {
      if (feed !== undefined && handled?.kind !== "stream") this.#streams.onLeft(name);
    }
  }

  #streamFrom(feed: Feed<StreamEvent>, head: RequestHead, url: URL, cors: Readonly<Record<string, string>>): Handled {
    const start = feed.locate(requestCursor(head, url));
    if (start === null) return replyWith(204, cors);
    const { session } = head;
    return {
      kind: "stream",
      headers: { ...STREAM_HEADERS, ...cors, [STREAM_NAME_HEADER]: feed.historyName },
      connect: (sink) => {
        // Only an adapter that does not connect at once comes too late: its place was given up with the decision.
        if (!this.#slots.connect(session)) {
          this.#streams.onLeft(feed.name);
          sendAway(sink, this.#context.plannedRetryMs());
          return;
        }
        const connection = new Connection(feed, sink, start, this.#context, session);
        connection.open();
        if (this.#isClosed) connection.reconnect(this.#context.plannedRetryMs());
      },
    };
  }

  /** A browser's EventSource gives up forever on a 503, but reconnects after a stream that ends. */
  #sendAwayFromClosed(head: RequestHead, cors: Readonly<Record<string, string>>): Handled {
    return head.method === "GET" ? this.#awayFor(this.#context.plannedRetryMs(), cors) : refuse(503, cors);
  }

  #awayFor(retryMs: number, cors: Readonly<Record<string, string>>): Handled {
    const headers = { ...STREAM_HEADERS, ...cors };
    return { kind: "stream", headers, connect: (sink) => sendAway(sink, retryMs) };
  }

  /**
   * Ends every connection after what it has been sent, and asks each client to reconnect at a moment of its own within
   * `spreadMs`. Resolves once all are gone; one that does not read is torn down after `timeoutMs`.
   */
  async close(spreadMs: number, timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#spreadMs = spreadMs;
    for (const connection of this.#connections()) connection.reconnect(this.#context.plannedRetryMs());
    if (this.#group.size === 0) return;
    const { promise, resolve } = withResolvers();
    this.#group.onEmpty = resolve;
    await within(promise, timeoutMs, () => {
      for (const connection of this.#connections()) connection.destroy();
    });
  }

  #connections(): Iterable<Connection> {
    return this.#group.members() as Iterable<Connection>;
  }

  #inTime<T>(promise: Promise<T>, what: string): Promise<T> {
    return withTimeout(promise, this.#options.storeTimeoutMs, what);
  }

  async #refusal(head: RequestHead, url: URL, stream: string): Promise<401 | 403 | 404 | 500 | undefined> {
    const { authorize } = this.#options;
    if (authorize === undefined) return undefined;
    try {
      const asked = authorize(head.toRequest(url.href), stream);
      const answer = asked instanceof Promise ? await this.#inTime(asked, "`authorize` did not answer") : asked;
      if (answer === true) return undefined;
      return answer === 401 || answer === 404 ? answer : 403;
    } catch (error) {
      this.#options.onError(error);
      return 500;
    }
  }
}
