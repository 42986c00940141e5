import { button, element, setText } from "./dom.ts";

/** Sends the event that a span waits for. Rejects, in words, when the server refuses. */
export type SendEvent = (type: string) => Promise<void>;

/** The button of a waiting row. */
export class EventButton {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #problem = element("span", { class: "problem", attributes: { role: "alert" } });
  readonly #label: string;

  constructor(label: string, type: string, describedBy: string, send: SendEvent) {
    this.#label = label;
    this.#button = button({
      class: "button primary small",
      text: label,
      attributes: { "aria-describedby": describedBy },
    });
    this.#button.addEventListener("click", (event) => {
      // A click on the row itself would open its details.
      event.stopPropagation();
      void this.#send(type, send);
    });
    this.element = element("span", { class: "action" }, this.#button, this.#problem);
  }

  async #send(type: string, send: SendEvent): Promise<void> {
    // aria-disabled and not disabled: the focus stays where it is.
    if (this.#button.getAttribute("aria-disabled") === "true") return;
    this.#button.setAttribute("aria-disabled", "true");
    setText(this.#problem, "");
    setText(this.#button, "Sending…");
    try {
      await send(type);
      // The row changes by itself when the run has taken the event; until then there is nothing more to press.
      setText(this.#button, "Sent");
    } catch (error) {
      setText(this.#button, this.#label);
      setText(this.#problem, error instanceof Error ? error.message : String(error));
      this.#button.removeAttribute("aria-disabled");
    }
  }
}
