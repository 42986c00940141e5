import { describe, expect, it } from "vitest";
import { isolateText, visibleLine, visibleText } from "../../../src/trace/view/visible-text.ts";

const NAMES = [
  "Straße",
  "漢字",
  "مرحبا",
  "שלום",
  "नमस्ते",
  "می‌خواهم",
  "👩‍💻 ❤️ 🇨🇭",
  "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
  "e\u0301",
];

describe("what is shown of a text from outside", () => {
  it.each([
    ["zero width", "\u200b\u200b"],
    ["Hangul fillers", "\u3164\u115f\u1160\uffa0"],
    ["braille blanks", "\u2800"],
    ["word joiners", "\u2060\ufeff"],
    ["soft hyphens", "\u00ad"],
    ["spaces of all widths", " \u00a0\u2003\u3000\u202f"],
    ["tags", "\u{e0041}\u{e0042}"],
    ["variants of nothing", "\ufe0f\u200d"],
    ["marks upon nothing", "\u0301\u034f"],
    ["direction marks", "\u202e\u2066\u200f\u061c\u2069"],
    ["an empty note", "\u{1d159}"],
    ["controls", "\u0000\u0007"],
  ])("is nothing if it is all %s", (_what, text) => expect(visibleLine(text)).toBe(""));

  it("has no marks that turn the words of others around", () => {
    for (const mark of "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206f")
      expect(visibleText(`pay${mark}ment`)).toBe("payment");
  });

  it("tells names apart that only seem different", () => {
    expect(visibleText("pay\u200bment")).toBe("payment");
    expect(visibleText("\u3164payment\u{e0020}")).toBe("payment");
  });

  it.each(NAMES)("leaves %s alone", (name) => expect(visibleText(name)).toBe(name));

  it("piles no more marks on a character than a script has", () => {
    expect(visibleText(`a${"\u0301".repeat(100)}b`)).toBe(`a${"\u0301".repeat(8)}b`);
  });

  it("keeps its lines, and as one line has none", () => {
    expect(visibleText("two\nlines\u200b")).toBe("two\nlines");
    expect(visibleLine(" two\nlines\u2003of  text ")).toBe("two lines of text");
  });

  it("takes nothing of a sentence along if it reads from right to left", () => {
    expect(isolateText("مرحبا")).toBe("\u2068مرحبا\u2069");
    expect(isolateText("payment")).toBe("payment");
  });
});
