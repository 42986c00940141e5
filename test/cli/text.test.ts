import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { durationText, parseDuration, remainingText, runningText } from "../../src/cli/duration-text.ts";
import { fitText, paintLine, part } from "../../src/cli/line.ts";
import { plainPalette, wantsColour } from "../../src/cli/palette.ts";
import { safeJson, safeText } from "../../src/cli/safe-text.ts";

describe("text from the network", () => {
  it("has no characters left that a terminal obeys", () => {
    expect(safeText("\u001b[2J\u001b]0;title\u0007")).toBe("␛[2J␛]0;title␇");
    expect(safeText("\u009b31m and \u007f")).toBe("\ufffd31m and ␡");
    expect(safeText("two\r\nlines,\na\ttab")).toBe("two↵ lines,↵ a tab");
  });

  it("cannot turn its direction around or smuggle in half a character", () => {
    expect(safeText("invoice\u202efdp.exe\u2028\ud800")).toBe("invoice\ufffdfdp.exe\ufffd\ufffd");
  });

  it("is left alone where there is nothing to fear", () => {
    const text = "Straße, 漢字, مرحبا, 👩‍💻 “quoted”";
    expect(safeText(text)).toBe(text);
  });

  it("is the same JSON afterwards", () => {
    const value = { "\u009b": "\u001b[2J\u202e\u007f\ud800 漢字 \u2028" };
    const json = safeJson(JSON.stringify(value));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toBe(String.raw`{"\u009b":"\u001b[2J\u202e\u007f\ud800 漢字 \u2028"}`);
  });
});

describe("the width of a text", () => {
  it.each([
    ["plain", 5],
    ["Straße", 6],
    ["漢字", 4],
    ["한국어", 6],
    ["ｆｕｌｌ", 8],
    ["e\u0301", 1],
    ["👩‍💻", 2],
    ["🇩🇪", 2],
    ["ｶﾞ", 2],
    ["नि", 2],
    ["🏳‍🌈", 2],
    ["α ①", 3],
    ["✓ ⠋ ━", 5],
    ["a\u200bb", 2],
    ["", 0],
  ])("of %j is %i", (text, width) => {
    expect(stringWidth(text)).toBe(width);
  });

  it("is what is cut to", () => {
    expect(fitText("purchase", 8)).toBe("purchase");
    expect(fitText("purchase", 7)).toBe("purcha…");
    expect(fitText("漢字漢字", 7)).toBe("漢字漢…");
    expect(fitText("漢字漢字", 6)).toBe("漢字…");
    expect(fitText("a 👩‍💻", 3)).toBe("a…");
    expect(fitText("anything", 1)).toBe("…");
    expect(fitText("anything", 0)).toBe("");
  });
});

describe("a line", () => {
  const line = { parts: [part("✓ "), part("check the basket")], right: part("900ms") };

  it("has its right end at the right edge, whatever has to go for it", () => {
    expect(paintLine(line, 30, plainPalette)).toBe("✓ check the basket       900ms");
    expect(paintLine(line, 20, plainPalette)).toBe("✓ check the…   900ms");
    expect(paintLine(line, 8, plainPalette)).toBe("✓ check…");
  });

  it("is never wider than it may be", () => {
    for (let columns = 1; columns < 40; columns++) {
      expect(stringWidth(paintLine(line, columns, plainPalette))).toBeLessThanOrEqual(columns);
    }
  });
});

describe("a duration", () => {
  it("is told as exactly as is of use", () => {
    expect([0, 85, 999, 1000, 4_249, 59_999, 60_000, 185_000, 7_380_000, 93_600_000].map(durationText)).toEqual([
      "0ms",
      "85ms",
      "999ms",
      "1.0s",
      "4.2s",
      "59.9s",
      "1m00s",
      "3m05s",
      "2h03m",
      "1d02h",
    ]);
  });

  it("counts in tenths of seconds while it runs, and down in whole ones", () => {
    expect([0, 85, 4_249].map(runningText)).toEqual(["0.0s", "0.0s", "4.2s"]);
    expect([-5, 1, 59_001, 61_000].map(remainingText)).toEqual(["0s", "1s", "1m00s", "1m01s"]);
  });

  it("is read as people write it", () => {
    expect(["90", "90s", "500ms", "1.5m", "2h", "1d"].map(parseDuration)).toEqual([
      90_000, 90_000, 500, 90_000, 7_200_000, 86_400_000,
    ]);
    expect(["", "s", "5 minutes", "-1s", "1e3", "1h30m"].map(parseDuration)).toEqual(Array(6).fill(undefined));
  });
});

describe("colours", () => {
  it("are for terminals, unless the environment says otherwise", () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ NO_COLOR: "1" }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: "" }, true)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: "1" }, false)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: "0" }, true)).toBe(false);
    expect(wantsColour({ TERM: "dumb" }, true)).toBe(false);
  });
});
