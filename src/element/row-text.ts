import type { SpanProgress } from "../workflows/span-event.ts";
import type { SpanNode } from "../workflows/span-node.ts";
import type { TraceLabels } from "./labels.ts";
import { awaited } from "./run-story.ts";
import { isOpen, nameOf, progressText, shortText, shownState } from "./span-text.ts";
import type { TraceContext } from "./trace-context.ts";
import { onlyAttempt, type TraceRow } from "./trace-rows.ts";

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
  const left = node.until === undefined ? undefined : formats.remaining(node.until - now);
  const error = errorOf(node);
  switch (shownState(node)) {
    case "failed":
      // A failure that has come up unchanged from below is told there.
      if (isExpanded && node.children.some((child) => child.error === error)) return undefined;
      return { text: failureText(error, labels), tone: "failed" };
    case "abandoned":
      return { text: labels.neverEnded, tone: "quiet" };
    case "sleeping":
      return left === undefined ? undefined : { text: labels.wakesIn(left), tone: "quiet" };
    case "waiting":
      return { text: labels.waitingFor(awaited(node, labels), left), tone: "waiting" };
    case "running":
      return runningNote(node, context);
    default:
      return undefined;
  }
}

function runningNote(node: SpanNode, { labels, formats }: Context): RowNote | undefined {
  const progress = progressOf(node);
  if (progress) return { text: progressText(progress, formats, labels), tone: "quiet" };
  const latest = node.attempts.at(-1);
  if (latest?.state === "failed") {
    return { text: `${failureText(latest.error, labels)} · ${labels.retrying}`, tone: "failed" };
  }
  const line = (onlyAttempt(node) ?? node).logs.at(-1);
  return line && { text: shortText(line.message), tone: "quiet" };
}

function failureText(error: string | undefined, labels: TraceLabels): string {
  return shortText(error ?? "") || labels.failedSilently;
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
  const count = Math.max(node.attempts.length, node.attempts.at(-1)?.attempt ?? node.attempt);
  if (node.kind === "attempt" || count < 2) return undefined;
  return (isOpen(node) ? labels.attempt : labels.attempts)(formats.count(count));
}
