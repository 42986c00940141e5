/** Why a request is refused, as it is answered. */
export interface Refusal {
  readonly status: 403 | 415;
  readonly sentence: string;
}

const LOCAL_HOSTS: readonly string[] = ["127.0.0.1", "localhost", "[::1]"];

/**
 * What every server here checks before it looks at a request. Copy it: it keeps pages of other sites from using yours.
 *
 * - `Host`: any site can point a name of its own at this address (DNS rebinding). The browser then takes its page and this
 *   server for one origin, and only the `Host` header tells them apart. Streams are read this way too, so all methods are checked.
 * - `Origin` and `Sec-Fetch-Site`: a browser says which page a request comes from. Programs such as curl say nothing.
 * - `Content-Type`: a form or a script of another site can send text without asking first, but not JSON.
 *
 * It does not say who somebody is: for that you need a session, as the chat has.
 *
 * @param hosts the names that this server is reached by
 */
export function refusalOf(
  method: string | undefined,
  header: (name: string) => string | null | undefined,
  hosts: readonly string[] = LOCAL_HOSTS,
): Refusal | undefined {
  const host = header("host") ?? "";
  if (!hosts.includes(host.replace(/:\d+$/, ""))) return refuse(403, "This server is not called that.");
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return undefined;
  const origin = header("origin") ?? `http://${host}`;
  const site = header("sec-fetch-site") ?? "same-origin";
  const isOwnPage = /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "") === host;
  if (!isOwnPage || !["same-origin", "none"].includes(site))
    return refuse(403, "Only this server's own page may do that.");
  const type = header("content-type") ?? "application/json";
  if (!/^application\/json\s*(;|$)/i.test(type))
    return refuse(415, "Send JSON, with `content-type: application/json`.");
  return undefined;
}

function refuse(status: Refusal["status"], sentence: string): Refusal {
  return { status, sentence };
}
