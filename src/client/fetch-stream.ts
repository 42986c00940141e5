import { createParser } from "eventsource-parser";
import { STREAM_NAME_HEADER } from "../wire/response-head.ts";
import type { Attempt } from "./attempt.ts";
import type { WireMessage } from "./client-event.ts";
import type { Given, TokenRequest } from "./connect-options.ts";
import { ConnectionError } from "./connection-error.ts";
import { fetchWithinOrigin } from "./redirects.ts";

/** Reads the stream by `fetch`: a {@link Transport}. */
export async function readByFetch(attempt: Attempt): Promise<void> {
  const { token, headers } = attempt.options;
  let response = await request(attempt, false);
  if (response.status === 401 && (typeof token === "function" || typeof headers === "function")) {
    drop(response);
    response = await request(attempt, true);
  }
  if (isStream(response)) {
    const name = response.headers.get(STREAM_NAME_HEADER);
    attempt.onStream(name);
    attempt.onState("open", 0);
    await read(response.body as ReadableStream<Uint8Array>, attempt, name !== null);
  }
}

async function request({ options, cursor, signal }: Attempt, wasRefused: boolean): Promise<Response> {
  const { url, method, body, credentials, fetch = globalThis.fetch } = options;
  const headers = toHeaders(await ask(options.headers, wasRefused), "headers");
  const token = await ask(options.token, wasRefused);
  const isPrivate = Boolean(token || body || [...headers.keys()][0]);
  headers.set("accept", "text/event-stream");
  if (token) {
    const bearer = toHeaders({ authorization: `Bearer ${token}` }, "token");
    headers.set("authorization", bearer.get("authorization") as string);
  }
  // A header holds bytes: the cursor's UTF-8 goes in as one character each, which is what browsers send.
  const lastEventId = cursor();
  if (lastEventId) headers.set("last-event-id", String.fromCharCode(...new TextEncoder().encode(lastEventId)));
  const init = { method, headers, body, credentials, cache: "no-store", signal, redirect: "follow" } as const;
  const response = await (isPrivate ? fetchWithinOrigin(fetch, url, init) : fetch(url, init));
  // A `fetch` of the user's own need not know the signal.
  if (signal.aborted) drop(response);
  signal.throwIfAborted();
  return response;
}

/** What `Headers` takes, and what can be sent besides. The values are in no message: they may be secrets. */
function toHeaders(given: Readonly<Record<string, string>> | undefined, option: string): Headers {
  try {
    const headers = new Headers(given);
    // oxlint-disable-next-line no-control-regex -- These are what is looked for.
    if (!/[\0-\x08\n-\x1f\x7f]/.test([...headers.values()].join(""))) return headers;
  } catch {
    // Said below.
  }
  throw new ConnectionError(
    "invalid-option",
    `\`${option}\` must be texts that a header can carry: no line breaks or other control characters, and nothing beyond U+00FF`,
  );
}

function ask<T>(given: Given<T>, wasRefused: boolean): T | Promise<T> {
  return typeof given === "function"
    ? (given as (request: TokenRequest) => T | Promise<T>)({ wasRefused })
    : (given as T);
}

/** Whether an answer is the stream; false where that has ended. */
function isStream(response: Response): boolean {
  const { status, headers, body } = response;
  const type = headers.get("content-type");
  if (status === 200 && body && /^text\/event-stream[ \t]*(;|$)/i.test(`${type}`)) return true;
  drop(response);
  if (status === 204) return false;
  const retryAfter = headers.get("retry-after");
  throw new ConnectionError(
    // Request timeout, too early, too many requests: like failures of the server's own, these say nothing about the next try.
    status >= 500 || [408, 425, 429].includes(status)
      ? "connection-lost"
      : status === 200
        ? "not-an-event-stream"
        : "request-refused",
    `no event stream, but status ${status} and ${body && type}`,
    status,
    // Seconds, or a date.
    retryAfter ? Math.max(0, +retryAfter * 1000 || Date.parse(retryAfter) - Date.now()) || 0 : undefined,
  );
}

/** A `retry:` that nothing follows, not even a comment: the server says when this client is to come back. */
const LAST_WORD = /(?:^|[\r\n])retry: ?(\d+)[\r\n]+$/;
/** Enough of a stream's end to hold one. */
const TAIL_LENGTH = 64;

async function read(
  body: ReadableStream<Uint8Array>,
  { options, signal, onRetry, onMessages }: Attempt,
  isOurs: boolean,
): Promise<void> {
  const reader = body.getReader();
  // The parser takes one byte order mark away, as the format has it; the decoder would take another.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const messages: WireMessage[] = [];
  const countPieces = createPieceCount();
  let tail = "";
  const parser = createParser({
    maxBufferSize: options.maxEventLength,
    onError({ type }) {
      if (type === "max-buffer-size-exceeded") throw tooLarge();
    },
    onRetry,
    onId: (id) => messages.push({ id, type: "", isOurs }),
    onEvent({ id, event: type = "message", data }) {
      // Its id was told right before.
      if (id !== undefined) messages.pop();
      messages.push({ id, type, data, isOurs });
    },
  });
  // A body that does not come from the network need not know the signal.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) {
        const [, lastWord] = LAST_WORD.exec(tail) ?? [];
        if (lastWord) onRetry(Number(lastWord), true);
        throw new ConnectionError("connection-lost", "closed by the server");
      }
      try {
        const text = decoder.decode(value, { stream: true });
        tail = (tail + text.slice(-TAIL_LENGTH)).slice(-TAIL_LENGTH);
        if (countPieces(text) * PIECE_LENGTH > options.maxEventLength) throw tooLarge();
        parser.feed(text);
      } finally {
        await onMessages(messages.splice(0));
      }
    }
  } finally {
    cancel();
  }
}

function tooLarge(): ConnectionError {
  return new ConnectionError(
    "event-too-large",
    "an event is longer than `maxEventLength`; 64 characters are added for each of its lines",
  );
}

/** What a piece of an event costs beside its characters, in characters. */
const PIECE_LENGTH = 64;

/** Counts the pieces that the parser holds of an event that is not whole yet: its data's lines, and chunks of a line. */
function createPieceCount(): (chunk: string) => number {
  let count = 0;
  let before = "\n";
  return (chunk) => {
    const text = before + chunk;
    before = text.slice(-1);
    const blankLine = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\r\r"), text.lastIndexOf("\n\r"));
    if (blankLine >= 0) count = 0;
    const rest = text.slice(Math.max(0, blankLine));
    return (count += rest.match(/[\r\n]d/g)?.length ?? (/[\r\n]/.test(chunk) ? 0 : 1));
  };
}

function drop({ body }: Response): void {
  body?.cancel().catch(() => {});
}
