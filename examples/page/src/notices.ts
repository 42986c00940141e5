import type { Refusal } from "./api.ts";
import { button, element, reconcile } from "./dom.ts";

/** The lines above the tree that tell what a reader must know of it: what is missing, and that it stands still. */
export class Notices {
  readonly element = element("div", { class: "notices" });
  readonly #shown = new Map<string, HTMLElement>();

  /** Shows a notice, in place of the one that had the same key. */
  show(key: string, title: string, text: string, action?: HTMLElement): void {
    const notice = element(
      "div",
      { class: "notice", attributes: { "data-notice": key, role: "note" } },
      element("div", { class: "notice-words" }, element("strong", { text: title }), element("span", { text })),
    );
    if (action) notice.append(action);
    this.#shown.set(key, notice);
    reconcile(this.element, [...this.#shown.values()]);
  }

  hide(key: string): void {
    if (this.#shown.delete(key)) reconcile(this.element, [...this.#shown.values()]);
  }
}

/** What a gap in the events means for someone who looks at the page. */
export function gapText(reason: unknown): string {
  switch (reason) {
    case "reset":
      return "The server's history was reset, so what was shown before may no longer be so.";
    case "overflow":
      return "Events came faster than they could be kept; some are missing below.";
    case "trimmed":
      return "The server keeps only the latest events of a run; what came before them is missing below.";
    default:
      return "The server could not go on where this page had stopped; some events may be missing below.";
  }
}

/** Why the server does not serve this run's events. */
export function refusalText(refusal: Refusal): readonly [title: string, text: string] {
  switch (refusal) {
    case "unknown-run":
      return [
        "No such run",
        "The server does not know a run with this id. It may have been cleared away, or the link is wrong.",
      ];
    case "forbidden":
      return ["Not allowed", "The server does not let this browser see the run."];
    case "unreachable":
      return [
        "The server cannot be reached",
        "It may be restarting. What is below is how things stood at the last contact.",
      ];
    case "over":
      return ["The run is over", "The server has nothing more to tell about it."];
    case "other":
      return [
        "The connection was refused",
        "The server answered with an error. What is below is how things stood at the last contact.",
      ];
  }
}

export function retryButton(onRetry: () => void): HTMLElement {
  return button({ class: "button small", text: "Try again", onClick: onRetry });
}
