import { connectionText, refusalNotice } from "./connection.ts";
import { type Child, h } from "./dom.ts";
import { ENGLISH_PROGRESS } from "./english.ts";
import { stateIcon } from "./icons.ts";
import type { ProgressLabels } from "./labels.ts";
import { runFraction, stepsOf } from "./progress-steps.ts";
import { PROGRESS_STYLE } from "./progress-style.ts";
import { progressOf } from "./row-text.ts";
import { fillView } from "./row-view.ts";
import { runOf } from "./run-story.ts";
import { isOpen, progressText, shortText } from "./span-text.ts";
import { SHARED_STYLE } from "./styles.ts";
import { WatchElement } from "./watch-element.ts";

/** `<ssetarget-progress>`: how far a run is, for those who wait for it. */
export class SSETargetProgressElement extends WatchElement {
  static override readonly givenProperties = [...WatchElement.givenProperties, "steps"];
  static override readonly styles: string = SHARED_STYLE + PROGRESS_STYLE;

  #labels: ProgressLabels = ENGLISH_PROGRESS;
  #steps: readonly string[] = [];

  /** Texts instead of the English ones. */
  get labels(): ProgressLabels {
    return this.#labels;
  }

  set labels(labels: Partial<ProgressLabels>) {
    this.#labels = { ...ENGLISH_PROGRESS, ...labels };
    this.refresh();
  }

  /** The names of the steps that are expected, in order: what has not begun is shown as to come, and the bar knows how much there is. */
  get steps(): readonly string[] {
    return this.#steps;
  }

  set steps(names: readonly string[]) {
    this.#steps = [...names];
    this.refresh();
  }

  protected override view(): Child {
    const { tree, connection, formats } = this;
    const labels = this.#labels;
    const run = tree && runOf(tree);
    const steps = stepsOf(run, this.#steps);
    // What somebody has to do comes first, then what goes on.
    const open = steps.filter(({ node }) => node && isOpen(node));
    const current =
      open.find(({ state }) => state === "waiting") ?? open.find(({ state }) => state === "running") ?? open[0];
    const failed = steps.findLast(({ state }) => state === "failed");
    const isWaiting = current?.state === "waiting" && open.every(({ state }) => state !== "running");
    const state = run?.state === "running" && isWaiting ? "waiting" : (run?.state ?? "pending");
    const isBroken = state === "failed" || state === "abandoned";
    // A run that has failed is over, and yet nobody would call it complete.
    const fraction = isBroken ? undefined : runFraction(run, this.#steps);
    const awaited = labels.waitingFor(shortText(current?.node?.waitingFor ?? current?.name ?? ""));
    const words = {
      pending: labels.starting,
      running: current?.state === "waiting" ? awaited : current ? shortText(current.name) : labels.starting,
      waiting: awaited,
      done: labels.finished,
      failed: labels.failedKindly(failed && shortText(failed.name)),
      abandoned: labels.abandonedKindly,
    }[state];
    const progress = current?.node && progressOf(current.node);
    const lost =
      connection?.status === "failed"
        ? refusalNotice(connection.error, labels).title
        : this.isStill || connection?.status === "waiting"
          ? connectionText(connection, labels, formats, false)
          : undefined;
    const bar = { class: "meter track", part: "bar", role: "progressbar", "data-state": state, "aria-label": words };
    return [
      h(
        "div",
        { class: "now", part: "now", "data-state": state },
        stateIcon(state),
        h("b", { role: "status", dir: "auto" }, words),
        fraction === undefined ? undefined : h("span", {}, formats.percent(fraction)),
      ),
      fillView(bar, fraction, !isBroken),
      lost === undefined
        ? h("div", { class: "detail", dir: "auto" }, progress && progressText(progress, formats, labels))
        : h(
            "div",
            { key: "lost", class: "detail", "data-connection": this.isStill ? "failed" : "waiting" },
            lost,
            h("button", { type: "button", onclick: () => this.reconnect() }, labels.tryAgain),
          ),
      h(
        "ol",
        { class: "steps", part: "steps", "aria-label": labels.steps },
        steps.map((step) =>
          h(
            "li",
            { "data-state": step.state, "aria-current": step === current ? "step" : undefined },
            stateIcon(step.state),
            h("bdi", {}, shortText(step.name)),
            h("span", { class: "vh" }, labels[step.state]),
          ),
        ),
      ),
    ];
  }
}
