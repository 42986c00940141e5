import { encodeRetry } from "../wire/frame.ts";
import { REFUSAL_HEADERS } from "../wire/response-head.ts";
import type { Sink } from "./sink.ts";

type FixedHeaders = Readonly<Record<string, string>>;

/** A response without a stream. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: FixedHeaders;
  readonly body: string | null;
}

/** What a request is answered with: a reply, or a stream on a sink. */
export type Handled =
  | Reply
  | {
      readonly kind: "stream";
      readonly headers: FixedHeaders;
      /** Starts to write to the sink. Must be called at most once, immediately after the head of the response is sent. */
      connect(sink: Sink): void;
    };

/** The methods of a stream. */
export const ALLOW = "GET, HEAD, OPTIONS";

const REFUSALS = {
  401: "You are not signed in.",
  403: "This event stream is not for you.",
  404: "There is no such event stream.",
  405: "Use GET to read an event stream.",
  406: "This is text/event-stream, which the request's Accept header does not accept.",
  500: "The request could not be checked.",
  503: "The server accepts no more event streams at the moment.",
} as const;
const EXTRA_HEADERS: { readonly [status: number]: FixedHeaders } = {
  401: { "www-authenticate": "Bearer" },
  405: { allow: ALLOW },
  503: { "retry-after": "5" },
};

/** A refusal in a plain sentence. */
export function refuse(
  status: keyof typeof REFUSALS | 400,
  headers: FixedHeaders,
  sentence: string = status === 400 ? "" : REFUSALS[status],
): Reply {
  const all = { ...REFUSAL_HEADERS, ...headers, ...EXTRA_HEADERS[status] };
  return { kind: "reply", status, headers: all, body: `${sentence}\n` };
}

/** A reply without a body. */
export function replyWith(status: 200 | 204, headers: FixedHeaders): Reply {
  return { kind: "reply", status, headers, body: null };
}

/** A stream that ends at once and asks the client to reconnect after `delayMs`: an `EventSource` gives up forever on a 503. */
export function sendAway(sink: Sink, delayMs: number): void {
  sink.bind({ onDrain: () => {}, onClosed: () => {} });
  sink.write(encodeRetry(delayMs));
  sink.end();
}
