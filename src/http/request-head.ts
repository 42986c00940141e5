import type { Cursor } from "../event.ts";
import { parseCursor } from "../wire/cursor-text.ts";

/** A request as far as deciding about it needs: made from a web `Request`, or from Node's without building one. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, or an absolute URL. */
  readonly url: string;
  header(name: string): string | null;
  /** The request for `authorize`; built only where somebody asks. */
  toRequest(): Request;
}

/** The head of a web `Request`. */
export function requestHead(request: Request): RequestHead {
  return {
    method: request.method,
    url: request.url,
    header: (name) => request.headers.get(name),
    toRequest: () => request,
  };
}

/** Makes paths absolute; never seen by anyone. */
const BASE_URL = "http://localhost";

/** The URL of a request, or `undefined` where it has none that can be read. */
export function parseUrl(head: RequestHead): URL | undefined {
  try {
    // A path of `//host/x` is a path, not another host.
    return new URL(head.url.startsWith("/") ? BASE_URL + head.url : head.url, BASE_URL);
  } catch {
    return undefined;
  }
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
