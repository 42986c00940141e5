import type { FetchInit } from "./connect-options.ts";
import { ConnectionError } from "./connection-error.ts";

type Fetch = (url: string, init: FetchInit) => Promise<Response>;

/** As many as `fetch` itself follows. */
const MAX_REDIRECTS = 20;
/** Stands for an origin that only a `fetch` of the user's own knows. */
const UNKNOWN_ORIGIN = "http://unknown.invalid";

/**
 * Sends a request and follows redirects within its origin only: `fetch` by itself would carry custom headers, and the body, to whatever origin a
 * redirect names. Servers see redirects and follow them here. Browsers hide where a redirect goes, so there `fetch` follows, in the mode that does not
 * leave the page's origin; a redirect of another origin cannot be followed at all.
 *
 * @throws ConnectionError `request-refused`
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export async function fetchWithinOrigin(fetch: Fetch, url: string, init: FetchInit): Promise<Response> {
  const { headers, signal } = init;
  let { method = "GET", body } = init;
  let at = new URL(url, UNKNOWN_ORIGIN);
  const { origin } = at;
  for (let count = 0; ; count++) {
    const target = origin === UNKNOWN_ORIGIN ? at.pathname + at.search : at.href;
    const response = await fetch(target, { ...init, method, body, redirect: "manual" });
    if (response.type === "opaqueredirect") return followUnseen(fetch, url, origin, init);
    const { status } = response;
    const location = [301, 302, 303, 307, 308].includes(status) && response.headers.get("location");
    if (!location) return response;
    response.body?.cancel().catch(() => {});
    signal.throwIfAborted();
    const next = URL.canParse(location, at.href) ? new URL(location, at.href) : undefined;
    if (next?.origin !== origin || next.username || next.password) throw refusal(next?.origin, status);
    if (count === MAX_REDIRECTS) throw new ConnectionError("request-refused", "too many redirects", status);
    at = next;
    if (method === "POST" ? status < 304 : status === 303 && method !== "HEAD") {
      method = "GET";
      body = undefined;
      for (const name of ["encoding", "language", "location", "type"]) headers.delete(`content-${name}`);
    }
  }
}

async function followUnseen(fetch: Fetch, url: string, origin: string, init: FetchInit): Promise<Response> {
  if (origin !== globalThis.location?.origin) throw refusal();
  try {
    return await fetch(url, { ...init, mode: "same-origin", redirect: "follow" });
  } catch {
    init.signal.throwIfAborted();
    throw refusal();
  }
}

function refusal(origin = "another origin, or to one that cannot be seen here", status?: number): ConnectionError {
  return new ConnectionError(
    "request-refused",
    `redirected to ${origin}: \`headers\`, \`token\` and \`body\` are not sent there; connect to the final URL itself`,
    status,
  );
}
