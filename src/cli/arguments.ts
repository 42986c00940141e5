import { parseArgs } from "node:util";
import type { LogLevel } from "../trace/events.ts";
import { parseDuration } from "./duration-text.ts";
import { withoutSecrets } from "../util/plain-error.ts";
import { safeText } from "./safe-text.ts";

/** The form of the output. */
export type OutputForm = "screen" | "plain" | "json";

/** The parsed command line of `ssetarget tail`. */
export interface TailRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: a screen if the output is a terminal, else lines. */
  readonly form: OutputForm | undefined;
  /** The lowest level shown; undefined: no log lines. */
  readonly logLevel: LogLevel | undefined;
  readonly lastEventId: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly untilIdleMs: number | undefined;
}

export type Request =
  | { readonly type: "help" }
  | { readonly type: "version" }
  | { readonly type: "tail"; readonly tail: TailRequest };

type Env = Readonly<Record<string, string | undefined>>;

const OPTIONS = {
  header: { type: "string", short: "H", multiple: true },
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
  "last-event-id": { type: "string" },
  logs: { type: "string" },
  "no-logs": { type: "boolean" },
  plain: { type: "boolean" },
  timeout: { type: "string" },
  token: { type: "string" },
  "until-idle": { type: "string" },
  version: { type: "boolean", short: "v" },
} as const;

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
/** `name: value`; the name is an HTTP token. */
const HEADER = /^([!#$%&'*+.^`|~\w-]+)\s*:\s*(.*)$/su;

/** A mistake on the command line. The message says how to fix it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Parses the command line. @throws UsageError with a message that says what to write instead */
export function readArguments(argv: readonly string[], env: Env): Request {
  const { values, positionals } = parse(argv);
  if (values.help === true) return { type: "help" };
  if (values.version === true) return { type: "version" };
  const [command, target, ...rest] = positionals;
  if (command === undefined) return { type: "help" };
  if (command !== "tail") {
    // Do not repeat a possible URL: it may contain a secret.
    const named = /[:@?=]/.test(command) ? "" : ` "${safeText(command)}"`;
    throw new UsageError(`Unknown command${named}; use \`tail\`.`);
  }
  if (target === undefined) throw new UsageError("`tail` needs the URL of an event stream.");
  if (rest.length > 0) throw new UsageError(`\`tail\` takes one URL, got ${rest.length + 1}.`);
  if (values.json === true && values.plain === true) throw new UsageError("Use either `--json` or `--plain`.");
  const { url, authorization } = readUrl(target);
  return {
    type: "tail",
    tail: {
      url,
      headers: readHeaders(values.header ?? [], values.token ?? env["SSETARGET_TOKEN"], authorization),
      form: values.json === true ? "json" : values.plain === true ? "plain" : undefined,
      logLevel: readLogLevel(values.logs, values["no-logs"] === true),
      lastEventId: readCursor(values["last-event-id"]),
      timeoutMs: readDuration("timeout", values.timeout),
      untilIdleMs: readDuration("until-idle", values["until-idle"]),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // The first sentence names the option; the rest explains options that look like positionals.
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new UsageError(`${safeText(withoutValues(sentence))}.`);
  }
}

/** Option values may be secrets, and so may text in place of an option. */
function withoutValues(sentence: string): string {
  return withoutSecrets(sentence.replaceAll(/=[^']*/g, "=…").replace(/'(--(?:token|header))[^' ]+'/, "'$1…'"));
}

function readUrl(text: string): { readonly url: string; readonly authorization: string | undefined } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    // Do not repeat it: it may contain a password or a token.
    throw new UsageError("`tail` needs a URL that starts with http:// or https://.");
  }
  const { username, password } = url;
  url.username = url.password = url.hash = "";
  if (username === "" && password === "") return { url: url.href, authorization: undefined };
  // `fetch` refuses such a URL, with the password in its error.
  let pair: string;
  try {
    pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new UsageError("The URL's user name or password is not percent-encoded correctly; write % as %25.");
  }
  return { url: url.href, authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** Errors never contain a value: it may be a secret. */
function readHeaders(
  lines: readonly string[],
  token: string | undefined,
  authorization: string | undefined,
): Readonly<Record<string, string>> {
  const headers = new Headers();
  if (authorization !== undefined) headers.set("authorization", authorization);
  if (token !== undefined && token !== "") {
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new UsageError("The token contains characters that are not allowed in a header.");
    headers.set("authorization", `Bearer ${token}`);
  }
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError('`--header` needs "name: value", for example --header "X-Tenant: 7".');
    }
    try {
      headers.append(name, value);
    } catch {
      throw new UsageError(`The value of \`--header ${name}\` contains characters that are not allowed in a header.`);
    }
  }
  return Object.fromEntries(headers);
}

function readLogLevel(level: string | undefined, isOff: boolean): LogLevel | undefined {
  if (isOff) {
    if (level !== undefined) throw new UsageError("Use either `--logs` or `--no-logs`.");
    return undefined;
  }
  const found = LEVELS.find((known) => known === (level ?? "info"));
  if (found === undefined) throw new UsageError(`\`--logs\` must be one of ${LEVELS.join(", ")}.`);
  return found;
}

function readCursor(text: string | undefined): string | undefined {
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  throw new UsageError("`--last-event-id` must be an event id from the stream, for example 41.k3x9p0qa.");
}

function readDuration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms < 2 ** 31) return ms;
  throw new UsageError(`\`--${name}\` must be a duration up to 24 days, for example 90s, 10m, or 2h.`);
}
