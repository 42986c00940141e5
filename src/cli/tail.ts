import process from "node:process";
import { toDispatched, type ReceivedEvent } from "../client/client-event.ts";
import { connect } from "../client/connect.ts";
import { ConnectionError } from "../client/connection-error.ts";
import { END_EVENT_TYPE, type EndData } from "../event/event.ts";
import { SpanTree } from "../trace/tree/tree.ts";
import type { TailRequest } from "./arguments.ts";
import { conclude, type Ending } from "./ending.ts";
import { LineView } from "./line-view.ts";
import { colourPalette, plainPalette, wantsColour } from "./palette.ts";
import { plainLine } from "./plain-line.ts";
import { safeJson } from "./safe-text.ts";
import { ScreenView } from "./screen-view.ts";
import type { TailView } from "./tail-view.ts";

/** A server that has never answered is tried for so long: it may just be starting, or the URL may be wrong. */
const PATIENCE_MS = 10_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Watches the stream until it is over, and answers with the exit code. */
export async function tail(request: TailRequest): Promise<number> {
  const tree = new SpanTree();
  const view = openView(request, tree);
  const startedAtMs = performance.now();
  const connection = connect(request.url, {
    headers: request.headers,
    lastEventId: request.lastEventId,
    onError: (error) => view.complain(error),
  });
  let ending: Ending | undefined;
  const end = (by: Ending): void => {
    ending ??= by;
    connection.close();
  };

  let hasOpened = false;
  const giveUp = (): void => {
    const { status, error } = connection.state;
    if (!hasOpened && status === "waiting" && error !== undefined) end({ type: "refused", error });
  };
  connection.subscribe(() => {
    const { state } = connection;
    view.connectionChanged(state);
    hasOpened ||= state.status === "open";
    if (performance.now() - startedAtMs > PATIENCE_MS) giveUp();
  });
  setTimeout(giveUp, PATIENCE_MS);
  // Once: a second one ends the process, whatever it is still at.
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
      tree.apply(toDispatched(event));
      if (event.type === END_EVENT_TYPE) ending ??= { type: "ended", end: event.data as EndData };
      if (!view.take(event)) await Promise.race([view.drained(), connection.closed]);
    }
    ending ??= { type: "ended" };
  } catch (error) {
    if (ending === undefined && !(error instanceof ConnectionError)) throw error;
    ending ??= { type: "refused", error: error as ConnectionError };
  }
  const { exitCode, lines } = conclude(ending, {
    tree,
    url: shownUrl(request.url),
    hasCredentials: "authorization" in request.headers,
    lastEventId: connection.lastEventId,
  });
  view.finish(lines);
  return exitCode;
}

function openView({ form, logLevel }: TailRequest, tree: SpanTree): TailView {
  const { stdout, stderr, env } = process;
  const isScreen = form === undefined && stdout.isTTY && env["TERM"] !== "dumb";
  const palette = wantsColour(env, (isScreen ? stdout : stderr).isTTY) ? colourPalette : plainPalette;
  if (isScreen) return new ScreenView({ terminal: stdout, tree, palette, logLevel });
  const lineOf =
    form === "json"
      ? ({ type, id, lastEventId, data }: ReceivedEvent) => safeJson(JSON.stringify({ type, id, lastEventId, data }))
      : (event: ReceivedEvent) => plainLine(toDispatched(event), tree, logLevel);
  return new LineView({ output: stdout, notices: stderr, palette, lineOf });
}

/** The URL without what may be a secret. */
function shownUrl(href: string): string {
  const { origin, pathname } = new URL(href);
  return origin + pathname;
}

/** Calls back when it has not been restarted for so long; again and again, as what it is asked for may not be so yet. */
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
