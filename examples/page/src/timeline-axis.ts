import { element } from "./dom.ts";
import { formatTick } from "./format.ts";
import { timelineScale } from "./timeline-scale.ts";

const maxTicks = 200;
const pixelsPerTick = 90;

/** The time axis above the timeline column, and the lines that it draws down through the rows. */
export class TimelineAxis {
  readonly element = element("div", { class: "axis", attributes: { "aria-hidden": "true" } });
  readonly overlay = element(
    "div",
    { class: "overlay", attributes: { "aria-hidden": "true" } },
    element("div", { class: "grid-lines" }, element("i", { class: "now-line" })),
  );
  readonly #tree: HTMLElement;
  #width = 0;
  #shown = "";

  /** @param tree - The element that carries the axis' CSS variables for everything below it. */
  constructor(tree: HTMLElement) {
    this.#tree = tree;
    // Observed and not read in every frame: a read would force the browser to lay out at once.
    new ResizeObserver((entries) => {
      this.#width = entries[0]?.contentRect.width ?? 0;
    }).observe(this.element);
  }

  /** @param nowMs - Where now is on the axis, while something is open. */
  update(elapsedMs: number, nowMs: number | undefined): void {
    const isRunning = nowMs !== undefined;
    const maxSteps = Math.max(2, Math.floor((this.#width || 480) / pixelsPerTick));
    const { rangeMs, stepMs } = timelineScale(elapsedMs, isRunning, maxSteps);
    this.overlay.style.setProperty("--now", String(nowMs ?? elapsedMs));
    this.overlay.classList.toggle("is-running", isRunning);
    const wanted = `${rangeMs} ${stepMs}`;
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    this.#tree.style.setProperty("--range", String(rangeMs));
    this.#tree.style.setProperty("--step", String(stepMs));
    const marks: HTMLElement[] = [];
    for (let at = 0; at <= rangeMs && marks.length < maxTicks; at += stepMs) {
      const mark = element("span", { class: "tick", text: formatTick(at) });
      mark.style.setProperty("--at", String(at));
      // A label beyond this would stick out at the right.
      if (at > rangeMs * 0.94) mark.classList.add("is-last");
      marks.push(mark);
    }
    this.element.replaceChildren(...marks);
  }
}
