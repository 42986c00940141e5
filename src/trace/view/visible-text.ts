/**
 * Names, messages, units and attributes come from outside. A character that nobody sees makes a row blank, turns the words of others
 * around, or makes two names look like one.
 * @see https://www.unicode.org/reports/tr36/
 */

/**
 * Runs of characters without a form of their own, among them all marks that set a direction; and the flags of England, Scotland and
 * Wales, which are spelled with such characters.
 */
const HIDDEN =
  /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f}|[\p{DI}\ufff9-\ufffb\u{13430}-\u{1343f}]+/gu;
/** What a script or an emoji needs behind a character: a variant of it, and how it joins the next. */
const JOINER = /^[\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u180b-\u180d\u180f]?[\u200c\u200d]?$/u;
const FLAG = "\u{1f3f4}";
/** More marks on one character than any script has: they would be drawn over the lines above and below. */
const PILED_MARKS = /(\p{M}{8})\p{M}+/gu;
/** Anything that can be seen: what is left are spaces, and characters that fonts leave empty. */
const SEEN = /[^\s\p{Z}\p{Cc}\p{M}\p{DI}\ufff9-\ufffc\u2800\u{1d159}\u{13430}-\u{1343f}\u{13441}\u{13442}]/u;
const SPACES = /[\s\u2800]+/g;
const ASCII = /^[\x20-\x7e]*$/;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * The text without characters that nobody sees; empty if none is left that anybody would see. Its lines stay lines. For pages that
 * show names and messages themselves: React escapes them, and leaves these characters in.
 * @param text - From outside, trusted with nothing. Its length stays yours to bound.
 */
export function visibleText(text: string): string {
  if (ASCII.test(text)) return text.trim() === "" ? "" : text;
  const visible = text.replace(HIDDEN, withoutHidden).replace(PILED_MARKS, "$1");
  return SEEN.test(visible) ? visible : "";
}

/** The same as one line, without space to hide in. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll(SPACES, " ").trim();
}

/** The text for use within a sentence: if it reads from right to left, it takes nothing of the sentence along. */
export function isolateText(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

function withoutHidden(run: string, at: number): string {
  return run.startsWith(FLAG) || (at > 0 && JOINER.test(run)) ? run : "";
}
