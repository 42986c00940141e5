import type { SpanNode, SpanState, SpanTotals } from "ssetarget/workflows";
import { button, element, icon, setAttribute, setIcon, setText } from "./dom.ts";
import { formatDuration, formatMoment, formatRunning } from "./format.ts";
import { isOpen, nameOf } from "./span-text.ts";

const states = ["running", "waiting", "failed", "done", "abandoned"] as const satisfies readonly SpanState[];

/** The head of a run's page: what it is, how it stands, how long it has taken, how many spans are in which state. */
export class RunSummary {
  readonly #icon = icon("icon-running");
  readonly #name = element("h1", { class: "run-name" });
  readonly #headline = element("p", { class: "run-headline" });
  readonly #duration = element("div", { class: "run-duration", attributes: { role: "timer", "aria-live": "off" } });
  readonly #started = element("div", { class: "run-started" });
  readonly #chips = new Map<SpanState, { readonly element: HTMLButtonElement; readonly count: HTMLElement }>();
  readonly element: HTMLElement;
  #root: SpanNode | undefined;

  /** @param onJump - Called when someone wants to see the next span in a state. */
  constructor(onJump: (state: SpanState) => void) {
    const chips = states.map((state) => {
      const count = element("b");
      const chip = button(
        { class: "chip", attributes: { "data-state": state, title: `Go to the next ${state} span` } },
        element("i", { class: "dot", attributes: { "aria-hidden": "true" } }),
        count,
        element("span", { text: state }),
      );
      chip.addEventListener("click", () => onJump(state));
      this.#chips.set(state, { element: chip, count });
      return chip;
    });
    this.element = element(
      "section",
      { class: "summary", attributes: { "aria-label": "Summary" } },
      element(
        "div",
        { class: "summary-main" },
        this.#icon,
        element("div", { class: "summary-words" }, this.#name, this.#headline),
        element("div", { class: "summary-time" }, this.#duration, this.#started),
      ),
      element("div", { class: "chips" }, ...chips),
    );
  }

  update(root: SpanNode, state: SpanState, headline: string, counts: SpanTotals): void {
    this.#root = root;
    setAttribute(this.element, "data-state", state);
    setIcon(this.#icon, `icon-${state}`);
    setText(this.#name, nameOf(root));
    setText(this.#headline, headline);
    const start = root.startTime;
    setText(this.#started, start === undefined ? "" : `started ${formatMoment(start)}`);
    for (const [name, chip] of this.#chips) {
      setText(chip.count, String(counts[name]));
      chip.element.hidden = counts[name] === 0;
    }
  }

  tick(now: number, coarse: boolean): void {
    const root = this.#root;
    if (root === undefined) return;
    const start = root.startTime;
    const running = start === undefined ? "" : formatRunning(now - start, coarse);
    const total = root.durationMs === undefined ? "" : formatDuration(root.durationMs);
    setText(this.#duration, isOpen(root) ? running : total);
  }
}
