import { isolateText } from "../trace/view/visible-text.ts";
import { connectionText, refusalNotice } from "./connection.ts";
import { type Child, h, type View } from "./dom.ts";
import { ENGLISH_PROGRESS } from "./english.ts";
import { stateIcon } from "./icons.ts";
import type { ProgressLabels } from "./labels.ts";
import { shownState, workOf } from "./open-work.ts";
import { type ProgressStep, runFraction, stepsOf } from "./progress-steps.ts";
import progressCss from "./progress.css?inline";
import { progressOf } from "./row-text.ts";
import { fillView } from "./row-view.ts";
import { awaited, runOf } from "./run-story.ts";
import { progressText, shortText } from "./span-text.ts";
import sharedCss from "./shared.css?inline";
import { WatchElement } from "./watch-element.ts";

/** `<ssetarget-progress>`: how far a run is, for those who wait for it. */
export class SSETargetProgressElement extends WatchElement {
  static override readonly givenProperties = [...WatchElement.givenProperties, "steps"];
  static override readonly styles: string = sharedCss + progressCss;

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
    const { tree, connection, formats, isStill } = this;
    const labels = this.#labels;
    const run = tree && runOf(tree);
    const { shown, before, after, current, failed } = stepsOf(run, this.#steps);
    const state = run === undefined ? "pending" : shownState(run);
    const isBroken = state === "failed" || state === "abandoned";
    // A run that has failed is over, and yet nobody would call it complete.
    const fraction = isBroken ? undefined : runFraction(run, this.#steps);
    const name = ({ name: given }: ProgressStep): string => shortText(given) || labels.noName;
    const waiting = run && workOf(run).first.waiting[0];
    const goesOn = waiting
      ? labels.waitingFor(awaited(waiting, labels))
      : current === undefined
        ? labels.starting
        : name(current);
    const words = {
      pending: labels.starting,
      running: goesOn,
      waiting: goesOn,
      sleeping: goesOn,
      done: labels.finished,
      failed: labels.failedKindly(failed && isolateText(name(failed))),
      abandoned: labels.abandonedKindly,
    }[state];
    const progress = current?.node && progressOf(current.node);
    // Before anything is known, a first connection is all there is to say.
    const isLost = isStill && !(run === undefined && this.status === "connecting");
    const lost =
      connection?.status === "failed"
        ? refusalNotice(connection.error, labels).title
        : isLost
          ? connectionText(connection, labels, formats, false)
          : undefined;
    const more = (count: number): View | false =>
      count > 0 && h("li", { class: "more" }, labels.moreSteps(formats.count(count)));
    const bar = { class: "meter track", part: "bar", role: "progressbar", "data-state": state, "aria-label": words };
    return [
      h(
        "div",
        { class: "now", part: "now", "data-state": state, "data-still": isStill || undefined },
        stateIcon(state),
        h("b", { role: "status", dir: "auto" }, words),
        fraction === undefined ? undefined : h("span", {}, formats.percent(fraction)),
      ),
      fillView(bar, fraction, !isBroken),
      lost === undefined
        ? h("div", { class: "detail", dir: "auto" }, progress && progressText(progress, formats, labels))
        : h(
            "div",
            { key: "lost", class: "detail", "data-connection": this.isRefused ? "failed" : "waiting" },
            lost,
            h("button", { type: "button", onclick: () => this.reconnect() }, labels.tryAgain),
          ),
      h(
        "ol",
        { class: "steps", part: "steps", "aria-label": labels.steps },
        more(before),
        shown.map((step) =>
          h(
            "li",
            { "data-state": step.state, "aria-current": step === current ? "step" : undefined },
            stateIcon(step.state),
            h("bdi", {}, name(step)),
            h("span", { class: "vh" }, labels[step.state]),
          ),
        ),
        more(after),
      ),
    ];
  }
}
