const ASCII = /^[\x20-\x7e]*$/;

/** What takes two columns: East Asian wide and full-width characters, and emoji. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;

/** What takes none: marks that go onto the character before, and characters without a form of their own. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * How many columns of a terminal the text takes, which must have been through `safeText`.
 * @see https://www.unicode.org/reports/tr11/
 */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The text if it fits into so many columns, else its beginning and an ellipsis. */
export function fitText(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (ASCII.test(text) && text.length <= columns) return text;
  let width = 0;
  let end = 0;
  // Segmented only as far as is looked at: a text may be a million characters long.
  for (const { segment, index } of graphemes.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns) return `${text.slice(0, end).trimEnd()}…`;
    if (width < columns) end = index + segment.length;
  }
  return text;
}

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return NO_WIDTH.test(grapheme) ? 0 : 1;
}
