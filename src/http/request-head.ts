import type { Cursor } from "../event/event.ts";
import { parseCursor } from "../event/cursor.ts";

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

/**
 * The resume point: the `Last-Event-ID` header, else the `lastEventId` query parameter, else none.
 *
 * The header wins because a browser that reconnects sends the newer one there, and leaves the URL as it was.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
 */
export function requestCursor(head: RequestHead, url: URL): Cursor | "unknown" | undefined {
  const text = head.header("last-event-id") || url.searchParams.get("lastEventId");
  if (!text) return undefined;
  return parseCursor(text) ?? "unknown";
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
