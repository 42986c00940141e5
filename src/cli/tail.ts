import process from "node:process";
import { toDispatched, type ReceivedEvent } from "../client/client-event.ts";
import { ConnectionError } from "../client/connection-error.ts";
import { type TraceWatch, watchTrace } from "../client/watch-trace.ts";
import { END_EVENT_TYPE, type EndData } from "../event/event.ts";
import type { TailRequest } from "./arguments.ts";
import { exitOf, type ExitCause } from "./exit.ts";
import { LineView, type TailView } from "./line-view.ts";
import { colourPalette, plainPalette, wantsColour } from "./palette.ts";
import { plainLine } from "./plain-line.ts";
import { safeJson } from "./safe-text.ts";
import { ScreenView } from "./screen-view.ts";

/** How long a server that has never answered is retried: it may be starting, or the URL may be wrong. */
const PATIENCE_MS = 10_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Follows the stream until it ends. @returns the exit code */
export async function tail(request: TailRequest): Promise<number> {
  const startedAtMs = performance.now();
  const watch = watchTrace(request.url, {
    headers: request.headers,
    snapshot: { events: [], lastEventId: request.lastEventId ?? "" },
    onError: (error) => view.complain(error),
  });
  const { tree, connection } = watch;
  const view = openView(request, watch);
  let cause: ExitCause | undefined;
  const end = (by: ExitCause): void => {
    cause ??= by;
    connection.close();
  };

  let hasOpened = false;
  const giveUp = (): void => {
    const { status, error } = connection.state;
    if (!hasOpened && status === "waiting" && error !== undefined) end({ type: "refused", error });
  };
  connection.subscribe(() => {
    hasOpened ||= watch.state.status === "open";
    if (performance.now() - startedAtMs > PATIENCE_MS) giveUp();
  });
  setTimeout(giveUp, PATIENCE_MS);
  // Once: a second signal ends the process at once.
  for (const signal of SIGNALS) process.once(signal, () => end({ type: "signal", signal }));
  process.stdout.on("error", () => end({ type: "unread" }));
  const { timeoutMs } = request;
  if (timeoutMs !== undefined) setTimeout(() => end({ type: "timeout", timeoutMs }), timeoutMs);
  const idle = new IdleTimer(request.untilIdleMs, () => {
    if (hasOpened && tree.totals.running + tree.totals.waiting === 0) end({ type: "ended" });
  });

  try {
    for await (const event of connection) {
      idle.restart();
      if (event.type === END_EVENT_TYPE) cause ??= { type: "ended", end: event.data as EndData };
      if (!view.take(event)) await Promise.race([view.drained(), connection.closed]);
    }
    cause ??= { type: "ended" };
  } catch (error) {
    if (cause === undefined && !(error instanceof ConnectionError)) throw error;
    cause ??= { type: "refused", error: error as ConnectionError };
  }
  const { exitCode, lines } = exitOf(cause, {
    tree,
    url: shownUrl(request.url),
    hasCredentials: "authorization" in request.headers,
    lastEventId: connection.lastEventId,
  });
  view.finish(lines);
  return exitCode;
}

function openView({ form, logLevel }: TailRequest, watch: TraceWatch): TailView {
  const { stdout, stderr, env } = process;
  const isScreen = form === undefined && stdout.isTTY && env["TERM"] !== "dumb";
  const palette = wantsColour(env, (isScreen ? stdout : stderr).isTTY) ? colourPalette : plainPalette;
  if (isScreen) return new ScreenView({ terminal: stdout, watch, palette, logLevel });
  const lineOf =
    form === "json"
      ? ({ type, id, lastEventId, data }: ReceivedEvent) => safeJson(JSON.stringify({ type, id, lastEventId, data }))
      : (event: ReceivedEvent) => plainLine(toDispatched(event), watch.tree, logLevel);
  return new LineView({ connection: watch.connection, output: stdout, notices: stderr, palette, lineOf });
}

/** The URL without parts that may be secret. */
function shownUrl(href: string): string {
  const { origin, pathname } = new URL(href);
  return origin + pathname;
}

/** Calls back at intervals of `idleMs` since the last restart: the listener may have to wait for more than silence. */
class IdleTimer {
  readonly #idleMs: number | undefined;
  readonly #onIdle: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(idleMs: number | undefined, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.restart();
  }

  restart(): void {
    clearInterval(this.#timer);
    if (this.#idleMs !== undefined) this.#timer = setInterval(this.#onIdle, this.#idleMs);
  }
}
