import type { SpanProgress } from "../trace/events.ts";
import type { SpanNode, SpanState } from "../trace/tree/node.ts";
import { isolateText, visibleLine, visibleText } from "../trace/view/visible-text.ts";
import { cutText } from "./bounded-text.ts";
import type { Formats } from "./formats.ts";
import type { SpanLabels } from "./labels.ts";

/** Names come from outside, and may be as long as an event. */
const MAX_NAME_LENGTH = 300;
/** Colours and the like, which are meant for terminals. */
// oxlint-disable-next-line no-control-regex -- it is about them
const TERMINAL_SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;
const EMPTY_LINES = /\r?\n(?:[^\S\n]*\n){2,}/g;
// oxlint-disable-next-line no-control-regex -- it is about them
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** What is shown of states: a sleep is told apart from a wait, since nobody has to do anything about it. */
export type ShownState = SpanState | "sleeping";

/** A span's own state, whatever goes on below it. */
export function ownState({ state, kind }: SpanNode): ShownState {
  return state === "waiting" && kind === "sleep" ? "sleeping" : state;
}

/** A span's name; careless senders leave it empty, and what has no name cannot be spoken of. */
export function nameOf(node: SpanNode, labels: Pick<SpanLabels, "noName">): string {
  return shortText(node.name) || labels.noName;
}

/** The same for use within a sentence. */
export function spokenName(node: SpanNode, labels: Pick<SpanLabels, "noName">): string {
  return isolateText(nameOf(node, labels));
}

/** The first line of a text from outside, bounded in length; empty if nobody would see anything of it. */
export function shortText(text: string): string {
  const [line = ""] = longText(text, 2 * MAX_NAME_LENGTH)
    .trim()
    .split(/[\r\n]/, 1);
  return cutText(visibleLine(line), MAX_NAME_LENGTH);
}

/** The same for use within a sentence. */
export function phrase(text: string): string {
  return isolateText(shortText(text));
}

/** A text from outside with all its lines, bounded in length; empty if nobody would see anything of it. */
export function longText(text: string, maxLength: number): string {
  const plain = cutText(text, maxLength).replaceAll(TERMINAL_SEQUENCES, "").replaceAll(CONTROLS, "");
  return visibleText(plain.replaceAll(EMPTY_LINES, "\n\n"));
}

/** How far, from 0 to 1; undefined where the end is not known. */
export function fractionOf({ current, total }: SpanProgress): number | undefined {
  return total === undefined || !(total > 0) ? undefined : Math.min(1, Math.max(0, current / total));
}

/** `3 of 10 files · the last of them` */
export function progressText(
  { current, total, unit, message }: SpanProgress,
  formats: Formats,
  labels: SpanLabels,
): string {
  const counted = labels.progress(
    formats.count(current),
    // Less than nothing is no end.
    total === undefined || total < 0 ? undefined : formats.count(total),
    phrase(unit ?? "") || undefined,
  );
  return [counted, phrase(message ?? "")].filter(Boolean).join(" · ");
}
