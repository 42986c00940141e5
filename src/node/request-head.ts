import type { IncomingMessage } from "node:http";
import type { RequestHead } from "../http/request-head.ts";

/** The characters of a host name, an IPv4 or an IPv6 address, and a port. */
const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?$/i;
const ABSOLUTE = /^(https?):\/\/([^/?#\\]*)/i;

/** The head of a request of Node's. */
export function nodeRequestHead(request: IncomingMessage): RequestHead {
  const { url, host, malformed } = targetUri(request);
  const method = request.method ?? "GET";
  return {
    method,
    url,
    malformed,
    session: (request as { stream?: { session?: object } }).stream?.session,
    header: (name) => headerOf(request, name),
    toRequest: (shown) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) {
        // HTTP/2's pseudo headers are not headers.
        if (value === undefined || name.startsWith(":")) continue;
        for (const each of Array.isArray(value) ? value : [value]) headers.append(name, each);
      }
      headers.set("host", host);
      return new Request(shown, { method, headers });
    },
  };
}

interface TargetUri {
  /** Absolute, as it was received. */
  readonly url: string;
  readonly host: string;
  readonly malformed?: string;
}

/**
 * What the request is for, put together from its target, its host and its connection as HTTP demands.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-reconstructing-the-target-u
 */
function targetUri(request: IncomingMessage): TargetUri {
  // Frameworks that mount a handler below a path cut `url` and keep the whole in `originalUrl`.
  const target = (request as { originalUrl?: string }).originalUrl ?? request.url ?? "";
  const scheme = "encrypted" in (request.socket ?? {}) ? "https" : "http";
  const host = hostOf(request);
  if (host === undefined) {
    return { url: target, host: "", malformed: "The request must name one host, in one well-formed Host header." };
  }
  const absolute = ABSOLUTE.exec(target);
  if (absolute === null) {
    const isPath = target.startsWith("/");
    return isPath
      ? { url: `${scheme}://${host}${target}`, host }
      : { url: target, host, malformed: 'The request\'s target must be a path that begins with "/".' };
  }
  const [, itsScheme = "", itsHost = ""] = absolute;
  if (itsScheme.toLowerCase() !== scheme || !HOST.test(itsHost)) {
    return { url: target, host, malformed: `The request's URL must be ${scheme}:// and one well-formed host.` };
  }
  // The host of an absolute target replaces the header: RFC 9112, 3.2.2.
  return { url: target, host: itsHost };
}

/** The one host that the request names; `undefined` if it is missing, malformed, or there are several. */
function hostOf(request: IncomingMessage): string | undefined {
  const hosts = new Set<string>();
  const raw: unknown = request.rawHeaders;
  if (Array.isArray(raw)) {
    let count = 0;
    for (let at = 0; at < raw.length; at += 2) {
      const name = String(raw[at]).toLowerCase();
      if (name === "host") count++;
      if (name === "host" || name === ":authority") hosts.add(String(raw[at + 1]));
    }
    if (count > 1) return undefined;
  }
  // What imitates a request may have no raw headers.
  if (hosts.size === 0) {
    for (const name of ["host", ":authority"]) {
      const value = headerOf(request, name);
      if (value !== null) hosts.add(value);
    }
  }
  if (hosts.size > 1) return undefined;
  const [host] = hosts;
  // HTTP/1.0 has no Host header, and what imitates a request may have none.
  if (host === undefined)
    return request.httpVersionMajor >= 2 || request.httpVersion === "1.1" ? undefined : "localhost";
  return HOST.test(host) ? host : undefined;
}

function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
}
