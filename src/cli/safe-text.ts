/**
 * What a terminal would obey or hide instead of showing: C0 and C1 controls, DEL, the marks that turn the direction of
 * text around, line separators, and halves of characters. JSON leaves most of them in strings as they are.
 * @see https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The same, and what nobody sees at all; but what joins the parts of an emoji stays, and what chooses its form. */
const UNSEEN = new RegExp(`(?![\\u200c\\u200d\\ufe00-\\ufe0f\\u{e0020}-\\u{e007f}])(?:${UNSAFE.source}|\\p{DI})`, "gu");

/**
 * The text on one line, with nothing in it that a terminal obeys: names, logs and attributes come from the network, and
 * an escape sequence in them could rewrite what is on the screen. Controls are shown by their pictures (`␛`).
 */
export function safeText(text: string): string {
  return text
    .replaceAll(/\r\n?|\n/g, "↵ ")
    .replaceAll("\t", " ")
    .replaceAll(UNSAFE, picture);
}

/** The same JSON, with what {@link safeText} guards against escaped, so that it can be looked at too. */
export function safeJson(json: string): string {
  return json.replaceAll(UNSEEN, (unseen) =>
    [...unseen.matchAll(/[^]/g)].map(([unit]) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
}

function picture(unsafe: string): string {
  const code = unsafe.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}
