import type { Cursor, ServerSentEvent } from "../event.ts";
import { SSETargetError, type ErrorListener } from "../errors.ts";
import type { Feed, StartAt } from "../stream/feed.ts";
import { withTimeout } from "../stream/with-timeout.ts";
import { encodeRetry } from "../wire/frame.ts";
import { REFUSAL_HEADERS, STREAM_HEADERS, STREAM_NAME_HEADER } from "../wire/response-head.ts";
import { textHash } from "../util/text-hash.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import type { CorsPolicy } from "./cors.ts";
import { KeepAlive } from "./keep-alive.ts";
import { acceptsEventStream, requestCursor, requestHead, type RequestHead } from "./request-head.ts";
import { parseTarget } from "./request-target.ts";
import type { Sink } from "./sink.ts";
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
  /** Whether there is such a stream. Creates nothing. */
  exists(): boolean | Promise<boolean>;
  /** The stream's feed, made on demand. */
  feed(): Feed<ServerSentEvent>;
}

export interface EndpointOptions {
  readonly route: (pathname: string) => StreamRoute | undefined;
  readonly authorize: Authorize | undefined;
  readonly cors: CorsPolicy | undefined;
  readonly startAt: StartAt;
  readonly keepAliveMs: number | null;
  readonly retryMs: number | null;
  readonly maxConnections: number;
  /** How long `authorize` and `exists` may take. */
  readonly storeTimeoutMs: number | null;
  readonly onError: ErrorListener;
}

/** What is to be done with a request: send this and be done, or open a stream on a sink. */
export type Admission =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | null;
    }
  | {
      readonly kind: "stream";
      readonly headers: Readonly<Record<string, string>>;
      /** Begins to write to the sink. To be called once, right after the response's head has been sent. */
      connect(sink: Sink): void;
    };

const ALLOW = "GET, HEAD, OPTIONS";
/** What a client is asked to wait that finds the store out of order, or the server closing. */
const SENT_AWAY_RETRY_MS = 5000;

/** Turns requests into connections: method, path, authorization, resume point. It belongs to one target or hub. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #connections = new Set<Connection>();
  readonly #context: ConnectionContext;
  #isClosed = false;
  #onDrained: (() => void) | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#context = {
      keepAlive: new KeepAlive(options.keepAliveMs),
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
    const admission = await this.admit(requestHead(request));
    if (admission.kind === "reply") {
      return new Response(admission.body, { status: admission.status, headers: admission.headers });
    }
    const sink = new WebStreamSink(request.signal);
    admission.connect(sink);
    return new Response(sink.body, { status: 200, headers: admission.headers });
  }

  /** Decides about a request. Nothing is subscribed to before `connect` is called. */
  async admit(head: RequestHead): Promise<Admission> {
    const cors = this.#options.cors?.headers(head.header("origin")) ?? {};
    // One parse makes the URL that is routed and the one that `authorize` is shown.
    const url = head.malformed ?? parseTarget(head.url);
    if (typeof url === "string") return refuse(400, cors, url);
    const route = this.#options.route(url.pathname);
    if (route === undefined) return refuse(404, cors, "There is no event stream at this path.");
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
    const refusal = await this.#refusal(head, url, route.stream);
    if (refusal !== undefined) return asReply(refusal, cors);
    const headers = { ...STREAM_HEADERS, ...cors };
    // A browser's EventSource gives up for ever on a 503, but comes back after a stream that ends.
    if (this.#isClosed && head.method === "GET") return { kind: "stream", headers, connect: sendAway };
    if (this.#isClosed || this.#connections.size >= this.#options.maxConnections) return unavailable(cors);
    try {
      const exists = route.exists();
      const isThere = typeof exists === "boolean" ? exists : await this.#inTime(exists, "`exists` did not answer");
      if (!isThere) return refuse(404, cors, "There is no such event stream.");
      if (head.method === "HEAD") return { kind: "reply", status: 200, headers, body: null };
      const feed = route.feed();
      await feed.open();
      const named = { ...headers, [STREAM_NAME_HEADER]: this.#nameOf(feed, route.stream) };
      return this.#streamFrom(feed, requestCursor(head, url), named, cors);
    } catch (error) {
      if (error instanceof SSETargetError && error.code === "too-many-streams") return unavailable(cors);
      this.#options.onError(error);
      if (head.method === "HEAD") return unavailable(cors);
      return { kind: "stream", headers, connect: sendAway };
    }
  }

  /** An opaque name of what this endpoint serves from the feed. Hashed, because a stream's name may say whose it is. */
  #nameOf(feed: Feed<ServerSentEvent>, stream: string): string {
    return textHash(JSON.stringify([feed.historyName, stream, this.#options.startAt]));
  }

  #streamFrom(
    feed: Feed<ServerSentEvent>,
    cursor: Cursor | "unknown" | undefined,
    headers: Readonly<Record<string, string>>,
    cors: Readonly<Record<string, string>>,
  ): Admission {
    const start = feed.locate(cursor, this.#options.startAt);
    if (start === null) return { kind: "reply", status: 204, headers: cors, body: null };
    return {
      kind: "stream",
      headers,
      connect: (sink) => {
        const connection = new Connection(feed, sink, start, this.#context);
        this.#connections.add(connection);
        connection.open();
        if (this.#isClosed) connection.reconnect();
      },
    };
  }

  /**
   * Ends every connection after what it has been sent, telling each to come back after a moment of its own within
   * `spreadMs`. Resolves once all are gone; one that does not read is torn down after `timeoutMs`.
   */
  async close(spreadMs: number, timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    const base = this.#options.retryMs ?? 0;
    for (const connection of this.#connections) connection.reconnect(base + Math.random() * spreadMs);
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

const REFUSALS = {
  401: "This event stream wants to know who you are.",
  403: "This event stream is not for you.",
  404: "There is no such event stream.",
  500: "The request could not be checked.",
} as const;

function asReply(status: 401 | 403 | 404 | 500, headers: Readonly<Record<string, string>>): Admission {
  const challenge: Readonly<Record<string, string>> = status === 401 ? { "www-authenticate": "Bearer" } : {};
  return refuse(status, { ...headers, ...challenge }, REFUSALS[status]);
}

function refuse(status: number, headers: Readonly<Record<string, string>>, sentence: string): Admission {
  return { kind: "reply", status, headers: { ...REFUSAL_HEADERS, ...headers }, body: `${sentence}\n` };
}

function unavailable(headers: Readonly<Record<string, string>>): Admission {
  return refuse(503, { ...headers, "retry-after": "5" }, "The server takes no further event streams just now.");
}

function sendAway(sink: Sink): void {
  sink.bind({ onDrain: () => {}, onClosed: () => {} });
  sink.write(encodeRetry(SENT_AWAY_RETRY_MS * (0.5 + Math.random())));
  sink.end();
}
