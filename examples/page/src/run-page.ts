import { type SpanAction, type TraceStateDetail, watchTrace } from "ssetarget/element";
import type { SpanNode } from "ssetarget/workflows";
import { sendEvent, streamPath } from "./api.ts";
import { copyButton } from "./copy-button.ts";
import { element } from "./dom.ts";
import { topBar } from "./page-frame.ts";
import { rememberRun } from "./recent-runs.ts";
import { startButton } from "./start-button.ts";

/** Steps of a purchase, in order, so that the customer sees what is still to come. */
const steps = [
  "check the basket",
  "reserve the stock",
  "look for fraud",
  "charge the card",
  "let the payment settle",
  "pack the parcel",
  "approval by the warehouse",
  "hand it to the carrier",
];

/** The live view of one run: the trace, and next to it the customer's view. */
export function showRunPage(app: HTMLElement, id: string): void {
  // Both elements share one connection.
  const watch = watchTrace(streamPath(id));
  const trace = element("ssetarget-trace", { attributes: { follow: "" } });
  trace.watch = watch;
  trace.action = (span) => actionFor(id, span);
  trace.addEventListener("ssetarget-state", ({ detail }) => showState(id, detail));
  const progress = element("ssetarget-progress");
  progress.watch = watch;
  progress.steps = steps;

  const [again, problem] = startButton("Start another", "button small");
  app.replaceChildren(
    topBar(
      element(
        "div",
        { class: "run-id" },
        element("bdi", { text: id, attributes: { title: id } }),
        copyButton("Copy the link to this run", () => window.location.href),
      ),
      again,
    ),
    element(
      "main",
      { class: "run" },
      element("h1", { class: "visually-hidden", text: "A run" }),
      problem,
      element("div", { class: "run-columns" }, trace, sidebar(id, progress)),
    ),
  );
}

function sidebar(id: string, progress: HTMLElement): HTMLElement {
  const part = (title: string, ...children: Node[]): HTMLElement =>
    element("section", { class: "card side" }, element("h2", { text: title }), ...children);
  const command = `curl -N ${window.location.origin}${streamPath(id)}`;
  const keys = element("p", { class: "hint keys" });
  for (const [key, what] of [
    ["↑ ↓ → ←", "move, unfold, fold"],
    ["Enter", "details"],
    ["+ − 0", "zoom, fit"],
  ] as const) {
    keys.append(element("kbd", { text: key }), ` ${what}`, element("br"));
  }
  return element(
    "aside",
    { class: "run-side" },
    part("What the customer sees", progress),
    part(
      "In a terminal",
      element("code", { text: command }),
      copyButton("Copy the command", () => command),
    ),
    part("Keys", keys),
  );
}

/** The approval that the purchase waits for. */
function actionFor(id: string, span: SpanNode): SpanAction | undefined {
  if (span.kind !== "wait" || span.state !== "waiting") return undefined;
  const type = span.waitingFor ?? span.name;
  return {
    // The label names the event, whatever the step's name is.
    label: type === "approval" ? `Approve: send “${type}”` : `Send “${type}”`,
    run: () => sendEvent(id, type),
  };
}

function showState(id: string, { name, state }: TraceStateDetail): void {
  if (name === undefined || state === undefined) return;
  document.title = `${state === "done" ? "✓ " : state === "failed" ? "✗ " : ""}${name} · ${state}`;
  rememberRun({ id, name, state, seenAt: Date.now() });
}
