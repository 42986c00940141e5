import { encodeRetry } from "../wire/frame.ts";
import { REFUSAL_HEADERS } from "../wire/response-head.ts";
import type { Sink } from "./sink.ts";

/** What is to be done with a request: send this and be done, or open a stream on a sink. */
export type Handled =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | null;
    }
  | {
      readonly kind: "stream";
      readonly headers: Readonly<Record<string, string>>;
      /** Begins to write to the sink. To be called at most once, at once, right after the response's head has been sent. */
      connect(sink: Sink): void;
    };

const REFUSALS = {
  401: "This event stream wants to know who you are.",
  403: "This event stream is not for you.",
  404: "There is no such event stream.",
  500: "The request could not be checked.",
} as const;

/** The answer to a request that `authorize` did not let through. */
export function refuseAs(status: 401 | 403 | 404 | 500, headers: Readonly<Record<string, string>>): Handled {
  const challenge: Readonly<Record<string, string>> = status === 401 ? { "www-authenticate": "Bearer" } : {};
  return refuse(status, { ...headers, ...challenge }, REFUSALS[status]);
}

/** A refusal in a plain sentence. */
export function refuse(status: number, headers: Readonly<Record<string, string>>, sentence: string): Handled {
  return { kind: "reply", status, headers: { ...REFUSAL_HEADERS, ...headers }, body: `${sentence}\n` };
}

/** The answer to a request for which there is no room. */
export function unavailable(headers: Readonly<Record<string, string>>): Handled {
  return refuse(503, { ...headers, "retry-after": "5" }, "The server takes no further event streams just now.");
}

/** A stream that ends at once and asks the client to reconnect after `delayMs`: an `EventSource` gives up forever on a 503. */
export function sendAway(sink: Sink, delayMs: number): void {
  sink.bind({ onDrain: () => {}, onClosed: () => {} });
  sink.write(encodeRetry(delayMs));
  sink.end();
}
