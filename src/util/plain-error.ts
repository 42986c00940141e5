/** Longer texts of foreign errors are cut. */
const MAX_LENGTH = 2_000;
const MAX_DEPTH = 5;

/**
 * The text without what may be a secret: passwords and queries of URLs, credentials, arguments of Redis' commands.
 *
 * @param url one that is hidden whole, if it is absolute
 */
export function withoutSecrets(text: string, url = ""): string {
  const { origin } = /^https?:/.test(url) ? new URL(url) : { origin: "" };
  return (origin ? text.replaceAll(url, `${origin}/…`) : text)
    .slice(0, MAX_LENGTH)
    .replaceAll(/:\/\/[^\s/?#"'<>]*@/g, "://…@")
    .replaceAll(/(:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/g, "$1?…")
    .replaceAll(/[?#][^\s"'<>?#]*=[^\s"'<>]*/g, "?…")
    .replaceAll(/\b(Bearer|Basic) [^\s"',]+/gi, "$1 …")
    .replaceAll(/(args beginning with:).*/g, "$1 …");
}

/**
 * A copy of a foreign error that may be kept as a `cause`, logged and inspected: name, message, code, stack, and causes, without secrets. Clients
 * attach what they were doing: ioredis the command `AUTH` with its password, others the request with its headers.
 *
 * @param url as for {@link withoutSecrets}
 */
export function plainError(thrown: unknown, url?: string, depth = 0): unknown {
  if (typeof thrown !== "object" || thrown === null) return withoutSecrets(String(thrown), url);
  const { name, message, code, stack, cause } = thrown as Partial<Record<keyof Error | "code", unknown>>;
  const isNested = cause !== undefined && depth < MAX_DEPTH;
  const copy = new Error(
    withoutSecrets(String(message ?? ""), url),
    isNested ? { cause: plainError(cause, url, depth + 1) } : undefined,
  ) as Error & { code?: unknown };
  copy.name = String(name ?? "Error");
  if (typeof code === "string" || typeof code === "number") copy.code = code;
  if (typeof stack === "string") copy.stack = withoutSecrets(stack, url);
  return copy;
}

/** What was thrown says, without secrets. */
export function messageOf(thrown: unknown): string {
  return withoutSecrets(thrown instanceof Error ? thrown.message : String(thrown));
}
