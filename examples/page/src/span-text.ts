import type { SpanNode } from "ssetarget/workflows";
import { formatCount, formatRemaining } from "./format.ts";
import type { TreeRow } from "./tree-rows.ts";

export function isOpen(node: SpanNode): boolean {
  return node.state === "running" || node.state === "waiting";
}

export function hasFailed(node: SpanNode): boolean {
  return node.state === "failed";
}

/** The icon that stands for a span's state; a sleep is a clock, since nobody has to do anything about it. */
export function stateIcon(node: Pick<SpanNode, "state" | "kind">): string {
  return `icon-${node.state === "waiting" && node.kind === "sleep" ? "sleeping" : node.state}`;
}

/** A span's state in a word, as a screen reader says it. */
export function stateWord(node: Pick<SpanNode, "state" | "kind">): string {
  switch (node.state) {
    case "running":
      return "running";
    case "waiting":
      return node.kind === "sleep" ? "sleeping" : "waiting";
    case "done":
      return "done";
    case "failed":
      return "failed";
    case "abandoned":
      return "abandoned";
  }
}

export function rowLabel(row: TreeRow): string {
  return row.node.kind === "attempt" ? `Attempt ${row.node.attempt}` : nameOf(row.node);
}

/** A span's name; hostile or careless senders leave it empty, and a row without a name cannot be spoken of. */
export function nameOf(node: SpanNode): string {
  return node.name.trim() === "" ? "(no name)" : node.name;
}

export interface RowNote {
  readonly text: string;
  readonly tone: "quiet" | "failed" | "waiting";
}

/** The one thing about a row that is worth a second line now. */
export function rowNote(row: TreeRow, now: number): RowNote | undefined {
  const { node } = row;
  const left = node.until === undefined ? undefined : formatRemaining(node.until - now);
  switch (node.state) {
    case "failed":
      // A failure that has come up unchanged from below is told there.
      if (row.isExpanded && node.children.some((child) => child.error !== undefined && child.error === node.error)) {
        return undefined;
      }
      return { text: errorOf(row) ?? "failed without a message", tone: "failed" };
    case "abandoned":
      return { text: "its end was never reported", tone: "quiet" };
    case "waiting":
      if (node.kind === "sleep") return left === undefined ? undefined : { text: `wakes in ${left}`, tone: "quiet" };
      if (node.kind !== "wait") return undefined;
      return { text: `waiting for ${node.waitingFor ?? "an event"}${left ? `, ${left} left` : ""}`, tone: "waiting" };
    case "running":
      return runningNote(row);
    case "done":
      return undefined;
  }
}

function runningNote(row: TreeRow): RowNote | undefined {
  const progress = progressOf(row);
  if (progress) return { text: progressText(progress), tone: "quiet" };
  const latest = row.node.attempts.at(-1);
  if (latest !== undefined && hasFailed(latest)) {
    return { text: `${latest.error ?? `attempt ${latest.attempt} failed`} · trying again`, tone: "failed" };
  }
  const log = (row.attempt ?? row.node).logs.at(-1);
  return log === undefined ? undefined : { text: log.message, tone: "quiet" };
}

export function errorOf(row: TreeRow): string | undefined {
  return row.node.error ?? row.node.attempts.at(-1)?.error;
}

export type Progress = NonNullable<SpanNode["progress"]>;

/** Progress while it moves; of a step with several attempts, the latest one's own row shows it. */
export function progressOf(row: TreeRow): Progress | undefined {
  if (row.node.state !== "running") return undefined;
  return row.attempt?.progress ?? row.node.progress;
}

export function progressText(progress: Progress): string {
  // These come from the network: of them, SpanTree has checked `current` only.
  const total = typeof progress.total === "number" ? ` of ${formatCount(progress.total)}` : "";
  const unit = typeof progress.unit === "string" ? ` ${progress.unit}` : "";
  const message = typeof progress.message === "string" ? ` · ${progress.message}` : "";
  return `${formatCount(progress.current)}${total}${unit}${message}`;
}

/** How far, from 0 to 1; `undefined` when the end is not known. */
export function progressFraction(progress: Progress): number | undefined {
  if (typeof progress.total !== "number" || progress.total <= 0) return undefined;
  return Math.min(1, Math.max(0, progress.current / progress.total));
}

/** `attempt 2`, for a step that did not succeed at once. */
export function attemptBadge({ node }: TreeRow): string | undefined {
  if (node.kind === "attempt") return undefined;
  const count = Math.max(node.attempts.length, node.attempts.at(-1)?.attempt ?? node.attempt);
  if (count < 2) return undefined;
  return isOpen(node) ? `attempt ${count}` : `${count} attempts`;
}

/** What a button says that sends an event: a verb where one is obvious, else the event's own name. */
export function actionLabel(waitingFor: string | undefined): string {
  if (waitingFor === undefined) return "Send the event";
  return waitingFor.toLowerCase().startsWith("approv") ? "Approve" : `Send “${waitingFor}”`;
}
