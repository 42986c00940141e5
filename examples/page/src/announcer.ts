import { element } from "./dom.ts";

const pauseMs = 1_000;
const maxSentences = 3;

/**
 * Tells a screen reader what has happened, sparsely: what comes within a second is read as one,
 * and of many things at once only the last few.
 */
export class Announcer {
  readonly element = element("div", {
    class: "visually-hidden",
    attributes: { role: "status", "aria-live": "polite" },
  });
  #pending: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(sentence: string): void {
    this.#pending.push(sentence);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.element.textContent = this.#pending.slice(-maxSentences).join(" ");
      this.#pending = [];
    }, pauseMs);
  }
}
