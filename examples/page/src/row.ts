import { Bars } from "./bars.ts";
import { button, element, icon, setAttribute, setIcon, setText } from "./dom.ts";
import { EventButton, type SendEvent } from "./event-button.ts";
import { formatDuration, formatRunning } from "./format.ts";
import { ProgressBar } from "./progress-bar.ts";
import { renderDetails } from "./row-details.ts";
import { actionLabel, attemptBadge, isOpen, progressOf, rowLabel, rowNote, stateIcon, stateWord } from "./span-text.ts";
import type { TreeRow } from "./tree-rows.ts";

export interface RowActions {
  readonly send: SendEvent;
  readonly toggleChildren: () => void;
  readonly toggleDetails: () => void;
}

let rowCount = 0;

/** One line of the tree in the document. It changes only what differs from what it showed before. */
export class Row {
  readonly element: HTMLElement;
  readonly #actions: RowActions;
  readonly #twisty: HTMLButtonElement;
  readonly #icon = icon("icon-running");
  readonly #name = element("bdi", { class: "name" });
  readonly #state = element("span", { class: "visually-hidden" });
  readonly #badge = element("span", { class: "badge" });
  readonly #note = element("div", { class: "note" });
  readonly #progress = new ProgressBar();
  readonly #label = element("div", { class: "label" });
  readonly #nameCell: HTMLElement;
  readonly #bars = new Bars();
  readonly #timeline = element("div", { class: "cell-timeline", attributes: { role: "gridcell" } }, this.#bars.element);
  readonly #duration = element("div", { class: "cell-duration", attributes: { role: "gridcell" } });
  readonly #details = element("div", { class: "cell-details", attributes: { role: "gridcell", "aria-colspan": "3" } });
  #eventButton: EventButton | undefined;
  #row: TreeRow | undefined;
  #hasDetails = false;

  constructor(spanId: string, actions: RowActions) {
    this.#actions = actions;
    this.#name.id = `row-name-${++rowCount}`;
    // Not a tab stop: with hundreds of rows, the arrow keys do what these do for the mouse.
    this.#twisty = button(
      { class: "twisty", attributes: { tabindex: "-1", "aria-hidden": "true" } },
      icon("icon-twisty"),
    );
    this.#twisty.addEventListener("click", (event) => {
      event.stopPropagation();
      this.#actions.toggleChildren();
    });
    this.#label.append(element("div", { class: "label-line" }, this.#name, this.#badge, this.#state));
    this.#nameCell = element(
      "div",
      { class: "cell-name", attributes: { role: "gridcell" } },
      element("span", { class: "guides" }),
      this.#twisty,
      this.#icon,
      this.#label,
    );
    this.element = element(
      "div",
      { class: "row", attributes: { role: "row", tabindex: "-1", "data-span-id": spanId } },
      this.#nameCell,
      this.#timeline,
      this.#duration,
    );
    this.element.addEventListener("click", (event) => {
      // A text that is being selected, to be copied, is no wish to close the panel that it stands in.
      if (this.#details.contains(event.target as Node)) return;
      this.#actions.toggleDetails();
    });
  }

  get row(): TreeRow | undefined {
    return this.#row;
  }

  /** Whether the row changes with time alone. */
  get isTicking(): boolean {
    return this.#row !== undefined && isOpen(this.#row.node);
  }

  update(row: TreeRow, hasDetails: boolean, now: number): void {
    const before = this.#row;
    this.#row = row;
    if (before === undefined || !samePlace(before, row)) this.#place(row);
    const sameSpan = before?.node === row.node && before.attempt === row.attempt && before.origin === row.origin;
    if (!sameSpan) this.#fill(row, now);
    else if (before.isExpanded !== row.isExpanded) this.#showNote(row, now);
    if (hasDetails !== this.#hasDetails || (hasDetails && !sameSpan)) this.#showDetails(row, hasDetails);
  }

  /** Moves what moves with time: the duration, the open bars, a countdown. */
  tick(now: number, coarse = false): void {
    const row = this.#row;
    if (row === undefined) return;
    this.#bars.tick(now);
    const { startTime: start, durationMs } = row.node;
    if (durationMs !== undefined) setText(this.#duration, formatDuration(durationMs));
    else if (start !== undefined && isOpen(row.node)) setText(this.#duration, formatRunning(now - start, coarse));
    else setText(this.#duration, "–");
    this.#showNote(row, now);
  }

  #place(row: TreeRow): void {
    const { element: line } = this;
    setAttribute(line, "aria-level", String(row.level));
    setAttribute(line, "aria-posinset", String(row.position));
    setAttribute(line, "aria-setsize", String(row.setSize));
    setAttribute(line, "aria-expanded", row.hasChildren ? String(row.isExpanded) : null);
    line.style.setProperty("--level", String(row.level - 1));
    this.#twisty.classList.toggle("is-idle", !row.hasChildren);
  }

  #fill(row: TreeRow, now: number): void {
    const { node } = row;
    const label = rowLabel(row);
    this.element.dataset["state"] = node.state;
    this.element.dataset["kind"] = node.kind;
    this.element.dataset["name"] = node.name;
    setIcon(this.#icon, stateIcon(node));
    setText(this.#name, label);
    setAttribute(this.#name, "title", label);
    setText(this.#badge, attemptBadge(row) ?? "");
    setText(this.#state, stateWord(node));
    this.#bars.update(row);
    const offset = node.startTime === undefined ? undefined : formatDuration(node.startTime - row.origin);
    setAttribute(this.#timeline, "aria-label", offset === undefined ? null : `starts at ${offset}`);
    this.#progress.show(progressOf(row), label);
    this.#showEventButton(row);
    this.tick(now);
    this.#label.append(...(this.#progress.isShown ? [this.#progress.element] : []));
    if (!this.#progress.isShown) this.#progress.element.remove();
  }

  #showNote(row: TreeRow, now: number): void {
    const note = rowNote(row, now);
    if (note === undefined) {
      this.#note.remove();
      return;
    }
    setText(this.#note, note.text);
    this.#note.dataset["tone"] = note.tone;
    if (this.#note.parentNode === null) this.#label.firstElementChild?.after(this.#note);
  }

  #showEventButton({ node }: TreeRow): void {
    const isWanted = node.state === "waiting" && node.kind === "wait";
    if (isWanted && this.#eventButton === undefined) {
      this.#eventButton = new EventButton(
        actionLabel(node.waitingFor),
        node.waitingFor ?? node.name,
        this.#name.id,
        this.#actions.send,
      );
      this.#nameCell.append(this.#eventButton.element);
    } else if (!isWanted && this.#eventButton !== undefined) {
      // The button goes away under the finger that pressed it; the focus belongs to its row then.
      const hadFocus = this.#eventButton.element.contains(document.activeElement);
      this.#eventButton.element.remove();
      this.#eventButton = undefined;
      if (hadFocus) this.element.focus();
    }
  }

  #showDetails(row: TreeRow, hasDetails: boolean): void {
    this.#hasDetails = hasDetails;
    this.element.classList.toggle("has-details", hasDetails);
    if (!hasDetails) {
      this.#details.remove();
      return;
    }
    this.#details.replaceChildren(...renderDetails(row));
    if (this.#details.parentNode === null) this.element.append(this.#details);
  }
}

function samePlace(a: TreeRow, b: TreeRow): boolean {
  return (
    a.level === b.level &&
    a.position === b.position &&
    a.setSize === b.setSize &&
    a.hasChildren === b.hasChildren &&
    a.isExpanded === b.isExpanded
  );
}
