import { element, setAttribute } from "./dom.ts";
import { progressFraction, progressText, type Progress } from "./span-text.ts";

/** How far a span has come; without a total, a bar that only says that something moves. */
export class ProgressBar {
  readonly #fill = element("i", { class: "progress-fill" });
  readonly element = element("div", { class: "progress", attributes: { role: "progressbar" } }, this.#fill);
  #isShown = false;

  get isShown(): boolean {
    return this.#isShown;
  }

  show(progress: Progress | undefined, label: string): void {
    this.#isShown = progress !== undefined;
    if (progress === undefined) return;
    const fraction = progressFraction(progress);
    setAttribute(this.element, "aria-label", `Progress of ${label}`);
    setAttribute(this.element, "aria-valuetext", progressText(progress));
    setAttribute(this.element, "aria-valuenow", fraction === undefined ? null : String(Math.round(fraction * 100)));
    this.element.classList.toggle("is-endless", fraction === undefined);
    this.#fill.style.setProperty("--fraction", String(fraction ?? 1));
  }
}
