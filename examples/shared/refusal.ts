/** The response to a refused request. */
export interface Refusal {
  readonly status: 403 | 415;
  readonly sentence: string;
}

const LOCAL_HOSTS: readonly string[] = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Checks that every server here makes first. Copy it: it keeps other sites' pages from using your server.
 *
 * - `Host`: any site can point its domain at this address (DNS rebinding). The browser then treats that site's page and this
 *   server as one origin, and only the `Host` header differs. This works for reading streams too, so all methods are checked.
 * - `Origin` and `Sec-Fetch-Site`: a browser says which page sends a request. Programs such as curl do not.
 * - `Content-Type`: another site's form or script can send text without a preflight, but not JSON.
 *
 * It does not identify the user: for that you need a session, as the chat has.
 *
 * @param hosts host names of this server
 */
export function refusalOf(
  method: string | undefined,
  header: (name: string) => string | null | undefined,
  hosts: readonly string[] = LOCAL_HOSTS,
): Refusal | undefined {
  const host = header("host") ?? "";
  if (!hosts.includes(host.replace(/:\d+$/, ""))) return refuse(403, "Unknown host name.");
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return undefined;
  const origin = header("origin") ?? `http://${host}`;
  const site = header("sec-fetch-site") ?? "same-origin";
  const isOwnPage = /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "") === host;
  if (!isOwnPage || !["same-origin", "none"].includes(site))
    return refuse(403, "Requests from other sites are not allowed.");
  const type = header("content-type") ?? "application/json";
  if (!/^application\/json\s*(;|$)/i.test(type))
    return refuse(415, "Send JSON, with `content-type: application/json`.");
  return undefined;
}

function refuse(status: Refusal["status"], sentence: string): Refusal {
  return { status, sentence };
}
