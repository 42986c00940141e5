import { describe, expect, it } from "vitest";
import { Formats } from "../../src/element/formats.ts";

const EXTREMES = [1e308, -1e308, Number.MAX_VALUE, 5e-324, 1e15, -1e15, Number.NaN, Infinity, -Infinity, -0];

describe("a number from outside", () => {
  it.each(["en", "de", "ar", "hi"])("is short in the language %s, whatever it is", (lang) => {
    const formats = new Formats(lang);
    for (const value of EXTREMES) {
      const texts = [
        formats.count(value),
        formats.percent(value),
        formats.duration(value),
        formats.running(value),
        formats.remaining(value),
        formats.moment(value, true),
      ];
      for (const text of texts) expect(text.length, `${value} is shown as ${text}`).toBeLessThan(45);
      expect(texts.join(" ")).not.toMatch(/NaN|∞|Infinity/);
    }
  });

  it("is written out if it is one that people count", () => {
    const formats = new Formats("en");
    expect(formats.count(1_234_567.891)).toBe("1,234,567.89");
    expect(formats.count(1e308)).toBe("1E308");
    expect(formats.count(-0)).toBe("0");
    expect(formats.percent(3)).toBe("100%");
  });
});
