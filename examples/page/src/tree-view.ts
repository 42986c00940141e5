import type { SpanNode } from "ssetarget/workflows";
import { element, reconcile } from "./dom.ts";
import type { SendEvent } from "./event-button.ts";
import { Row } from "./row.ts";
import { TimelineAxis } from "./timeline-axis.ts";
import { toRows, type TreeRow } from "./tree-rows.ts";
import { isOpen } from "./span-text.ts";

/**
 * The tree of spans beside its timeline.
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/
 */
export class TreeView {
  readonly element: HTMLElement;
  readonly #grid: HTMLElement;
  readonly #body = element("div", { class: "rows", attributes: { role: "rowgroup" } });
  readonly #axis: TimelineAxis;
  readonly #send: SendEvent;
  readonly #collapsed = new Set<string>();
  readonly #detailed = new Set<string>();
  readonly #rowsByKey = new Map<string, Row>();
  #rows: readonly TreeRow[] = [];
  #roots: readonly SpanNode[] = [];
  #focusedKey: string | undefined;
  #now = 0;

  constructor(send: SendEvent) {
    this.#send = send;
    this.element = element("div", { class: "tree" });
    this.#axis = new TimelineAxis(this.element);
    const header = (text: string, className: string, ...children: Node[]): HTMLElement =>
      element(
        "div",
        { class: className, attributes: { role: "columnheader" } },
        element("span", { text }),
        ...children,
      );
    this.#grid = element(
      "div",
      {
        class: "grid",
        attributes: {
          role: "treegrid",
          "aria-label": "Spans of the run",
          "aria-readonly": "true",
          "aria-describedby": "tree-keys",
        },
      },
      element(
        "div",
        { attributes: { role: "rowgroup" }, class: "grid-head" },
        element(
          "div",
          { class: "head-row", attributes: { role: "row" } },
          header("Span", "head-name"),
          header("Timeline", "head-timeline", this.#axis.element),
          header("Duration", "head-duration"),
        ),
      ),
      this.#body,
    );
    this.element.append(this.#axis.overlay, this.#grid);
    this.#grid.addEventListener("keydown", (event) => this.#onKey(event));
    this.#grid.addEventListener("focusin", (event) => {
      const row = (event.target as Element).closest<HTMLElement>("[data-key]");
      if (row?.dataset["key"] !== undefined) this.#setTabStop(row.dataset["key"]);
    });
  }

  /** Shows the tree as it is, touching only the rows whose span or place has changed. */
  render(roots: readonly SpanNode[], now: number): void {
    this.#roots = roots;
    this.#now = now;
    this.#rows = toRows(roots, (key) => this.#collapsed.has(key));
    const shown = this.#rows.map((row) => {
      const view = this.#rowsByKey.get(row.key) ?? this.#addRow(row);
      view.update(row, this.#detailed.has(row.key), now);
      return view.element;
    });
    reconcile(this.#body, shown);
    if (this.#rowsByKey.size > shown.length) this.#dropHidden();
    const first = this.#rows[0]?.key;
    if (first !== undefined && (this.#focusedKey === undefined || !this.#rowsByKey.has(this.#focusedKey))) {
      this.#setTabStop(first);
    }
    this.tick(now);
  }

  /** Moves what moves with time. */
  tick(now: number, coarse = false): void {
    this.#now = now;
    for (const row of this.#rowsByKey.values()) if (row.isTicking) row.tick(now, coarse);
    let elapsedMs = 0;
    let nowMs: number | undefined;
    for (const { node, origin, level } of this.#rows) {
      if (level === 1 && isOpen(node)) nowMs = now - origin;
      const end = isOpen(node) ? now : (node.endTime ?? node.startTime ?? origin);
      elapsedMs = Math.max(elapsedMs, end - origin);
    }
    this.#axis.update(elapsedMs, nowMs);
  }

  /** Brings the next row in one of these states into view, going round at the end. */
  focusNext(matches: (node: SpanNode) => boolean): void {
    const from = this.#rows.findIndex((row) => row.key === this.#focusedKey);
    const inOrder = [...this.#rows.slice(from + 1), ...this.#rows.slice(0, from + 1)];
    // The innermost one is what is meant: a workflow is failed because one of its steps is.
    const leaf = inOrder.find((row) => matches(row.node) && !(row.isExpanded && this.#hasMatchBelow(row, matches)));
    if (leaf !== undefined) this.#focus(leaf.key);
  }

  #hasMatchBelow(row: TreeRow, matches: (node: SpanNode) => boolean): boolean {
    const index = this.#rows.indexOf(row);
    for (const below of this.#rows.slice(index + 1)) {
      if (below.level <= row.level) return false;
      if (matches(below.node)) return true;
    }
    return false;
  }

  #addRow({ key, node }: TreeRow): Row {
    const row = new Row(node.spanId, {
      send: this.#send,
      toggleChildren: () => this.#toggle(this.#collapsed, key),
      toggleDetails: () => this.#toggle(this.#detailed, key),
    });
    row.element.dataset["key"] = key;
    this.#rowsByKey.set(key, row);
    return row;
  }

  #dropHidden(): void {
    const shown = new Set(this.#rows.map((row) => row.key));
    for (const key of this.#rowsByKey.keys()) if (!shown.has(key)) this.#rowsByKey.delete(key);
  }

  #toggle(set: Set<string>, key: string): void {
    const hadFocus = this.#body.contains(document.activeElement);
    if (!set.delete(key)) set.add(key);
    this.render(this.#roots, this.#now);
    if (hadFocus) this.#focus(key);
  }

  #setTabStop(key: string): void {
    if (this.#focusedKey === key) return;
    if (this.#focusedKey !== undefined) this.#rowsByKey.get(this.#focusedKey)?.element.setAttribute("tabindex", "-1");
    this.#focusedKey = key;
    this.#rowsByKey.get(key)?.element.setAttribute("tabindex", "0");
  }

  #focus(key: string | undefined): void {
    if (key === undefined) return;
    this.#setTabStop(key);
    this.#rowsByKey.get(key)?.element.focus();
  }

  #onKey(event: KeyboardEvent): void {
    // A key pressed on a button inside a row is the button's.
    if (!(event.target instanceof HTMLElement) || event.target.dataset["key"] === undefined) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.#rows.findIndex((row) => row.key === this.#focusedKey);
    const row = this.#rows[index];
    if (row === undefined) return;
    switch (event.key) {
      case "ArrowDown":
        this.#focus(this.#rows[index + 1]?.key);
        break;
      case "ArrowUp":
        this.#focus(this.#rows[index - 1]?.key);
        break;
      case "ArrowRight":
        if (row.hasChildren && !row.isExpanded) this.#toggle(this.#collapsed, row.key);
        else if (row.isExpanded) this.#focus(this.#rows[index + 1]?.key);
        break;
      case "ArrowLeft":
        if (row.isExpanded) this.#toggle(this.#collapsed, row.key);
        else this.#focus(row.parentKey);
        break;
      case "Home":
        this.#focus(this.#rows[0]?.key);
        break;
      case "End":
        this.#focus(this.#rows.at(-1)?.key);
        break;
      case "Enter":
      case " ":
        this.#toggle(this.#detailed, row.key);
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}
