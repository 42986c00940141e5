import { parseArgs } from "node:util";
import type { LogLevel } from "../trace/events.ts";
import { parseDuration } from "./duration-text.ts";
import { withoutSecrets } from "../util/plain-error.ts";
import { safeText } from "./safe-text.ts";
import { UsageError } from "./usage-error.ts";

/** In which form it is told what happens. */
export type OutputForm = "screen" | "plain" | "json";

/** What `ssetarget tail` was asked for. */
export interface TailRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: a screen where output is a terminal, else lines. */
  readonly form: OutputForm | undefined;
  /** The least level that is shown; undefined: no log lines. */
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
/** `name: value`, the name being a token of HTTP. */
const HEADER = /^([!#$%&'*+.^`|~\w-]+)\s*:\s*(.*)$/su;

/** Reads the command line. @throws UsageError with words that say what to write instead */
export function readArguments(argv: readonly string[], env: Env): Request {
  const { values, positionals } = parse(argv);
  if (values.help === true) return { type: "help" };
  if (values.version === true) return { type: "version" };
  const [command, target, ...rest] = positionals;
  if (command === undefined) return { type: "help" };
  if (command !== "tail") {
    // What may be a URL is not repeated: it may hold a secret.
    const named = /[:@?=]/.test(command) ? "of this name" : `"${safeText(command)}"`;
    throw new UsageError(`There is no command ${named}; there is \`tail\`.`);
  }
  if (target === undefined) throw new UsageError("`tail` needs the URL of an event stream.");
  if (rest.length > 0) throw new UsageError(`\`tail\` takes one URL, and was given ${rest.length + 1}.`);
  if (values.json === true && values.plain === true) throw new UsageError("Choose one of `--json` and `--plain`.");
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
    // Its first sentence names the option; what follows is about options that look like positionals.
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new UsageError(`${safeText(withoutValues(sentence))}.`);
  }
}

/** What was written after an option, or instead of one, may be a secret. */
function withoutValues(sentence: string): string {
  return withoutSecrets(sentence.replaceAll(/=[^']*/g, "=…").replace(/'(--(?:token|header))[^' ]+'/, "'$1…'"));
}

function readUrl(text: string): { readonly url: string; readonly authorization: string | undefined } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    // It is not repeated: it may hold a password or a token.
    throw new UsageError("`tail` takes the URL of an event stream, which begins with http:// or https://.");
  }
  const { username, password } = url;
  url.username = url.password = url.hash = "";
  if (username === "" && password === "") return { url: url.href, authorization: undefined };
  // `fetch` refuses such a URL, and says the password in its error.
  let pair: string;
  try {
    pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new UsageError("The URL's user name or password is not percent-encoded as it must be; write % as %25.");
  }
  return { url: url.href, authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** None of the errors says a value: it may be a secret. */
function readHeaders(
  lines: readonly string[],
  token: string | undefined,
  authorization: string | undefined,
): Readonly<Record<string, string>> {
  const headers = new Headers();
  if (authorization !== undefined) headers.set("authorization", authorization);
  if (token !== undefined && token !== "") {
    if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError("The token has characters that a header cannot carry.");
    headers.set("authorization", `Bearer ${token}`);
  }
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError('`--header` takes "name: value", for example --header "X-Tenant: 7".');
    }
    try {
      headers.append(name, value);
    } catch {
      throw new UsageError(`The value of \`--header ${name}\` has characters that a header cannot carry.`);
    }
  }
  return Object.fromEntries(headers);
}

function readLogLevel(level: string | undefined, isOff: boolean): LogLevel | undefined {
  if (isOff) {
    if (level !== undefined) throw new UsageError("Choose one of `--logs` and `--no-logs`.");
    return undefined;
  }
  const found = LEVELS.find((known) => known === (level ?? "info"));
  if (found === undefined) throw new UsageError(`\`--logs\` takes one of ${LEVELS.join(", ")}.`);
  return found;
}

function readCursor(text: string | undefined): string | undefined {
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  throw new UsageError("`--last-event-id` takes the id of an event as the stream had it, for example 41.k3x9p0qa.");
}

function readDuration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms < 2 ** 31) return ms;
  throw new UsageError(`\`--${name}\` takes a duration up to 24 days, for example 90s, 10m or 2h.`);
}
