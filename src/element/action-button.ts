import { throwTo } from "../client/delivery.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import { h, type View } from "./dom.ts";
import type { TraceLabels } from "./labels.ts";
import { shortText } from "./span-text.ts";
import { keyOf } from "./trace-rows.ts";

/** Something that a reader can do about a span, such as approving what it waits for. */
export interface SpanAction {
  /** What the button says. */
  readonly label: string;
  /** Does it. What it rejects with is shown beside the button, by its message. */
  readonly run: () => Promise<unknown> | void;
}

/** Says what can be done about a span; undefined where nothing can. Called with every frame, so it should be quick. */
export type SpanActions = (span: SpanNode) => SpanAction | undefined;

/** The buttons of actions, and how far those are that were pressed. */
export class ActionButton {
  readonly #onChange: () => void;
  /** What is said instead of the label, or beside it where it can be tried again. */
  readonly #pressed = new Map<string, { readonly text: string; readonly isProblem: boolean }>();
  actions: SpanActions | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** @param of - The name of the span, for those who hear the button without seeing where it is. */
  view(node: SpanNode, of: string, labels: TraceLabels): View | undefined {
    const action = this.#actionOf(node);
    if (action === undefined) return undefined;
    const key = `${keyOf(node)}\n${node.attempt}`;
    // A label often holds a word of the span's.
    const label = shortText(action.label);
    const { text, isProblem } = this.#pressed.get(key) ?? { text: label, isProblem: true };
    const onclick = (event: Event): void => {
      // A click on the row itself would open its details.
      event.stopPropagation();
      if (isProblem) void this.#run(key, action, labels);
    };
    return h(
      "span",
      { class: "action" },
      isProblem && text !== label
        ? h("span", { key, class: "note", "data-tone": "failed", role: "alert", title: text }, text)
        : undefined,
      // aria-disabled and not disabled: the focus stays where it is.
      h(
        "button",
        { type: "button", title: label, "aria-disabled": isProblem ? undefined : true, onclick },
        isProblem ? label : text,
        h("span", { class: "vh" }, of),
      ),
    );
  }

  #actionOf(node: SpanNode): SpanAction | undefined {
    try {
      return this.actions?.(node);
    } catch (error) {
      // It is asked with every frame: one that fails is reported once, and not asked again.
      this.actions = undefined;
      throwTo(undefined)(error);
      return undefined;
    }
  }

  async #run(key: string, action: SpanAction, { sending, sent }: TraceLabels): Promise<void> {
    const note = (text: string, isProblem = false): void => {
      this.#pressed.set(key, { text, isProblem });
      this.#onChange();
    };
    note(sending);
    try {
      await action.run();
      // The row changes by itself when the run has taken it in; until then there is nothing more to press.
      note(sent);
    } catch (error) {
      note(shortText(error instanceof Error ? error.message : String(error)), true);
    }
  }
}
