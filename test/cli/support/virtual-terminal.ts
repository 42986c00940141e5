import stringWidth from "string-width";

/**
 * As much of a terminal as `LiveScreen` uses: what somebody in front of it would see after all that was written.
 * Anything it does not know throws, so that no escape sequence goes unnoticed.
 */
export class VirtualTerminal {
  columns: number;
  rows: number;
  isCursorVisible = true;
  writes = 0;
  /** Characters written since the last look, escape sequences left out. */
  painted = "";
  readonly #lines: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Everything, what has scrolled away included. */
  get lines(): readonly string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  /** What is on the screen. */
  get screen(): readonly string[] {
    return this.lines.slice(-this.rows);
  }

  write(text: string): boolean {
    this.writes += 1;
    // oxlint-disable-next-line no-control-regex -- Terminals are controlled by controls.
    for (const [token, parameters, command] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|[^\u001b]/gsu)) {
      if (command === undefined) this.#put(token);
      else this.#obey(command, parameters ?? "");
    }
    return true;
  }

  /** Another width, wrapping what is wider now, as terminals do. */
  resize(columns: number): void {
    this.columns = columns;
    const wrapped = this.#lines.flatMap((line) => {
      const text = line.trimEnd();
      const pieces: string[] = [];
      for (let start = 0; start < Math.max(1, text.length); start += columns)
        pieces.push(text.slice(start, start + columns));
      return pieces;
    });
    this.#lines.splice(0, this.#lines.length, ...wrapped);
    this.#row = this.#lines.length - 1;
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") {
      this.#row += 1;
      if (this.#row === this.#lines.length) this.#lines.push("");
    } else {
      this.painted += character;
      const line = this.#lines[this.#row] ?? "";
      // Columns are counted in code units: the tests write nothing wider than that here.
      const width = stringWidth(character);
      if (this.#column + width > this.columns) throw new Error(`"${line}" is wider than ${this.columns} columns`);
      this.#lines[this.#row] =
        line.slice(0, this.#column).padEnd(this.#column) + character + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #obey(command: string, parameters: string): void {
    const line = this.#lines[this.#row] ?? "";
    switch (command) {
      case "A":
        this.#row = Math.max(0, this.#lines.length - this.rows, this.#row - Number(parameters));
        return;
      case "K":
        this.#lines[this.#row] = line.slice(0, this.#column);
        return;
      case "J":
        this.#lines[this.#row] = line.slice(0, this.#column);
        this.#lines.length = this.#row + 1;
        return;
      case "h":
      case "l":
        if (parameters === "?25") this.isCursorVisible = command === "h";
        else if (parameters !== "?2026") throw new Error(`does not know the mode ${parameters}`);
        return;
      case "m":
        return;
      default:
        throw new Error(`does not know ESC [ ${parameters} ${command}`);
    }
  }
}
