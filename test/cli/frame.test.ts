import stringWidth from "string-width";
import { type SpanEvent, SpanTree } from "ssetarget/workflows";
import { describe, expect, it } from "vitest";
import { renderFrame, statusLine } from "../../src/cli/frame.ts";
import { part } from "../../src/cli/line.ts";
import { colourPalette, plainPalette } from "../../src/cli/palette.ts";
import { ended, failed, logged, msAt, started, updated } from "../trace/support/span-events.ts";
import { PURCHASE, PURCHASE_NOW_MS } from "./support/purchase.ts";

interface Look {
  readonly rows?: number;
  readonly columns?: number;
  readonly ms?: number;
  readonly note?: string;
  readonly hasLogs?: boolean;
}

function look(
  events: readonly SpanEvent[],
  { rows = 30, columns = 70, ms = PURCHASE_NOW_MS, note, hasLogs }: Look = {},
) {
  const tree = new SpanTree();
  tree.applyAll(events);
  return renderFrame({
    tree,
    nowMs: msAt(ms),
    columns,
    rows,
    logLevel: hasLogs === false ? undefined : "info",
    palette: plainPalette,
    footer: [statusLine(tree, note === undefined ? [] : [part(note)])],
  });
}

/** Lines as they are written here, without the indentation of the test. */
function picture(text: string): string[] {
  const lines = text.split("\n").slice(1, -1);
  const indent = Math.min(...lines.filter((line) => line !== "").map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent));
}

describe("the screen", () => {
  it("shows the whole tree where there is room for it", () => {
    expect(look(PURCHASE, { note: "no connection, trying again in 3s" })).toEqual(
      picture(`
        ⠸ purchase                                                        5.3s
          ✓ check the basket                                             899ms
          ✓ reserve the stock                                             1.8s
          ✓ look for fraud                                                2.5s
            ✓ compare addresses                                           1.1s
            ✓ ask the bank                                                1.4s
          ⠸ charge the card  attempt 2                                    1.8s
            ✗ attempt 1  The provider is busy                            699ms
            ⠸ attempt 2                                                   1.1s
              │ Calling the provider again
          ⠸ pack the parcel  ━━━━━━━━━━────── 5/8 items  Packing a clock  1.0s
          ◷ let it settle  wakes in 3s                                    0.8s
          ◆ approval by the warehouse  waits for approval, 55s left       0.8s
        3 running · 2 waiting · 5 done · no connection, trying again in 3s
      `),
    );
  });

  it("folds what has finished, and leaves out log lines, where there is less room", () => {
    expect(look(PURCHASE, { rows: 11 })).toEqual(
      picture(`
        ⠸ purchase                                                        5.3s
          ✓ check the basket                                             899ms
          ✓ reserve the stock                                             1.8s
          ✓ look for fraud  +2                                            2.5s
          ⠸ charge the card  attempt 2                                    1.8s
            ✗ attempt 1  The provider is busy                            699ms
            ⠸ attempt 2                                                   1.1s
          ⠸ pack the parcel  ━━━━━━━━━━────── 5/8 items  Packing a clock  1.0s
          ◷ let it settle  wakes in 3s                                    0.8s
          ◆ approval by the warehouse  waits for approval, 55s left       0.8s
        3 running · 2 waiting · 5 done
      `),
    );
  });

  it("counts what has finished instead of showing it where there is little", () => {
    expect(look(PURCHASE, { rows: 9 })).toEqual(
      picture(`
        ⠸ purchase                                                        5.3s
          ✓ 5 more have ended
          ⠸ charge the card  attempt 2                                    1.8s
            ✗ attempt 1  The provider is busy                            699ms
            ⠸ attempt 2                                                   1.1s
          ⠸ pack the parcel  ━━━━━━━━━━────── 5/8 items  Packing a clock  1.0s
          ◷ let it settle  wakes in 3s                                    0.8s
          ◆ approval by the warehouse  waits for approval, 55s left       0.8s
        3 running · 2 waiting · 5 done
      `),
    );
  });

  it("says how much it cannot show where not even what is open fits", () => {
    expect(look(PURCHASE, { rows: 5 })).toEqual(
      picture(`
        ⠸ purchase                                                        5.3s
          ⠸ charge the card  attempt 2                                    1.8s
            ⠸ attempt 2                                                   1.1s
        … 3 more are open; enlarge the window to see them
        3 running · 2 waiting · 5 done
      `),
    );
  });

  it.each([80, 40, 24, 12, 3, 1])("keeps to a window of %i columns, whatever its height", (columns) => {
    for (let rows = 1; rows <= 20; rows++) {
      const lines = look(PURCHASE, { rows, columns });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it("keeps what ended last of many", () => {
    const events = Array.from({ length: 1_000 }, (_, index) => [
      started(`item ${index}`, { parent: "all", ms: index }),
      ended(`item ${index}`, { parent: "all", ms: index + 5 }),
    ]).flat();
    expect(look([started("all"), ...events, started("the last", { parent: "all", ms: 5_000 })], { rows: 7 })).toEqual(
      picture(`
        ⠸ all                                                             5.3s
          ✓ 997 more have ended
          ✓ item 997                                                       5ms
          ✓ item 998                                                       5ms
          ✓ item 999                                                       5ms
          ⠸ the last                                                      0.3s
        2 running · 1000 done
      `),
    );
  });

  it("keeps a failure in sight among many that went well, with its reason and its last words", () => {
    const events = Array.from({ length: 100 }, (_, index) => [
      started(`item ${index}`, { parent: "all", ms: index }),
      ended(`item ${index}`, { parent: "all", ms: 1_000 + index }),
    ]).flat();
    const broken = [
      started("broken", { parent: "all", ms: 3 }),
      logged("broken", "The disk is nearly full", { parent: "all", ms: 4, level: "warn" }),
      failed("broken", "The disk is full", { parent: "all", ms: 500 }),
    ];
    expect(look([started("all"), ...events, ...broken], { rows: 5 })).toEqual(
      picture(`
        ⠸ all                                                             5.3s
          ✓ 99 more have ended
          ✗ broken  The disk is full                                     497ms
          ✓ item 99                                                       1.0s
        1 failed · 1 running · 100 done
      `),
    );
    expect(look([started("all"), ...broken], { rows: 10 })).toEqual(
      picture(`
        ⠸ all                                                             5.3s
          ✗ broken  The disk is full                                     497ms
            │ The disk is nearly full
        1 failed · 1 running
      `),
    );
  });

  it("shows what the newest attempt said, and not what those before it did", () => {
    const attempt = (n: number) => ({ parent: "step", kind: "attempt", attempt: n }) as const;
    const twice = [
      started("step"),
      started("try-1", { ...attempt(1), ms: 1 }),
      logged("try-1", "First words", { ...attempt(1), ms: 2 }),
      failed("try-1", "Busy", { ...attempt(1), ms: 3 }),
      started("try-2", { ...attempt(2), ms: 4 }),
      logged("try-2", "Second words", { ...attempt(2), ms: 5 }),
    ];
    expect(look(twice).filter((line) => line.includes("│"))).toEqual(["    │ Second words"]);
    const over = [...twice, failed("try-2", "Dead", { ...attempt(2), ms: 6 }), failed("step", "Dead", { ms: 7 })];
    expect(look(over).filter((line) => line.includes("│"))).toEqual(["    │ Second words"]);
    const good = [...twice, ended("try-2", { ...attempt(2), ms: 6 }), ended("step", { ms: 7 })];
    expect(look(good).filter((line) => line.includes("│"))).toEqual([]);
  });

  it("shows a run that is over from its beginning to its end", () => {
    const events = [
      started("run"),
      started("one", { parent: "run", ms: 1 }),
      failed("one", "No such file", { parent: "run", ms: 50 }),
      failed("run", "No such file", { ms: 60 }),
      started("late", { parent: "run", ms: 55 }),
    ];
    expect(look(events)).toEqual(
      picture(`
        ✗ run                                                             60ms
          ✗ one  No such file                                             49ms
          – late  no end reported
        2 failed · 1 abandoned
      `),
    );
  });

  it("shows progress without an end, attempts that are to come, and sleep without an alarm", () => {
    const events = [
      started("count"),
      updated("count", { progress: { current: 12_345, unit: "rows" } }),
      started("step", { ms: 1 }),
      started("try", { parent: "step", kind: "attempt", ms: 2 }),
      failed("try", "Busy", { parent: "step", kind: "attempt", ms: 3 }),
      started("nap", { ms: 4, kind: "sleep" }),
      started("wait", { ms: 5, kind: "wait" }),
      started("", { ms: 6, name: "  " }),
    ].filter(({ spanId }) => spanId !== "");
    expect(look([...events, started("x", { ms: 6, name: "  " })])).toEqual(
      picture(`
        ⠸ count  12,345 rows                                              5.3s
        ⠸ step  Busy · trying again                                       5.3s
          ✗ attempt 1  Busy                                                1ms
        ◷ nap  asleep                                                     5.3s
        ◆ wait  waits for an event                                        5.3s
        ⠸ (no name)                                                       5.3s
        3 running · 2 waiting
      `),
    );
  });

  it("shows how far a span has come that knows how many will be below it", () => {
    const events = ["a", "b"].flatMap((name) => [
      started(name, { parent: "all", ms: 1 }),
      ended(name, { parent: "all", ms: 2 }),
    ]);
    expect(look([started("all", { attributes: { "ssetarget.expected": 8 } }), ...events])[0]).toMatch(
      /^⠸ all {2}━━━━──────────── 25% +5\.3s$/,
    );
  });

  it("shows no log lines where none are wanted", () => {
    expect(look(PURCHASE, { hasLogs: false }).join("\n")).not.toContain("│");
  });

  it("obeys nothing that names, logs and errors say", () => {
    const evil = "\u001b[2J\u001b]52;c;ZXZpbA==\u0007\r\n\u009b31m";
    const tree = new SpanTree();
    tree.applyAll([
      started("a", { name: evil }),
      logged("a", evil),
      started("b", { name: evil, ms: 1 }),
      updated("b", { name: evil, ms: 2, progress: { current: 1, total: 2, unit: evil, message: evil } }),
      started("c", { name: evil, kind: "wait", waitingFor: evil, ms: 3 }),
      started("d", { name: evil, ms: 4 }),
      failed("d", evil, { name: evil, ms: 5 }),
    ]);
    const seen = renderFrame({
      tree,
      nowMs: msAt(10),
      columns: 200,
      rows: 30,
      logLevel: "debug",
      palette: plainPalette,
      footer: [statusLine(tree, [])],
    }).join("");
    // oxlint-disable-next-line no-control-regex -- That there are none is what is tested.
    expect(seen).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(seen).toContain("␛[2J");
  });

  it("is not led astray by progress that is none, or by a tree that is deeper than the stack", () => {
    const odd = { current: 5, total: -1, unit: 7, message: { toString: 1 } } as unknown as { current: number };
    expect(look([started("a"), updated("a", { progress: odd })])[0]).toMatch(/^⠸ a {2}5 +5\.3s$/);
    const deep = Array.from({ length: 30_000 }, (_, index) =>
      started(`s${index}`, { parent: index === 0 ? null : `s${index - 1}` }),
    );
    expect(look(deep, { rows: 100 }).at(-2)).toMatch(/^ {32}⠸ s60 {2}\+29939 +5\.3s$/);
    expect(look([...deep, failed("s29999", "Deep", { parent: "s29998" })], { rows: 10 })).toHaveLength(10);
  });

  it("puts colour on what is painted where colour is wanted", () => {
    const tree = new SpanTree();
    tree.applyAll([started("a"), ended("a", { ms: 100 })]);
    const input = { tree, nowMs: msAt(0), columns: 20, rows: 9, logLevel: undefined, footer: [] };
    expect(renderFrame({ ...input, palette: colourPalette })).toEqual([
      "\u001b[32m✓\u001b[39m \u001b[1ma\u001b[22m            \u001b[2m100ms\u001b[22m",
    ]);
  });
});
