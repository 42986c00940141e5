import type { SpanNode } from "../trace/tree/node.ts";
import type { ActionButtons } from "./action-button.ts";
import type { WatchView } from "./connection.ts";
import type { Formats } from "./formats.ts";
import type { TraceLabels } from "./labels.ts";
import type { NoteSide } from "./note-sides.ts";
import type { ShownState } from "./span-text.ts";
import type { TimeWindow } from "./time-window.ts";
import type { SpanRef, TraceModel } from "./trace-model.ts";
import type { TraceRow } from "./trace-rows.ts";

/** What the parts of the element can ask it to do. */
export interface TraceHost {
  follow: boolean;
  reconnect(): void;
  expandAll(): void;
  collapseAll(): void;
  filter(text: string, states: readonly ShownState[]): void;
  zoom(factor: number): void;
  fit(): void;
  /** Opens the details of a span, or closes them. */
  show(ref: SpanRef | undefined): void;
  copyLink(node: SpanNode): Promise<void>;
  /** Draws everything anew, with the next frame. */
  refresh(): void;
}

/** What all parts of the element show in one frame. */
export interface TraceContext {
  readonly host: TraceHost;
  readonly labels: TraceLabels;
  readonly formats: Formats;
  readonly model: TraceModel;
  readonly window: TimeWindow;
  readonly buttons: ActionButtons;
  readonly highlight: ((span: SpanNode) => boolean) | undefined;
  readonly connection: WatchView["state"] | undefined;
  readonly now: number;
  readonly isCalm: boolean;
  /** Without a connection what is shown stands still. */
  readonly isStill: boolean;
  /** There is no timeline beside the names: bars are below them, notes between. */
  readonly isNarrow: boolean;
  readonly hasCopied: boolean;
  /** Where the note of a row stands, whose bar begins and ends at these shares of the timeline. */
  sideOf(row: TraceRow, note: string, start: number, end: number): NoteSide;
}
