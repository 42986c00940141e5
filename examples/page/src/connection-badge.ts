import { element, setText } from "./dom.ts";
import { formatAgo } from "./format.ts";
import type { ConnectionState } from "./run-stream.ts";

/** Says whether what is on the page is what is so now. */
export class ConnectionBadge {
  readonly #text = element("span", { class: "connection-text" });
  readonly #since = element("span", { class: "connection-since" });
  readonly element = element(
    "div",
    { class: "connection", attributes: { "data-connection": "connecting" } },
    element("i", { class: "dot", attributes: { "aria-hidden": "true" } }),
    this.#text,
    this.#since,
  );
  #state: ConnectionState = { type: "connecting" };

  show(state: ConnectionState): void {
    this.#state = state;
    this.element.dataset["connection"] = state.type;
    setText(this.#text, words(state));
    this.tick();
  }

  tick(): void {
    const contact =
      this.#state.type === "reconnecting" || this.#state.type === "lost" ? this.#state.lastContact : undefined;
    setText(this.#since, contact === undefined ? "" : `last contact ${formatAgo(Date.now() - contact)}`);
  }
}

function words(state: ConnectionState): string {
  switch (state.type) {
    case "connecting":
      return "Connecting";
    case "live":
      return "Live";
    case "reconnecting":
      return "Reconnecting";
    case "ended":
      return "Ended";
    case "lost":
      if (state.refusal === "unknown-run") return "Not found";
      return state.refusal === "forbidden" ? "Not allowed" : "Offline";
  }
}
