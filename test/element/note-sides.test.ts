import { describe, expect, it } from "vitest";
import { NoteSides, type NoteSide } from "../../src/element/note-sides.ts";

const ROW = { text: "checkout.spec: timed out after 2 s", isGrowing: false, timelinePx: 600, fontPx: 13 };

/** Where a note is in one frame after the other. */
function sidesOf(...places: readonly Partial<typeof ROW & { start: number; end: number }>[]): NoteSide[] {
  const sides = new NoteSides();
  return places.map((place) => {
    sides.next();
    return sides.of("row", { ...ROW, start: 0, end: 1, ...place });
  });
}

describe("the note of a row", () => {
  it("is after its bar if there is room for it, else before it, else with the name", () => {
    expect(sidesOf({ start: 0.1, end: 0.2 })).toEqual(["after"]);
    expect(sidesOf({ start: 0.8, end: 0.9 })).toEqual(["before"]);
    expect(sidesOf({ start: 0.1, end: 0.95 })).toEqual(["label"]);
  });

  it("is not cut on one side while the other has room for all of it", () => {
    expect(sidesOf({ start: 0.6, end: 0.68 })).toEqual(["before"]);
  });

  it("stays where it is for as long as it has room there", () => {
    const frames = [0.6, 0.55, 0.52, 0.5, 0.48].map((start) => ({ start, end: start + 0.02 }));
    expect(new Set(sidesOf({ start: 0.7, end: 0.72 }, ...frames))).toEqual(new Set(["before"]));
  });

  it("is not put where its bar is about to grow", () => {
    expect(sidesOf({ start: 0.6, end: 0.61, isGrowing: true, text: "short" })).toEqual(["before"]);
  });
});
