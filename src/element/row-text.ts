import type { SpanProgress } from "../trace/events.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import { attemptCount, isOpen, onlyAttempt } from "../trace/view/shape.ts";
import { shownState, workOf } from "./open-work.ts";
import { awaited, failureText } from "./headline.ts";
import { nameOf, phrase, progressText, shortText } from "./span-text.ts";
import type { TraceContext } from "./trace-context.ts";
import { type TraceRow } from "./trace-rows.ts";

type Context = Pick<TraceContext, "labels" | "formats" | "now" | "isCalm">;

/** The one thing about a row that is worth saying beside it. */
export interface RowNote {
  readonly text: string;
  readonly tone: "quiet" | "failed" | "waiting";
}

export function rowLabel(node: SpanNode, { labels, formats }: Pick<Context, "labels" | "formats">): string {
  return node.kind === "attempt" ? labels.attempt(formats.count(node.attempt)) : nameOf(node, labels);
}

export function durationText(node: SpanNode, { formats, now, isCalm }: Context): string {
  const { startTime, durationMs } = node;
  if (durationMs !== undefined) return formats.duration(durationMs);
  return startTime !== undefined && isOpen(node) ? formats.running(now - startTime, isCalm) : "–";
}

export function rowNote({ node, isExpanded }: TraceRow, context: Context): RowNote | undefined {
  const { labels, formats, now } = context;
  const state = shownState(node);
  const told = node.state === "running" ? runningNote(node, context) : undefined;
  // One that waits because of what is below it: unfolded, that says so itself.
  if (told !== undefined || (node.state === "running" && isExpanded)) return told;
  const error = errorOf(node);
  const waiting = state === "waiting" || state === "sleeping" ? (workOf(node).first[state][0] ?? node) : node;
  const left = waiting.until === undefined ? undefined : formats.remaining(waiting.until - now);
  switch (state) {
    case "failed":
      // A failure that has come up unchanged from below is told there.
      if (isExpanded && node.children.some((child) => child.error === error)) return undefined;
      return { text: failureText(error, labels), tone: "failed" };
    case "abandoned":
      return { text: labels.neverEnded, tone: "quiet" };
    case "sleeping":
      return left === undefined ? undefined : { text: labels.wakesIn(left), tone: "quiet" };
    case "waiting":
      return { text: labels.waitingFor(awaited(waiting, labels), left), tone: "waiting" };
    default:
      return undefined;
  }
}

function runningNote(node: SpanNode, { labels, formats }: Context): RowNote | undefined {
  const progress = progressOf(node);
  if (progress) return { text: progressText(progress, formats, labels), tone: "quiet" };
  const latest = node.attempts.at(-1);
  if (latest?.state === "failed") {
    return { text: `${phrase(latest.error ?? "") || labels.failedSilently} · ${labels.retrying}`, tone: "failed" };
  }
  const line = (onlyAttempt(node) ?? node).logs.at(-1);
  const text = line && shortText(line.message);
  return text ? { text, tone: "quiet" } : undefined;
}

/** What the span, or its last attempt, said of its failure. */
export function errorOf(node: SpanNode): string | undefined {
  return node.error ?? node.attempts.at(-1)?.error;
}

/** Progress while it moves; of a step with several attempts, the latest one's own row shows it. */
export function progressOf(node: SpanNode): SpanProgress | undefined {
  return node.state === "running" ? (onlyAttempt(node)?.progress ?? node.progress) : undefined;
}

/** `attempt 2`, for a step that did not succeed at once. */
export function attemptBadge(node: SpanNode, { labels, formats }: Context): string | undefined {
  const count = attemptCount(node);
  if (count === undefined) return undefined;
  return (isOpen(node) ? labels.attempt : labels.attempts)(formats.count(count));
}
