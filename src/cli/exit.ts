import { constants } from "node:os";
import type { ConnectionError } from "../client/connection-error.ts";
import type { EndData } from "../event/event.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { withoutSecrets } from "../util/plain-error.ts";
import { durationText } from "./duration-text.ts";
import { type Line, part } from "./line.ts";
import { safeText } from "./safe-text.ts";
import { summarize } from "./summary.ts";

/** Why `tail` exits. */
export type ExitCause =
  /** The stream ended, perhaps with a reason; or `--until-idle` applied. */
  | { readonly type: "ended"; readonly end?: EndData }
  | { readonly type: "refused"; readonly error: ConnectionError }
  | { readonly type: "timeout"; readonly timeoutMs: number }
  | { readonly type: "signal"; readonly signal: "SIGINT" | "SIGTERM" | "SIGHUP" }
  /** The reader of the output has closed it. */
  | { readonly type: "unread" };

export interface ExitFacts {
  readonly tree: SpanTree;
  /** Safe to show: without user name, password, and query. */
  readonly url: string;
  readonly hasCredentials: boolean;
  readonly lastEventId: string;
}

/** The exit code and the last lines of output. */
export interface Exit {
  readonly exitCode: number;
  readonly lines: readonly Line[];
}

const EXIT_FAILED = 1;
const EXIT_REFUSED = 3;
/** The same as timeout(1). */
const EXIT_TIMEOUT = 124;
/** Shells add this to a signal's number. */
const EXIT_SIGNAL_BASE = 128;

export function exitOf(cause: ExitCause, facts: ExitFacts): Exit {
  switch (cause.type) {
    case "ended": {
      const { isGood, lines } = summarize(facts.tree.roots, cause.end);
      return { exitCode: isGood ? 0 : EXIT_FAILED, lines: [...lines, ...gapLines(facts)] };
    }
    case "refused":
      return { exitCode: EXIT_REFUSED, lines: [{ parts: [part(refusalText(cause.error, facts), "failed")] }] };
    case "timeout": {
      const { running, waiting } = facts.tree.totals;
      const open = running + waiting;
      const words = `Timed out after ${durationText(cause.timeoutMs)}; ${open} ${open === 1 ? "span is" : "spans are"} open.`;
      return { exitCode: EXIT_TIMEOUT, lines: [{ parts: [part(words)] }, ...resumeLines(facts)] };
    }
    case "signal":
      return {
        exitCode: EXIT_SIGNAL_BASE + constants.signals[cause.signal],
        lines: [{ parts: [part("Stopped watching; the run continues.", "quiet")] }, ...resumeLines(facts)],
      };
    case "unread":
      return { exitCode: EXIT_SIGNAL_BASE + constants.signals.SIGPIPE, lines: [] };
  }
}

function gapLines({ tree }: ExitFacts): Line[] {
  const isMissing = tree.gaps.some(({ reason }) => reason === "trimmed" || reason === "overflow");
  return isMissing ? [{ parts: [part("Part of the history is missing, so this may be incomplete.", "waiting")] }] : [];
}

function resumeLines({ lastEventId }: ExitFacts): Line[] {
  // Users paste this into a shell, and the id comes from the server: it must not act as a command.
  if (!/^[\x21-\x7e]{1,300}$/.test(lastEventId)) return [];
  const quoted = /^[\w.:-]+$/.test(lastEventId) ? lastEventId : `'${lastEventId.replaceAll("'", String.raw`'\''`)}'`;
  return [{ parts: [part(`To resume: --last-event-id ${quoted}`, "quiet")] }];
}

function refusalText(error: ConnectionError, { url, hasCredentials }: ExitFacts): string {
  const { code, status } = error;
  if (code === "not-an-event-stream") {
    return `${url} is not an event stream; it may be a page about one. Stream URLs often end in /sse.`;
  }
  if (code === "event-too-large") return `${url} sent an event that is too large.`;
  if (status !== undefined && status >= 300 && status < 400) return safeText(`${url} (${status}): ${error.message}.`);
  switch (status) {
    case 401:
      return hasCredentials
        ? `The server rejected the credentials (401).`
        : `You are not signed in (401). Set SSETARGET_TOKEN, or use --header.`;
    case 403:
      return `You do not have access to this stream (403).`;
    case 404:
      return `There is no stream at ${url} (404). Stream URLs often end in /sse; it may also have been deleted.`;
    case undefined:
      return `Cannot reach ${url}: ${reasonOf(error)}.`;
    default:
      return `Cannot read ${url}: the server responded with ${status}.`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "no response",
  CERT_HAS_EXPIRED: "the certificate has expired",
};

/** The innermost reason, in words if it is a common one. */
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
