import { throwTo } from "../client/delivery.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import type { TraceLabels } from "./labels.ts";
import { shortText } from "./span-text.ts";
import { keyOf } from "./trace-rows.ts";

/** Something that a reader can do about a span, such as approving what it waits for. */
export interface SpanAction {
  /** The text of the button. */
  readonly label: string;
  /** Does it. If it rejects, the message of the error is shown beside the button. */
  readonly run: () => Promise<unknown> | void;
}

/** Returns the action of a span, if it has one. Called in every frame, so it should be quick. */
export type SpanActions = (span: SpanNode) => SpanAction | undefined;

/** What the button of an action shows. */
interface ShownButton {
  readonly label: string;
  /** The label, or what has become of the click. */
  readonly text: string;
  /** Why the action failed. It can be tried again. */
  readonly problem: string | undefined;
  readonly isBusy: boolean;
  readonly onClick: (event: Event) => void;
}

/** The actions of all spans, and the state of those that were clicked. */
export class ActionButtons {
  readonly #onChange: () => void;
  readonly #clicked = new Map<string, { readonly text: string; readonly isProblem: boolean }>();
  actions: SpanActions | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  of(node: SpanNode, labels: TraceLabels): ShownButton | undefined {
    const action = this.#actionOf(node);
    if (action === undefined) return undefined;
    const key = `${keyOf(node)}\n${node.attempt}`;
    // A label often contains text from the span.
    const label = shortText(action.label);
    const clicked = this.#clicked.get(key);
    const isBusy = clicked?.isProblem === false;
    return {
      label,
      text: isBusy ? clicked.text : label,
      problem: clicked?.isProblem ? clicked.text : undefined,
      isBusy,
      onClick: (event) => {
        // A click on the row itself opens its details.
        event.stopPropagation();
        if (!isBusy) void this.#run(key, action, labels);
      },
    };
  }

  #actionOf(node: SpanNode): SpanAction | undefined {
    try {
      return this.actions?.(node);
    } catch (error) {
      // It is called in every frame, so one that throws is reported once and not called again.
      this.actions = undefined;
      throwTo(undefined)(error);
      return undefined;
    }
  }

  async #run(key: string, action: SpanAction, { sending, sent }: TraceLabels): Promise<void> {
    const show = (text: string, isProblem = false): void => {
      this.#clicked.set(key, { text, isProblem });
      this.#onChange();
    };
    show(sending);
    try {
      await action.run();
      // The row changes when the run has reacted. Until then there is nothing more to click.
      show(sent);
    } catch (error) {
      show(shortText(error instanceof Error ? error.message : String(error)), true);
    }
  }
}
