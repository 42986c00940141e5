/** Makes paths absolute; never seen by anyone. */
const BASE_URL = "http://localhost";

const PARTS = /^(?:https?:\/\/([^/?]*))?([^?]*)/i;
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Reads a request's URL (an absolute one, or path and query). Answers with a sentence, for 400, if it is malformed or can
 * mean more than one thing.
 *
 * URL parsers repair what clients send: `\` becomes `/`, `..` goes up, `#` cuts off. Whoever reads the text without
 * repairing it, such as a proxy, a log or `authorize`, would then see another path than the one that is served.
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-request-target
 */
export function parseTarget(target: string): URL | string {
  if (target.includes("#")) return "The request's URL must not have a fragment (#).";
  if (target.includes("\\")) return "The request's URL must not have a backslash.";
  if (/[^\x21-\x7E]/.test(target)) return "The request's URL must be printable ASCII; percent-encode the rest.";
  const [, authority, path = ""] = PARTS.exec(target) ?? [];
  if (authority === undefined && !path.startsWith("/")) {
    return 'The request\'s URL must be a path that begins with "/", or an absolute http or https URL.';
  }
  if (authority?.includes("@") === true) return "The request's URL must not have a user name or password.";
  if (DOT_SEGMENT.test(path)) return 'The request\'s path must not have the segments "." and "..".';
  try {
    // A path of `//host/x` is a path, not another host.
    return new URL(authority === undefined ? BASE_URL + target : target);
  } catch {
    return "The request's URL cannot be read.";
  }
}
