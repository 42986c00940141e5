import { END_EVENT_TYPE } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { refuse, replyWith, type Handled, type Reply } from "../http/handled.ts";
import { acceptsEventStream, lastEventIdOf, requestHead, urlOf, type RequestHead } from "../http/request-head.ts";
import { NOBODY, type Sink } from "../http/sink.ts";
import { toResponse } from "../http/web-stream-sink.ts";
import { describeValue, type OptionNames, readOptions, checkFunction } from "../util/options.ts";
import { STREAM_HEADERS } from "../wire/response-head.ts";
import { type SourceFailureOptions, isSource, type Source } from "../util/source-reader.ts";
import { sendAll } from "./send-all.ts";
import {
  resolveTargetOptions,
  SENT_TARGET_OPTIONS,
  ServerSentEventTarget,
  type ServerSentEventTargetOptions,
} from "./target.ts";

/** Options of `sendEvents`. Absent and `undefined` mean the default. */
export interface SendEventsOptions extends ServerSentEventTargetOptions, SourceFailureOptions {
  /**
   * Headers of the response. They win over what would be sent without them (`Cache-Control: no-cache, no-transform`,
   * `X-Accel-Buffering: no`, `Incremental: ?1`). `Content-Type` stays `text/event-stream`, for no browser reads anything else as events, and
   * `Content-Length`, `Content-Encoding` and `Transfer-Encoding` are not to be set.
   */
  readonly headers?: Headers | Readonly<Record<string, string>> | [string, string][];
}

const SEND_OPTIONS: OptionNames<SendEventsOptions> = { ...SENT_TARGET_OPTIONS, headers: true, errorMessage: true };

/** A per-request target with the response that carries it. */
export interface RespondingTarget extends ServerSentEventTarget {
  /** To be returned to whoever called with the request: 200 and the stream; or 204 (completed), 406, or the head alone for `HEAD`. */
  readonly response: Response;
}

/** What follows a request in the arguments of `sendEvents`. */
export type SendEventsArguments =
  | readonly [options?: SendEventsOptions]
  | readonly [source: Source<unknown>, options?: SendEventsOptions];

/**
 * Answers one request with an event stream of its own, of any path and method.
 *
 * ```ts
 * const target = sendEvents(request);
 * target.dispatchMessage({ hello: "world" });
 * return target.response;
 * ```
 *
 * With a source each of its values is sent as a message (what `new ServerSentEvent(…)` makes, as that event), and the next is asked
 * for when the client can take more. When the client goes, the source is told by `return()` and by its signal; when the source ends,
 * or throws, the stream ends for good, with the reason in `ssetarget:end`.
 *
 * A request that cannot have a stream (`HEAD`, `OPTIONS`, one that does not accept it, one that had it to its end) gets a target that is closed.
 * @throws SSETargetError `invalid-option`
 * @see https://oakserver.github.io/oak/sse
 */
export function sendEvents(request: Request, options?: SendEventsOptions): RespondingTarget;
export function sendEvents(request: Request, source: Source<unknown>, options?: SendEventsOptions): RespondingTarget;
export function sendEvents(request: Request, ...rest: SendEventsArguments): RespondingTarget {
  let response: Response | undefined;
  const target = beginEvents(requestHead(request), rest, (handled, headers) => {
    response = toResponse(handled, request, headers);
  });
  return Object.assign(target, { response: response as Response });
}

/**
 * What `sendEvents` of all runtimes have in common: decides about the request, has it answered, and returns the target.
 * `headers` are those of the response, with each cookie by itself.
 */
export function beginEvents(
  head: RequestHead,
  rest: SendEventsArguments,
  answer: (handled: Handled, headers: Headers) => void,
): ServerSentEventTarget {
  const [source, given] = readArguments(rest);
  const { headers: ownInit, errorMessage, ...options } = readOptions("sendEvents", given, SEND_OPTIONS);
  const url = urlOf(head);
  const lastEventId = lastEventIdOf(head, url);
  // All that can be refused is refused before anything is answered.
  resolveTargetOptions(options);
  checkFunction("errorMessage", errorMessage);
  const headers = ownHeaders(ownInit);
  const reply = replyTo(head, url, lastEventId);
  for (const [name, value] of Object.entries(reply?.headers ?? STREAM_HEADERS)) {
    // What is sent in place of a stream has a type of its own.
    if (!headers.has(name) || (reply !== undefined && reply.status >= 400)) headers.set(name, value);
  }
  let target: ServerSentEventTarget | undefined;
  const connect = (sink: Sink) => void (target = new ServerSentEventTarget(sink, options, lastEventId));
  answer({ ...(reply ?? { kind: "stream", connect }), headers: toRecord(headers) }, headers);
  // Not connected: refused, or the far end has gone before it could be answered.
  target ??= new ServerSentEventTarget(NOBODY, options, lastEventId);
  if (source !== undefined) void sendAll(target, source, { errorMessage, onError: options.onError });
  return target;
}

function readArguments(
  rest: SendEventsArguments,
): readonly [Source<unknown> | undefined, SendEventsOptions | undefined] {
  const [first, second] = rest;
  if (isSource(first)) return [first, second];
  if (first === undefined) return [undefined, second];
  if (typeof first === "object" && first !== null) return [undefined, first];
  throw new SSETargetError(
    "invalid-option",
    `what follows the request must be options or a source to iterate, got ${describeValue(first)}`,
  );
}

/** What is sent instead of a stream. */
function replyTo(head: RequestHead, url: URL | string, lastEventId: string | undefined): Reply | undefined {
  if (typeof url === "string") return refuse(400, {}, url);
  // A preflight asks whether it may ask; the headers say so.
  if (head.method === "OPTIONS") return replyWith(204, {});
  if (!acceptsEventStream(head.header("accept"))) return refuse(406, {});
  // An EventSource reconnects after every end; this is the only response that stops it.
  if (lastEventId === END_EVENT_TYPE) return replyWith(204, {});
  if (head.method === "HEAD") return replyWith(200, STREAM_HEADERS);
  return undefined;
}

const FRAMING_HEADERS = ["content-length", "content-encoding", "transfer-encoding"];

function ownHeaders(own: SendEventsOptions["headers"]): Headers {
  let headers: Headers;
  try {
    headers = new Headers(own);
  } catch (cause) {
    throw new SSETargetError("invalid-option", `\`headers\` are none: ${(cause as Error).message}`, { cause });
  }
  const framing = FRAMING_HEADERS.find((name) => headers.has(name));
  if (framing !== undefined) {
    throw new SSETargetError(
      "invalid-option",
      `\`headers\` must not have "${framing}", which depends on how a stream is sent; leave it out`,
    );
  }
  const type = headers.get("content-type");
  if (type !== null && !/^text\/event-stream\s*(;|$)/i.test(type)) {
    throw new SSETargetError(
      "invalid-option",
      `\`headers\` must not have another "content-type" than text/event-stream, got ${describeValue(type)}; leave it out`,
    );
  }
  return headers;
}

/** Without cookies, of which there may be several. */
function toRecord(headers: Headers): Record<string, string> {
  const record: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name !== "set-cookie") record[name] = value;
  });
  return record;
}
