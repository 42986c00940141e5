import stringWidth from "string-width";
import type { Palette, Style } from "./palette.ts";

const ASCII = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** A piece of a line, in one style. Its text must have been through `safeText`. */
export interface Part {
  readonly text: string;
  readonly style: Style;
}

/** One line of the screen: what stands at its left, and what at its right edge. */
export interface Line {
  readonly parts: readonly Part[];
  readonly right?: Part;
}

export function part(text: string, style: Style = "plain"): Part {
  return { text, style };
}

/** For what is not cut: a pipe has no width, and a terminal wraps what is not painted over. */
export const ALL_COLUMNS = Number.MAX_SAFE_INTEGER;

/** The line in no more than so many columns: what is too long is cut, its right end never. */
export function paintLine({ parts, right }: Line, columns: number, palette: Palette): string {
  const rightWidth = right === undefined ? 0 : stringWidth(right.text);
  const hasRight = right !== undefined && rightWidth > 0 && rightWidth + 8 <= columns;
  let room = hasRight ? columns - rightWidth - 2 : columns;
  let painted = "";
  for (const { text, style } of parts) {
    const fitting = fitText(text, room);
    room -= stringWidth(fitting);
    painted += palette(style, fitting);
    if (fitting !== text) break;
  }
  if (!hasRight) return painted.trimEnd();
  return `${painted}${" ".repeat(Math.max(0, room) + 2)}${palette(right.style, right.text)}`;
}

/** The text if it fits into so many columns, otherwise its beginning and an ellipsis. */
export function fitText(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (ASCII.test(text) && text.length <= columns) return text;
  let width = 0;
  let end = 0;
  // Stops at the edge: a text may be a million characters long.
  for (const { segment, index } of graphemes.segment(text)) {
    width += stringWidth(segment);
    if (width > columns) return `${text.slice(0, end).trimEnd()}…`;
    if (width < columns) end = index + segment.length;
  }
  return text;
}
