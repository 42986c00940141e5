import { progressOf } from "../trace/analysis/progress.ts";
import type { SpanProgress } from "../trace/events.ts";
import type { SpanLogLine, SpanNode } from "../trace/tree/node.ts";
import { visibleLine } from "../trace/view/visible-text.ts";
import { attemptCount, countBelow, isOpen, onlyAttempt } from "../trace/view/shape.ts";
import { durationText, remainingText, runningText } from "./duration-text.ts";
import { type Line, type Part, part } from "./line.ts";
import type { Style } from "./palette.ts";
import { safeText } from "./safe-text.ts";
import type { ScreenRow } from "./screen-rows.ts";

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
export const SPINNER_STEP_MS = 100;
const BAR_COLUMNS = 16;
/** Indentation stops here: what is deeper would be pushed off the screen. */
const MAX_INDENT = 32;
/** Beyond it a number is shown by its first digits and its size. */
const MAX_WRITTEN_OUT = 1e15;
/** Text from the network beyond this is not looked at; no terminal is as wide. */
const MAX_TEXT = 1000;

/** One row as a line of the screen. `nowMs` is on the server's clock. */
export function rowLine(row: ScreenRow, nowMs: number): Line {
  switch (row.type) {
    case "span":
      return spanLine(row.node, row.depth, row.isFolded, nowMs);
    case "log":
      return { parts: [part(`${indent(row.depth)}  `), ...logParts(row.line)] };
    case "hidden":
      return hiddenLine(row.nodes, row.depth);
    case "more":
      return { parts: [part(`… ${row.count} more are open; enlarge the window to see them`, "quiet")] };
  }
}

function spanLine(node: SpanNode, depth: number, isFolded: boolean, nowMs: number): Line {
  const attempt = onlyAttempt(node);
  const parts = [
    part(indent(depth)),
    iconOf(node, nowMs),
    part(" "),
    part(nameOf(node), nameStyle(node)),
    ...attemptParts(node),
    ...foldParts(node, isFolded),
    ...detailParts(node, attempt, isFolded, nowMs),
  ];
  const duration = durationOf(node, nowMs);
  return duration === undefined ? { parts } : { parts, right: part(duration, isOpen(node) ? "plain" : "quiet") };
}

function hiddenLine(nodes: readonly SpanNode[], depth: number): Line {
  const count = nodes.reduce((sum, node) => sum + 1 + countBelow(node), 0);
  const failed = nodes.filter((node) => node.rollup === "failed").length;
  const icon = failed > 0 ? part("✗", "failed") : part("✓", "done");
  const note = failed > 0 ? `, ${failed} of them failed` : "";
  return { parts: [part(indent(depth)), icon, part(` ${count} more have ended${note}`, "quiet")] };
}

function indent(depth: number): string {
  return " ".repeat(Math.min(depth * 2, MAX_INDENT));
}

export function iconOf(node: SpanNode, nowMs: number): Part {
  switch (node.state) {
    case "running":
      return part(SPINNER[Math.floor(nowMs / SPINNER_STEP_MS) % SPINNER.length] ?? "⠋", "running");
    case "waiting":
      return node.kind === "sleep" ? part("◷", "quiet") : part("◆", "waiting");
    case "done":
      return part("✓", "done");
    case "failed":
      return part("✗", "failed");
    case "abandoned":
      return part("–", "quiet");
  }
}

/** What a span is called; one without a name could not be spoken of. */
export function nameOf({ kind, name, attempt }: Pick<SpanNode, "kind" | "name" | "attempt">): string {
  return kind === "attempt" ? `attempt ${attempt}` : shortText(name) || "(no name)";
}

function nameStyle(node: SpanNode): Style {
  if (node.state === "abandoned" || node.kind === "attempt") return "quiet";
  return node.parentSpanId === null ? "strong" : "plain";
}

function attemptParts(node: SpanNode): Part[] {
  const count = attemptCount(node);
  if (count === undefined) return [];
  return [part(isOpen(node) ? `  attempt ${count}` : `  ${count} attempts`, "quiet")];
}

function foldParts(node: SpanNode, isFolded: boolean): Part[] {
  const count = isFolded ? countBelow(node) : 0;
  return count === 0 ? [] : [part(`  +${count}`, "quiet")];
}

/** The one thing about a span that is worth knowing beside its name. */
function detailParts(node: SpanNode, attempt: SpanNode | undefined, isFolded: boolean, nowMs: number): Part[] {
  switch (node.state) {
    case "running":
      return runningParts(node, attempt);
    case "waiting":
      return [part(`  ${waitText(node, nowMs)}`, node.kind === "sleep" ? "quiet" : "waiting")];
    case "failed":
      return failureParts(node, attempt, isFolded);
    case "abandoned":
      return [part("  no end reported", "quiet")];
    case "done":
      return [];
  }
}

function runningParts(node: SpanNode, attempt: SpanNode | undefined): Part[] {
  const progress = attempt?.progress ?? node.progress;
  if (progress !== undefined) return [part("  "), ...progressParts(progress)];
  const fraction = progressOf(node);
  if (fraction !== undefined) {
    return [part("  "), ...barParts(fraction), part(` ${Math.floor(fraction * 100)}%`)];
  }
  const latest = node.attempts.at(-1);
  if (latest?.state !== "failed") return [];
  return [part(`  ${errorText(latest.error)}`, "failed"), part(" · trying again", "quiet")];
}

function waitText(node: SpanNode, nowMs: number): string {
  const left = node.until === undefined ? undefined : remainingText(node.until - nowMs);
  if (node.kind === "sleep") return left === undefined ? "asleep" : `wakes in ${left}`;
  const what = `waits for ${shortText(node.waitingFor ?? "") || "an event"}`;
  return left === undefined ? what : `${what}, ${left} left`;
}

function failureParts(node: SpanNode, attempt: SpanNode | undefined, isFolded: boolean): Part[] {
  const error = node.error ?? attempt?.error;
  // A failure that has come up unchanged from below is told there.
  const isToldBelow = [...node.children, ...node.attempts].some(
    (child) => child !== attempt && child.state === "failed" && child.error === error,
  );
  return isToldBelow && !isFolded ? [] : [part(`  ${errorText(error)}`, "failed")];
}

export function errorText(error: string | undefined): string {
  return shortText(error ?? "") || "failed";
}

function progressParts({ current, total, unit, message }: SpanProgress): Part[] {
  const hasTotal = total !== undefined && total > 0;
  const count = hasTotal ? ` ${countText(current)}/${countText(total)}` : countText(current);
  const parts = hasTotal ? [...barParts(current / total), part(count)] : [part(count)];
  const [of, what] = [unit, message].map((text) => shortText(text ?? ""));
  if (of) parts.push(part(` ${of}`));
  if (what) parts.push(part(`  ${what}`, "quiet"));
  return parts;
}

function barParts(fraction: number): Part[] {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_COLUMNS);
  return [part("━".repeat(filled), "running"), part("─".repeat(BAR_COLUMNS - filled), "quiet")];
}

function countText(value: number): string {
  if (Math.abs(value) >= MAX_WRITTEN_OUT) return value.toExponential(2);
  return (value || 0).toLocaleString("en", { maximumFractionDigits: 1 });
}

function logParts({ level, message }: SpanLogLine): Part[] {
  const style: Style = level === "error" ? "failed" : level === "warn" ? "waiting" : "quiet";
  return [part("│ ", "quiet"), part(shortText(message), style)];
}

export function durationOf(node: SpanNode, nowMs: number): string | undefined {
  if (node.durationMs !== undefined) return durationText(node.durationMs);
  return isOpen(node) && node.startTime !== undefined ? runningText(nowMs - node.startTime) : undefined;
}

/** Text from the network, safe and no longer than a line can be of use; empty if nobody would see anything of it. */
export function shortText(text: string): string {
  return visibleLine(safeText(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text));
}
