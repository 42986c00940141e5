import type { LogLevel } from "../trace/events.ts";
import type { SpanState } from "../trace/tree/node.ts";
import type { SpanTree } from "../trace/tree/tree.ts";
import { type Line, paintLine, type Part, part } from "./line.ts";
import type { Palette, Style } from "./palette.ts";
import { toRows } from "./screen-rows.ts";
import { rowLine } from "./span-line.ts";

/** On a wider terminal the durations would stand too far from the names. */
const MAX_COLUMNS = 120;

/** What a frame is made of. */
export interface FrameInput {
  readonly tree: SpanTree;
  /** Now, on the server's clock, in milliseconds since the epoch. */
  readonly nowMs: number;
  readonly columns: number;
  readonly rows: number;
  readonly logLevel: LogLevel | undefined;
  readonly palette: Palette;
  /** Stands below the tree: where the connection stands, or how it came out. */
  readonly footer: readonly Line[];
}

/** The screen as it is to be seen: the tree, and below it the footer. */
export function renderFrame({ tree, nowMs, columns, rows, logLevel, palette, footer }: FrameInput): string[] {
  const maxRows = Math.max(1, rows - footer.length);
  const lines = toRows(tree.roots, { maxRows, logLevel }).map((row) => rowLine(row, nowMs));
  const width = Math.min(columns, MAX_COLUMNS);
  return [...lines, ...footer].slice(-rows).map((line) => paintLine(line, width, palette));
}

const COUNTED: readonly (readonly [SpanState, Style])[] = [
  ["failed", "failed"],
  ["running", "running"],
  ["waiting", "waiting"],
  ["abandoned", "quiet"],
  ["done", "done"],
];

/** One line that counts spans by their state, and says what else there is to know. */
export function statusLine(tree: SpanTree, notes: readonly Part[]): Line {
  const counts = COUNTED.flatMap(([state, style]) =>
    tree.totals[state] === 0 ? [] : [part(`${tree.totals[state]} ${state}`, style)],
  );
  const gap = tree.gaps.at(-1);
  if (gap !== undefined && gap.reason !== "reset" && gap.reason !== "unknown-cursor") {
    counts.push(part("history is missing", "waiting"));
  }
  return {
    parts: [...counts, ...notes].flatMap((each, index) => (index === 0 ? [each] : [part(" · ", "quiet"), each])),
  };
}
