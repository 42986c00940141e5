import type { StreamEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import type { Feed, StartAt } from "../stream/feed.ts";
import { withTimeout } from "../util/with-timeout.ts";
import { STREAM_HEADERS, STREAM_NAME_HEADER } from "../wire/response-head.ts";
import { textHash } from "../util/text-hash.ts";
import { AgeLimit } from "./age-limit.ts";
import { refuse, refuseAs, sendAway, unavailable, type Handled } from "./handled.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import type { CorsPolicy } from "./cors.ts";
import { heartbeatMs, KeepAlive } from "./keep-alive.ts";
import { acceptsEventStream, requestCursor, requestHead, type RequestHead } from "./request-head.ts";
import { parseTarget } from "./request-target.ts";
import { Slots, type SlotLimits } from "./slots.ts";
import { StallWatch } from "./stall-watch.ts";
import { WebStreamSink } from "./web-stream-sink.ts";

/**
 * What `authorize` answers: `true` lets the request through; `false` is 403; a number is that status.
 * Anything else, and an error, refuses as well.
 */
export type Authorization = boolean | 401 | 403 | 404;

/** Decides about a request before any byte of the stream. `stream` is the path's name for it. */
export type Authorize = (request: Request, stream: string) => Authorization | Promise<Authorization>;

/** How an endpoint finds the stream that a path stands for. */
export interface StreamRoute {
  readonly stream: string;
  /** The one way to write the path, if there are several: `authorize` is shown this one. */
  readonly path?: string;
  /** Whether there is such a stream. Creates nothing. */
  exists(): boolean | Promise<boolean>;
  /** The stream's feed, made on demand. */
  feed(): Feed<StreamEvent>;
  /** A client has left, or did not come in after `feed` was called: what was made for it alone can go. */
  onLeft?(): void;
}

export interface EndpointOptions extends SlotLimits {
  readonly route: (pathname: string) => StreamRoute | undefined;
  readonly authorize: Authorize | undefined;
  readonly cors: CorsPolicy | undefined;
  readonly startAt: StartAt;
  readonly keepAliveMs: number | null;
  readonly stallTimeoutMs: number | null;
  readonly maxStalledBytes: number;
  readonly maxConnectionAgeMs: number | null;
  readonly retryMs: number | null;
  /** How long `authorize` and `exists` may take. */
  readonly storeTimeoutMs: number | null;
  readonly onError: ErrorListener;
}

const ALLOW = "GET, HEAD, OPTIONS";
/** Reconnect delay for clients that arrive while the store is unavailable; each gets half to one and a half of it. */
const STORE_RETRY_MS = 5000;
/** The least that a client waits that is sent away on purpose: a replacement should be there by then. */
const PLANNED_RETRY_MS = 500;
/** Clients that are sent away on purpose reconnect within this time, each at a moment of its own. */
const PLANNED_SPREAD_MS = 3000;

/** Turns requests into connections: method, path, authorization, resume point. It belongs to one target or hub. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #connections = new Set<Connection>();
  readonly #context: ConnectionContext;
  readonly #slots: Slots;
  #isClosed = false;
  #spreadMs = PLANNED_SPREAD_MS;
  #onDrained: (() => void) | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#slots = new Slots(options);
    this.#context = {
      keepAlive: new KeepAlive(heartbeatMs(options)),
      keepAliveMs: options.keepAliveMs,
      stallWatch: new StallWatch(options.maxStalledBytes, this.#connections),
      stallTimeoutMs: options.stallTimeoutMs,
      ageLimit: new AgeLimit(options.maxConnectionAgeMs),
      plannedRetryMs: () => this.#plannedRetryMs(),
      retryMs: options.retryMs,
      onError: options.onError,
      onClosed: (connection) => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#onDrained?.();
      },
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  async fetch(request: Request): Promise<Response> {
    const handled = await this.handle(requestHead(request));
    if (handled.kind === "reply") {
      return new Response(handled.body, { status: handled.status, headers: handled.headers });
    }
    const sink = new WebStreamSink(request.signal);
    handled.connect(sink);
    return new Response(sink.body, { status: 200, headers: handled.headers });
  }

  /** Decides about a request. Nothing is subscribed to before `connect` is called. */
  async handle(head: RequestHead): Promise<Handled> {
    const cors = this.#options.cors?.headers(head.header("origin")) ?? {};
    // One parse makes the URL that is routed and the one that `authorize` is shown.
    const url = head.malformed ?? parseTarget(head.url);
    if (typeof url === "string") return refuse(400, cors, url);
    const route = this.#options.route(url.pathname);
    if (route === undefined) return refuse(404, cors, "There is no event stream at this path.");
    // `%61` is `a`: whoever compares the path with a text shall see what is served, however it was written.
    if (route.path !== undefined && route.path !== url.pathname) url.pathname = route.path;
    if (head.method === "OPTIONS") {
      const headers = { ...cors, ...this.#options.cors?.preflightHeaders, allow: ALLOW };
      return { kind: "reply", status: 204, headers, body: null };
    }
    if (head.method !== "GET" && head.method !== "HEAD") {
      return refuse(405, { ...cors, allow: ALLOW }, "An event stream is read with GET.");
    }
    if (!acceptsEventStream(head.header("accept"))) {
      return refuse(406, cors, "This is text/event-stream; the request's Accept header does not take it.");
    }
    if (this.#isClosed) return this.#sendAwayFromClosed(head, cors);
    if (!this.#slots.begin(head.session)) return unavailable(cors);
    try {
      return await this.#decide(head, url, route, cors);
    } finally {
      this.#slots.end(head.session);
    }
  }

  async #decide(
    head: RequestHead,
    url: URL,
    route: StreamRoute,
    cors: Readonly<Record<string, string>>,
  ): Promise<Handled> {
    const refusal = await this.#refusal(head, url, route.stream);
    if (refusal !== undefined) return refuseAs(refusal, cors);
    if (this.#isClosed) return this.#sendAwayFromClosed(head, cors);
    let feed: Feed<StreamEvent> | undefined;
    let handled: Handled | undefined;
    try {
      const exists = route.exists();
      const isThere = typeof exists === "boolean" ? exists : await this.#inTime(exists, "`exists` did not answer");
      if (!isThere) return refuse(404, cors, "There is no such event stream.");
      if (head.method === "HEAD")
        return { kind: "reply", status: 200, headers: { ...STREAM_HEADERS, ...cors }, body: null };
      feed = route.feed();
      await feed.open();
      handled = this.#streamFrom(feed, route, head, url, cors);
      return handled;
    } catch (error) {
      if (error instanceof SSETargetError && error.code === "too-many-streams") return unavailable(cors);
      if (this.#isClosed) return this.#sendAwayFromClosed(head, cors);
      this.#options.onError(error);
      if (head.method === "HEAD") return unavailable(cors);
      return this.#awayFor(STORE_RETRY_MS * (0.5 + Math.random()), cors);
    } finally {
      if (feed !== undefined && handled?.kind !== "stream") route.onLeft?.();
    }
  }

  /** An opaque name of what this endpoint serves from the feed. Hashed, because a stream's name may say whose it is. */
  #nameOf(feed: Feed<StreamEvent>, stream: string): string {
    return textHash(JSON.stringify([feed.historyName, stream, this.#options.startAt]));
  }

  #streamFrom(
    feed: Feed<StreamEvent>,
    route: StreamRoute,
    head: RequestHead,
    url: URL,
    cors: Readonly<Record<string, string>>,
  ): Handled {
    const start = feed.locate(requestCursor(head, url), this.#options.startAt);
    if (start === null) return { kind: "reply", status: 204, headers: cors, body: null };
    const { session } = head;
    return {
      kind: "stream",
      headers: { ...STREAM_HEADERS, ...cors, [STREAM_NAME_HEADER]: this.#nameOf(feed, route.stream) },
      connect: (sink) => {
        // Only an adapter that does not connect at once comes too late: its place was given up with the decision.
        if (!this.#slots.connect(session)) {
          route.onLeft?.();
          sendAway(sink, this.#plannedRetryMs());
          return;
        }
        const connection = new Connection(feed, sink, start, this.#context, () => {
          this.#slots.disconnect(session);
          route.onLeft?.();
        });
        this.#connections.add(connection);
        connection.open();
        this.#context.stallWatch.joined(connection);
        if (this.#isClosed) connection.reconnect(this.#plannedRetryMs());
      },
    };
  }

  /** A browser's EventSource gives up forever on a 503, but reconnects after a stream that ends. */
  #sendAwayFromClosed(head: RequestHead, cors: Readonly<Record<string, string>>): Handled {
    return head.method === "GET" ? this.#awayFor(this.#plannedRetryMs(), cors) : unavailable(cors);
  }

  #awayFor(retryMs: number, cors: Readonly<Record<string, string>>): Handled {
    const headers = { ...STREAM_HEADERS, ...cors };
    return { kind: "stream", headers, connect: (sink) => sendAway(sink, retryMs) };
  }

  #plannedRetryMs(): number {
    return PLANNED_RETRY_MS + Math.random() * this.#spreadMs;
  }

  /**
   * Ends every connection after what it has been sent, telling each to come back after a moment of its own within
   * `spreadMs`. Resolves once all are gone; one that does not read is torn down after `timeoutMs`.
   */
  async close(spreadMs: number, timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#spreadMs = spreadMs;
    for (const connection of this.#connections) connection.reconnect(this.#plannedRetryMs());
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy();
        resolve();
      }, timeoutMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
