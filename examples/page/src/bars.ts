import type { SpanNode } from "ssetarget/workflows";
import { element, reconcile } from "./dom.ts";
import { isOpen } from "./span-text.ts";
import type { TreeRow } from "./tree-rows.ts";

interface Bar {
  readonly element: HTMLElement;
  readonly start: number;
  readonly isOpen: boolean;
}

/**
 * A row's share of the timeline: one bar, or one per attempt over a thin line that is the whole step.
 *
 * Bars carry their start and length in milliseconds as CSS variables, and the tree carries the range: when the
 * axis grows, one variable changes and not every bar.
 */
export class Bars {
  readonly element = element("div", { class: "bars", attributes: { "aria-hidden": "true" } });
  #bars: Bar[] = [];

  update(row: TreeRow): void {
    const { node, origin } = row;
    const attempts = row.attempt === undefined ? node.attempts : [];
    const spans: [SpanNode, string][] = [
      [node, attempts.length > 0 ? "bar bar-line" : "bar"],
      ...attempts.map((attempt): [SpanNode, string] => [attempt, "bar"]),
    ];
    this.#bars = spans.flatMap(([span, className], index) => {
      const start = span.startTime;
      if (start === undefined) return [];
      const bar = this.#bars[index]?.element ?? element("i");
      bar.className = className;
      // Not `data-state`: whoever looks for spans in a state means rows.
      bar.dataset["barState"] = span.state;
      bar.dataset["barKind"] = span.kind;
      bar.style.setProperty("--start", String(Math.max(0, start - origin)));
      const end = span.endTime;
      if (end !== undefined) setLength(bar, end - start);
      else if (!isOpen(span)) setLength(bar, 0);
      return [{ element: bar, start, isOpen: end === undefined && isOpen(span) }];
    });
    reconcile(
      this.element,
      this.#bars.map((bar) => bar.element),
    );
  }

  tick(now: number): void {
    for (const bar of this.#bars) if (bar.isOpen) setLength(bar.element, now - bar.start);
  }
}

function setLength(bar: HTMLElement, ms: number): void {
  bar.style.setProperty("--length", String(Math.max(0, ms)));
}
