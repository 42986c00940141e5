import type { WireMessage } from "./client-event.ts";
import { ConnectionError } from "./connection-error.ts";
import type { ConnectionStatus } from "./connection-state.ts";
import { isAtLeast } from "./continuity.ts";
import type { Host } from "./host.ts";
import { ifAllowed } from "../util/if-allowed.ts";

/** How often a tab looks whether something was heard of the leader, in milliseconds. */
const CHECK_MS = 3_000;
/** A leader that has not answered in so many checks is replaced. In pages in the background they are further apart. */
const MAX_SILENT_CHECKS = 3;

/** The leader of a stream that has ended keeps the lock so much longer, in milliseconds: who got it before the news would ask the server. */
const LAST_WORDS_MS = 1_000;

/** Where a leader is that was not heard of, or has no connection: no position is this, or after it. */
const NOWHERE = "?";

/** A state as a channel can carry it. Where there is an error the leader waits for its next try: others it does not survive. */
type StateNote = readonly [
  status: ConnectionStatus,
  attempt: number,
  retryAtMs: number | undefined,
  message: string | undefined,
  httpStatus: number | undefined,
];

type TabNote =
  /** From the leader: what brings a tab at `from` to `at`; nothing, where it says only where it is. */
  | readonly [from: string, at: string, messages: readonly WireMessage[], state: StateNote]
  /** To the leader. */
  | Question;

type Question = "where" | "reconnect";

/**
 * Tabs of one origin share one connection to a stream.
 *
 * Every tab first makes a connection of its own. If the server lets it in, it names the history that this tab is served, and the tab joins the others
 * that were given the same name. So nobody gets events that the server has not granted them, whoever they were when another tab connected.
 *
 * One of the tabs holds a Web Lock: it is the leader, keeps its connection, and tells the others over a BroadcastChannel what it receives, with its
 * position before and after. Each tab keeps a position of its own, as if it were alone, and goes by one rule: it takes what it is told only if it was at
 * the position before, or surely after it. A tab that is not where the leader is (it is new, or its storage is older; it was frozen; it was too slow; the
 * leader was told of a gap and it was not) has a connection of its own, from its own cursor, and closes it when it has come to where the
 * leader is. So there is one way to close a hole, the one that the protocol has, whatever made it, and what a tab is told twice meanwhile it tells apart
 * as ever, by ids.
 *
 * When the leader closes, is frozen or put into the back/forward cache, or is served another history, it lets go of the lock, and the next tab in the
 * queue goes on from its own position, by a request of its own. A leader that hangs does not let go. So tabs that hear nothing ask; answers come by
 * messages and not by timers, which browsers slow down in the background. After three checks without an answer, about ten seconds in a tab that can be
 * seen, the lock is stolen. The old leader, should it wake up, is told so by the lock; what it says until then is behind, and changes nothing.
 *
 * If the browser refuses locks, hashes or channels (no secure context, cookies blocked), at once or later, each tab keeps its own connection.
 */
export interface Tabs {
  /** Whether this tab has to connect: it is alone, leads, or is not known to be where the leader is. */
  readonly needsConnection: () => boolean;
  /** The server has let this tab in, to the history of this name. A tab that had joined another one leaves it. */
  readonly join: (stream: string) => void;
  /** @param isEnded whether the stream has ended, and the others are to hear of it before one of them leads */
  readonly leave: (isEnded?: boolean) => void;
  readonly ask: (what: Question) => void;
  /**
   * To be called with what was received, and without anything when the state has changed. The leader tells the others; another tab looks whether it
   * has come to where the leader is.
   */
  readonly tell: (from?: string, messages?: readonly WireMessage[]) => void;
  /** Lets another tab lead, if there is one. */
  readonly handOver: () => void;
}

/** @param key what tabs that share have in common besides the history: the URL, who asks for it */
export function createTabs(key: string, host: Host): Tabs {
  /** The server's name for the history that this tab has joined. */
  let joined: string | undefined;
  /** The name of the lock and the channel. */
  let name: string;
  let isLeader = false;
  let isStealing = false;
  /** Whether this tab is not known to be where the leader is. */
  let isBehind = false;
  let leaderAt = NOWHERE;
  let channel: BroadcastChannel | undefined;
  /** Takes the request for the lock back, or lets go of it; another object for each request. */
  let request: AbortController | undefined;
  /** Lets go of the lock, to ask for it again. */
  let handOver: (nothing: undefined) => void = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silentChecks = 0;

  function post(note: TabNote): void {
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A channel has no target.
      channel?.postMessage(note);
    } catch {
      goAlone();
    }
  }

  /** The browser refuses something: this tab has a connection of its own, as if there were no others. */
  function goAlone(): void {
    leave();
    host.onTabs();
  }

  function setBehind(behind: boolean): void {
    isBehind = behind;
    host.onTabs();
  }

  function tell(from = host.position(), messages: readonly WireMessage[] = []): void {
    const at = host.position();
    if (isLeader) {
      const { status, attempt, retryAtMs, error } = host.state();
      post([from, at, messages, [status, attempt, retryAtMs, error?.message, error?.status]]);
    } else if (isBehind && isAtLeast(at, leaderAt)) {
      setBehind(false);
    }
  }

  function resign(): void {
    isLeader = false;
    request?.abort();
  }

  /** Waits for the lock, or takes it away from a leader that hangs, and holds it until it is stolen or let go. */
  async function lead(steal?: true): Promise<void> {
    const { signal } = (request = new AbortController());
    try {
      await navigator.locks.request(name, steal ? { steal } : { signal }, async () => {
        if (signal.aborted) return;
        isLeader = true;
        isStealing = false;
        tell();
        host.onTabs();
        // The channel may have refused to tell it.
        if (signal.aborted) return;
        await new Promise<unknown>((resolve) => {
          handOver = resolve;
          signal.addEventListener("abort", resolve);
        });
      });
    } catch {
      // Taken back, stolen, or not to be had in this page.
    }
    if (signal.aborted) return;
    if (isLeader) {
      isLeader = false;
      post("where");
      void lead();
      setBehind(true);
    } else {
      goAlone();
    }
  }

  function check(): void {
    timer = setTimeout(check, CHECK_MS);
    if (isLeader) return;
    if (silentChecks++) post("where");
    if (silentChecks <= MAX_SILENT_CHECKS) return;
    silentChecks = 0;
    // A lock is stolen at once, or never.
    if (isStealing) return goAlone();
    resign();
    isStealing = true;
    void lead(true);
  }

  function hear({ data: note }: MessageEvent<TabNote>): void {
    if (note === "where") tell();
    else if (note === "reconnect") host.reconnect();
    // Of two tabs that take themselves for the leader, one has not yet heard that its lock was stolen.
    else if (!isLeader) follow(note);
  }

  function follow([from, at, messages, [status, attempt, retryAtMs, message, httpStatus]]: Exclude<
    TabNote,
    Question
  >): void {
    const position = host.position();
    silentChecks = 0;
    leaderAt = status === "open" ? at : NOWHERE;
    // What it has of these already it will tell by their ids.
    const isThere = isAtLeast(position, at);
    const isNext = position === from || (isAtLeast(position, from) && !isThere);
    const isTaken = isNext && !host.isFull();
    if (isTaken) host.onMessages(messages);
    // A connection that works is not given up for a leader that has none.
    setBehind((!isTaken && !isThere) || (isBehind && status !== "open"));
    if (isBehind) return;
    const error = message === undefined ? undefined : new ConnectionError("connection-lost", message, httpStatus);
    host.onState(status, attempt, error, retryAtMs);
  }

  async function join(stream: string): Promise<void> {
    if (stream === joined) return;
    leave();
    joined = stream;
    try {
      // A hash, because other scripts of the origin can read names, and a URL may hold a secret.
      const text = new TextEncoder().encode(key + stream);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
      if (joined !== stream || channel) return;
      name = `ssetarget:${btoa(String.fromCharCode(...hash))}`;
      channel = new BroadcastChannel(name);
      channel.addEventListener("message", hear);
      isBehind = true;
      silentChecks = 0;
      timer = setTimeout(check, CHECK_MS);
      void lead();
      post("where");
    } catch {
      // Firefox refuses channels to a page that may not store anything.
      if (joined === stream) goAlone();
    }
  }

  function leave(isEnded = false): void {
    clearTimeout(timer);
    isLeader = isStealing = false;
    if (isEnded) setTimeout(resign, LAST_WORDS_MS);
    else resign();
    ifAllowed(() => channel?.close());
    joined = channel = undefined;
    leaderAt = NOWHERE;
    isBehind = false;
  }

  return {
    needsConnection: () => !channel || isLeader || isBehind,
    join: (stream) => void join(stream),
    leave,
    ask: post,
    tell,
    handOver: () => handOver(undefined),
  };
}
