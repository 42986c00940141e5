import type { Cursor } from "../event/event.ts";
import { parseCursor } from "../event/cursor.ts";
import { parseTarget } from "./request-target.ts";

/** A request as far as deciding about it needs: made from a web `Request`, or from Node's without building one. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, or an absolute URL, as it was received: it is checked and parsed once, for all that depends on it. */
  readonly url: string;
  /** Why the request is refused with 400 whatever its URL: a sentence. */
  readonly malformed?: string | undefined;
  /** What the request shares with others of the same client, if one connection carries several at once: an HTTP/2 session. */
  readonly session?: object | undefined;
  header(name: string): string | null;
  /**
   * The request for `authorize`; built only if somebody asks.
   *
   * @param url the URL that is served; what is built must show this one
   */
  toRequest(url: string): Request;
}

/** The head of a web `Request`. */
export function requestHead(request: Request): RequestHead {
  return {
    method: request.method,
    url: request.url,
    header: (name) => request.headers.get(name),
    toRequest: (url) => (url === request.url ? request : new Request(url, request)),
  };
}

/** The URL of a request, or a sentence that refuses it with 400. One parse makes the URL that is routed and authorized. */
export function urlOf(head: RequestHead): URL | string {
  return head.malformed ?? parseTarget(head.url);
}

/**
 * The id that a request resumes at: the `Last-Event-ID` header, else the `lastEventId` query parameter, else none.
 *
 * The header wins because a browser that reconnects sends the newer one there, and leaves the URL as it was.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
 */
export function lastEventIdOf(head: RequestHead, url: URL | string): string | undefined {
  const fromQuery = typeof url === "string" ? null : url.searchParams.get("lastEventId");
  return fromUtf8(head.header("last-event-id")) || fromQuery || undefined;
}

/** The same as the cursor of a stored stream. */
export function requestCursor(head: RequestHead, url: URL): Cursor | "unknown" | undefined {
  const text = lastEventIdOf(head, url);
  return text === undefined ? undefined : (parseCursor(text) ?? "unknown");
}

/** Browsers send an id in UTF-8; headers are read as if each byte were a character. What is no UTF-8 stays as it is. */
function fromUtf8(header: string | null): string | null {
  if (header === null || !/[\x80-\xFF]/.test(header)) return header;
  try {
    return decodeURIComponent(header.replaceAll(/[%\x80-\xFF]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`));
  } catch {
    return header;
  }
}

/** Whether the client takes `text/event-stream`; one that says nothing takes anything. */
export function acceptsEventStream(accept: string | null): boolean {
  if (!accept) return true;
  return accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (type !== "*/*" && type !== "text/*" && type !== "text/event-stream") return false;
    return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
