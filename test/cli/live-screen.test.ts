import { describe, expect, it } from "vitest";
import { LiveScreen } from "../../src/cli/live-screen.ts";
import { VirtualTerminal } from "./support/virtual-terminal.ts";

describe("the live part of a terminal", () => {
  it("is painted over in place, below what was there", () => {
    const terminal = new VirtualTerminal(40, 10);
    terminal.write("$ ssetarget tail\r\n");
    const screen = new LiveScreen(terminal);
    screen.paint(["one", "two", "three"]);
    screen.paint(["one", "2", "three", "four"]);
    expect(terminal.screen).toEqual(["$ ssetarget tail", "one", "2", "three", "four", ""]);
    screen.paint(["the end"]);
    expect(terminal.screen).toEqual(["$ ssetarget tail", "the end", ""]);
  });

  it("writes only lines that have changed, in one write, and nothing where none has", () => {
    const terminal = new VirtualTerminal(40, 10);
    const screen = new LiveScreen(terminal);
    screen.paint(["one", "two", "three"]);
    terminal.painted = "";
    screen.paint(["one", "zwei", "three"]);
    expect(terminal.painted).toBe("zwei");
    expect(terminal.writes).toBe(2);
    screen.paint(["one", "zwei", "three"]);
    expect(terminal.writes).toBe(2);
  });

  it("hides the cursor, and gives it back", () => {
    const terminal = new VirtualTerminal(40, 10);
    const screen = new LiveScreen(terminal);
    screen.release();
    expect(terminal.writes).toBe(0);
    screen.paint(["one"]);
    expect(terminal.isCursorVisible).toBe(false);
    screen.release();
    screen.release();
    expect(terminal.isCursorVisible).toBe(true);
    expect(terminal.screen).toEqual(["one", ""]);
  });

  it("begins anew below where it was released", () => {
    const terminal = new VirtualTerminal(40, 10);
    const screen = new LiveScreen(terminal);
    screen.paint(["one"]);
    screen.release();
    terminal.write("[1]+ Stopped\r\n");
    screen.paint(["one"]);
    expect(terminal.screen).toEqual(["one", "[1]+ Stopped", "one", ""]);
    expect(terminal.isCursorVisible).toBe(false);
  });

  it("stays whole on a screen that is full", () => {
    const terminal = new VirtualTerminal(40, 5);
    for (let line = 1; line <= 9; line++) terminal.write(`before ${line}\r\n`);
    const screen = new LiveScreen(terminal);
    expect(screen.rows).toBe(4);
    for (let n = 1; n <= 3; n++) screen.paint([`a${n}`, "b", `c${n}`, "d"]);
    expect(terminal.screen).toEqual(["a3", "b", "c3", "d", ""]);
    expect(terminal.lines.slice(0, 9)).toEqual(Array.from({ length: 9 }, (_, index) => `before ${index + 1}`));
  });

  it("paints once more, without leftovers, when the window becomes narrower or wider", () => {
    const terminal = new VirtualTerminal(40, 10);
    terminal.write("$ ssetarget tail\r\n");
    const screen = new LiveScreen(terminal);
    screen.paint(["a line that is thirty-five wide", "b"]);
    terminal.resize(20);
    expect(terminal.screen).toHaveLength(5);
    screen.paint(["a line that is th…", "b"]);
    expect(terminal.screen).toEqual(["$ ssetarget tail", "a line that is th…", "b", ""]);
    terminal.resize(60);
    screen.paint(["a line that is thirty-five wide", "b"]);
    expect(terminal.screen).toEqual(["$ ssetarget tail", "a line that is thirty-five wide", "b", ""]);
  });

  it("takes a stream without a size for a terminal of the usual one", () => {
    const screen = new LiveScreen({ write: () => true });
    expect([screen.columns, screen.rows]).toEqual([79, 23]);
  });
});
