import { SpanTree, type SpanNode } from "ssetarget/workflows";
import { sendEvent, streamPath } from "./api.ts";
import { Announcer } from "./announcer.ts";
import { ConnectionBadge } from "./connection-badge.ts";
import { copyButton } from "./copy-button.ts";
import { element, setText } from "./dom.ts";
import { FrameLoop } from "./frame-loop.ts";
import { gapText, Notices, refusalText, retryButton } from "./notices.ts";
import { topBar } from "./page-frame.ts";
import { rememberRun } from "./recent-runs.ts";
import { changesToTell, runHeadline, runOf, runState, stepTotals } from "./run-narrator.ts";
import { RunStream, type ConnectionState, type RunEvent } from "./run-stream.ts";
import { RunSummary } from "./run-summary.ts";
import { ServerClock } from "./server-clock.ts";
import { isOpen, nameOf } from "./span-text.ts";
import { startButton } from "./start-button.ts";
import { TreeView } from "./tree-view.ts";

/** The live view of one run. */
export function showRunPage(app: HTMLElement, id: string): void {
  new RunPage(app, id).start();
}

class RunPage {
  readonly #id: string;
  readonly #tree = new SpanTree();
  readonly #clock = new ServerClock();
  readonly #badge = new ConnectionBadge();
  readonly #announcer = new Announcer();
  readonly #notices = new Notices();
  readonly #empty = element("div", { class: "empty", attributes: { role: "status" } });
  readonly #content = element("div", { class: "run-content" });
  readonly #summary: RunSummary;
  readonly #view: TreeView;
  readonly #stream: RunStream;
  readonly #loop: FrameLoop;
  #roots: readonly SpanNode[] = [];
  #hasCaughtUp = false;
  #shownTime = 0;
  #remembered = "";

  constructor(app: HTMLElement, id: string) {
    this.#id = id;
    this.#view = new TreeView((type) => sendEvent(id, type));
    this.#summary = new RunSummary((state) => this.#view.focusNext((node) => node.state === state));
    this.#stream = new RunStream(id, {
      onEvent: (event, isLive) => this.#onEvent(event, isLive),
      onState: (state) => this.#onState(state),
    });
    this.#loop = new FrameLoop({
      render: () => this.#render(),
      tick: (coarse) => this.#tick(coarse),
      isTicking: () => this.#stream.state.type !== "ended" || this.#tree.roots.some(isOpen),
    });
    this.#build(app);
  }

  start(): void {
    this.#stream.connect();
    this.#loop.start();
    // A page kept for the back button would otherwise hold one of the browser's few connections to the server.
    window.addEventListener("pagehide", () => this.#stream.close());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted && this.#stream.state.type !== "ended") this.#stream.connect();
    });
  }

  #build(app: HTMLElement): void {
    const [again, problem] = startButton("Start another", "button small");
    this.#content.hidden = true;
    this.#content.append(
      this.#summary.element,
      this.#view.element,
      element(
        "p",
        { class: "hint" },
        element("span", { text: "The same in a terminal: " }),
        element("code", { text: `curl -N ${window.location.origin}${streamPath(this.#id)}` }),
      ),
      element("p", {
        class: "hint keys",
        text: "Keys: ↑ ↓ move, → ← unfold and fold, Enter opens the details of a span.",
        attributes: { id: "tree-keys" },
      }),
    );
    app.replaceChildren(
      topBar(
        element(
          "div",
          { class: "run-id" },
          element("bdi", { text: this.#id, attributes: { title: this.#id } }),
          copyButton("Copy the link to this run", () => window.location.href),
        ),
        this.#badge.element,
        again,
      ),
      element("main", { class: "run" }, problem, this.#notices.element, this.#empty, this.#content),
      this.#announcer.element,
    );
  }

  #onEvent(event: RunEvent, isLive: boolean): void {
    if (typeof event["timestamp"] === "string") this.#clock.observe(Date.parse(event["timestamp"]), isLive);
    if (event.type === "ssetarget:gap") this.#notices.show("gap", "Earlier history is gone.", gapText(event["reason"]));
    this.#tree.apply(event);
    this.#hasCaughtUp ||= isLive;
    this.#loop.invalidate();
  }

  #onState(state: ConnectionState): void {
    const wasLive = this.#badge.element.dataset["connection"] === "live";
    this.#badge.show(state);
    this.#content.classList.toggle("is-stale", state.type === "lost");
    if (state.type === "lost") {
      const [title, text] = refusalText(state.refusal);
      this.#notices.show(
        "lost",
        title,
        text,
        retryButton(() => this.#stream.connect()),
      );
      this.#announcer.say(`${title}.`);
    } else this.#notices.hide("lost");
    if (state.type === "reconnecting" && wasLive) this.#announcer.say("Connection lost, reconnecting.");
    this.#loop.invalidate();
  }

  #render(): void {
    const { roots } = this.#tree;
    const now = this.#now();
    const root = runOf(roots, this.#tree.isCompleted);
    this.#showEmpty(root === undefined);
    this.#content.hidden = root === undefined;
    if (roots !== this.#roots) {
      // What was already so when the page opened is on the page; only what happens is told.
      if (this.#hasCaughtUp) for (const sentence of changesToTell(this.#roots, roots)) this.#announcer.say(sentence);
      this.#roots = roots;
    }
    if (root === undefined) return;
    const state = runState(root);
    this.#summary.update(root, state, runHeadline(root), stepTotals(this.#tree));
    this.#view.render(roots, now);
    document.title = `${state === "done" ? "✓ " : state === "failed" ? "✗ " : ""}${nameOf(root)} · ${state}`;
    if (state !== this.#remembered) {
      this.#remembered = state;
      rememberRun({ id: this.#id, name: nameOf(root), state, seenAt: Date.now() });
    }
  }

  #tick(coarse: boolean): void {
    this.#badge.tick();
    const now = this.#now();
    this.#summary.tick(now, coarse);
    this.#view.tick(now, coarse);
  }

  /** Nothing is known of what goes on behind a connection that is given up; a clock that counts on would claim it. */
  #now(): number {
    if (this.#stream.state.type !== "lost") this.#shownTime = this.#clock.now();
    return this.#shownTime;
  }

  #showEmpty(isEmpty: boolean): void {
    const { state } = this.#stream;
    this.#empty.hidden = !isEmpty || state.type === "lost";
    setText(this.#empty, emptyText(state));
  }
}

function emptyText(state: ConnectionState): string {
  if (state.type === "ended") return "This run ended without having told anything.";
  return state.type === "reconnecting" ? "The server cannot be reached. Trying again…" : "Waiting for the first event…";
}
