import type { SpanProgress } from "../workflows/span-event.ts";
import type { SpanNode, SpanState } from "../workflows/span-node.ts";
import { cutText } from "./bounded-text.ts";
import type { Formats } from "./formats.ts";
import type { SpanLabels } from "./labels.ts";

/** Names come from outside, and may be as long as an event. */
const MAX_NAME_LENGTH = 300;
/** Marks that turn around the direction of all that follows in a line, the words of others included. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** What is shown of a span's state: a sleep is told apart from a wait, since nobody has to do anything about it. */
export type ShownState = SpanState | "sleeping";

export function isOpen(node: SpanNode): boolean {
  return node.state === "running" || node.state === "waiting";
}

export function shownState({ state, kind }: Pick<SpanNode, "state" | "kind">): ShownState {
  return state === "waiting" && kind === "sleep" ? "sleeping" : state;
}

/** A span's name; careless senders leave it empty, and what has no name cannot be spoken of. */
export function nameOf(node: SpanNode, labels: Pick<SpanLabels, "noName">): string {
  return shortText(node.name) || labels.noName;
}

/** The first line of a text from outside, bounded in length, which can be put into a sentence. */
export function shortText(text: string): string {
  const [line = ""] = text
    .slice(0, 2 * MAX_NAME_LENGTH)
    .replaceAll(TURNS, "")
    .trim()
    .split(/[\r\n]/, 1);
  return cutText(line, MAX_NAME_LENGTH);
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
    total === undefined ? undefined : formats.count(total),
    unit === undefined ? undefined : shortText(unit),
  );
  return message === undefined ? counted : `${counted} · ${shortText(message)}`;
}
