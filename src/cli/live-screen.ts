import stringWidth from "string-width";

/** The part of a terminal's stream that is used. */
export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/**
 * The terminal shows what lies between only when it is complete. Terminals that do not know it ignore it.
 * @see https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036
 */
const BEGIN_UPDATE = "\u001b[?2026h";
const END_UPDATE = "\u001b[?2026l";
const ERASE_LINE_END = "\u001b[K";
const ERASE_BELOW = "\u001b[J";

/**
 * A block of lines at the bottom of a terminal that is painted over again and again, in place: what the user had on the
 * screen before stays where it was. Only lines that have changed are written, all in one write.
 */
export class LiveScreen {
  readonly #terminal: Terminal;
  #lines: readonly string[] = [];
  #columns = 0;
  #isOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** How many columns there are to fill. One is left free, for some terminals wrap as soon as the last one is written. */
  get columns(): number {
    return Math.max(1, (this.#terminal.columns ?? 80) - 1);
  }

  /** How many lines there may be. One is left free for the cursor. */
  get rows(): number {
    return Math.max(1, (this.#terminal.rows ?? 24) - 1);
  }

  /** Shows these lines instead of those before. None may be wider than `columns`. */
  paint(lines: readonly string[]): void {
    const columns = this.#terminal.columns ?? 80;
    const isResized = columns !== this.#columns;
    const before = this.#lines;
    if (this.#isOpen && !isResized && isSame(lines, before)) return;
    let out = BEGIN_UPDATE;
    if (!this.#isOpen) out += HIDE_CURSOR;
    const height = isResized ? wrappedHeight(before, columns) : before.length;
    if (height > 0) out += `\u001b[${height}A\r`;
    if (isResized) out += ERASE_BELOW;
    for (const [index, line] of lines.entries()) {
      const isThere = !isResized && line === before[index];
      out += isThere ? "\r\n" : `${line}${ERASE_LINE_END}\r\n`;
    }
    if (!isResized && lines.length < before.length) out += ERASE_BELOW;
    this.#lines = lines;
    this.#columns = columns;
    this.#isOpen = true;
    this.#terminal.write(out + END_UPDATE);
  }

  /** Leaves the lines where they are, and gives the cursor back. Painting again begins a new block below them. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#lines = [];
    this.#terminal.write(SHOW_CURSOR);
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

/** A terminal that became narrower has wrapped what was painted, so the block is higher now. */
function wrappedHeight(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
}
