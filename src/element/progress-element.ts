import { h } from "preact";
import { ENGLISH_PROGRESS } from "./english.ts";
import type { ProgressLabels } from "./labels.ts";
import progressCss from "./progress.css?inline";
import { Progress } from "./progress-view.tsx";
import sharedCss from "./shared.css?inline";
import { WatchElement } from "./watch-element.ts";

/** `<ssetarget-progress>`: the progress of a run, for the people who wait for it. */
export class SSETargetProgressElement extends WatchElement {
  static override readonly givenProperties = [...WatchElement.givenProperties, "steps"];
  static override readonly styles: string = sharedCss + progressCss;

  #labels: ProgressLabels = ENGLISH_PROGRESS;
  #steps: readonly string[] = [];

  /** Texts that replace the English ones. */
  get labels(): ProgressLabels {
    return this.#labels;
  }

  set labels(labels: Partial<ProgressLabels>) {
    this.#labels = { ...ENGLISH_PROGRESS, ...labels };
    this.refresh();
  }

  /** The names of the expected steps, in order. Those that have not begun are shown as pending, and the bar counts them. */
  get steps(): readonly string[] {
    return this.#steps;
  }

  set steps(names: readonly string[]) {
    this.#steps = [...names];
    this.refresh();
  }

  protected override view(): unknown {
    const { tree, connection, formats, status, isStill, isRefused } = this;
    const [labels, expected] = [this.#labels, this.#steps];
    const reconnect = (): void => this.reconnect();
    return h(Progress, { tree, expected, connection, status, isStill, isRefused, labels, formats, reconnect });
  }
}
