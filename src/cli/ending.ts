import { constants } from "node:os";
import type { ConnectionError } from "../client/connection-error.ts";
import type { EndData } from "../event/event.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { withoutSecrets } from "../util/plain-error.ts";
import { durationText } from "./duration-text.ts";
import { type Line, part } from "./line.ts";
import { safeText } from "./safe-text.ts";
import { judge } from "./verdict.ts";

/** Why it is over. */
export type Ending =
  /** The server said so, and perhaps why; or nothing has come for as long as was asked for. */
  | { readonly type: "ended"; readonly end?: EndData }
  | { readonly type: "refused"; readonly error: ConnectionError }
  | { readonly type: "timeout"; readonly timeoutMs: number }
  | { readonly type: "signal"; readonly signal: "SIGINT" | "SIGTERM" | "SIGHUP" }
  /** Whoever read the output has gone. */
  | { readonly type: "unread" };

export interface EndingFacts {
  readonly tree: SpanTree;
  /** As it may be shown: without name, password and query. */
  readonly url: string;
  readonly hasCredentials: boolean;
  readonly lastEventId: string;
}

/** How a process says that it ended, and what it says last. */
export interface Conclusion {
  readonly exitCode: number;
  readonly lines: readonly Line[];
}

const EXIT_FAILED = 1;
const EXIT_REFUSED = 3;
/** As timeout(1) has it. */
const EXIT_TIMEOUT = 124;
/** As shells have it for a process that a signal has ended. */
const EXIT_SIGNAL_BASE = 128;

export function conclude(ending: Ending, facts: EndingFacts): Conclusion {
  switch (ending.type) {
    case "ended": {
      const { isGood, lines } = judge(facts.tree.roots, ending.end);
      return { exitCode: isGood ? 0 : EXIT_FAILED, lines: [...lines, ...gapLines(facts)] };
    }
    case "refused":
      return { exitCode: EXIT_REFUSED, lines: [{ parts: [part(refusalText(ending.error, facts), "failed")] }] };
    case "timeout": {
      const { running, waiting } = facts.tree.totals;
      const open = running + waiting;
      const words = `Not over after ${durationText(ending.timeoutMs)}; ${open} ${open === 1 ? "span is" : "spans are"} open.`;
      return { exitCode: EXIT_TIMEOUT, lines: [{ parts: [part(words)] }, ...resumeLines(facts)] };
    }
    case "signal":
      return {
        exitCode: EXIT_SIGNAL_BASE + constants.signals[ending.signal],
        lines: [{ parts: [part("No longer watched; what was watched goes on.", "quiet")] }, ...resumeLines(facts)],
      };
    case "unread":
      return { exitCode: EXIT_SIGNAL_BASE + constants.signals.SIGPIPE, lines: [] };
  }
}

function gapLines({ tree }: EndingFacts): Line[] {
  const isMissing = tree.gaps.some(({ reason }) => reason === "trimmed" || reason === "overflow");
  return isMissing
    ? [{ parts: [part("Some of the history is missing, and what is said here may lack it.", "waiting")] }]
    : [];
}

function resumeLines({ lastEventId }: EndingFacts): Line[] {
  // This is copied into a shell, and the id is the server's: nothing in it is a command there.
  if (!/^[\x21-\x7e]{1,300}$/.test(lastEventId)) return [];
  const quoted = /^[\w.:-]+$/.test(lastEventId) ? lastEventId : `'${lastEventId.replaceAll("'", String.raw`'\''`)}'`;
  return [{ parts: [part(`What follows: --last-event-id ${quoted}`, "quiet")] }];
}

function refusalText(error: ConnectionError, { url, hasCredentials }: EndingFacts): string {
  const { code, status } = error;
  if (code === "not-an-event-stream") {
    return `${url} is no event stream; it may be a page about one. Streams of ssetarget often end in /sse.`;
  }
  if (code === "event-too-large") return `${url} has an event that is too large to be read.`;
  if (status !== undefined && status >= 300 && status < 400) return safeText(`${url} (${status}): ${error.message}.`);
  switch (status) {
    case 401:
      return hasCredentials
        ? `The server does not accept these credentials (401).`
        : `The server wants to know who asks (401). Set SSETARGET_TOKEN, or give a --header.`;
    case 403:
      return `The server does not show this stream to you (403).`;
    case 404:
      return `There is no stream at ${url} (404). Paths of streams often end in /sse; it may also be over and forgotten.`;
    case undefined:
      return `${url} cannot be reached: ${reasonOf(error)}.`;
    default:
      return `There is no stream to be had from ${url}: the server answers ${status}.`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "no host has this name",
  EAI_AGAIN: "the host's name cannot be looked up just now",
  ETIMEDOUT: "it does not answer",
  CERT_HAS_EXPIRED: "its certificate has expired",
};

/** The innermost reason, in words where it is a common one. */
function reasonOf(error: Error): string {
  let innermost: unknown = error;
  for (let depth = 0; depth < 5 && innermost instanceof Error && innermost.cause !== undefined; depth++) {
    innermost = innermost.cause;
  }
  const code = (innermost as { readonly code?: unknown } | null)?.code;
  const message = innermost instanceof Error ? innermost.message : String(innermost);
  if (typeof code !== "string") return safeText(withoutSecrets(message));
  return `${REASONS[code] ?? safeText(withoutSecrets(message))} (${code})`;
}
