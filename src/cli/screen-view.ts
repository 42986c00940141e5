import process from "node:process";
import type { WriteStream } from "node:tty";
import type { TraceWatch } from "../client/watch-trace.ts";
import type { LogLevel } from "../trace/events.ts";
import { remainingText } from "./duration-text.ts";
import { renderFrame, statusLine } from "./frame.ts";
import { ALL_COLUMNS, type Line, paintLine, type Part, part } from "./line.ts";
import { LiveScreen } from "./live-screen.ts";
import type { Palette } from "./palette.ts";
import { SPINNER_STEP_MS } from "./span-line.ts";
import type { TailView } from "./line-view.ts";

/** The final tree may be higher than the window, up to this many rows. */
const MAX_FINAL_ROWS = 200;
/** Largest share of the time spent painting, however large the tree. */
const MAX_PAINT_SHARE = 0.2;

export interface ScreenViewInput {
  readonly terminal: WriteStream;
  readonly watch: TraceWatch;
  readonly palette: Palette;
  readonly logLevel: LogLevel | undefined;
}

/** The tree, repainted in place as it changes. */
export class ScreenView implements TailView {
  readonly #input: ScreenViewInput;
  readonly #screen: LiveScreen;
  #unreadCount = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(input: ScreenViewInput) {
    this.#input = input;
    this.#screen = new LiveScreen(input.terminal);
    input.terminal.on("resize", this.#paint);
    process.on("exit", this.#release);
    // Windows has neither.
    if (process.platform !== "win32") process.on("SIGTSTP", this.#stop).on("SIGCONT", this.#paint);
    this.#paint();
  }

  take(): boolean {
    return true;
  }

  async drained(): Promise<void> {}

  complain(): void {
    this.#unreadCount += 1;
  }

  finish(lines: readonly Line[]): void {
    clearTimeout(this.#timer);
    const { terminal, palette } = this.#input;
    terminal.off("resize", this.#paint);
    process.off("exit", this.#release).off("SIGTSTP", this.#stop).off("SIGCONT", this.#paint);
    this.#show([], Math.max(MAX_FINAL_ROWS, this.#screen.rows));
    this.#release();
    // Not cut to the window: people read it to the end, and copy it.
    for (const line of lines) terminal.write(`${paintLine(line, ALL_COLUMNS, palette)}\n`);
  }

  readonly #paint = (): void => {
    clearTimeout(this.#timer);
    const startMs = performance.now();
    this.#show([statusLine(this.#input.watch.tree, this.#notes())], this.#screen.rows);
    const tookMs = performance.now() - startMs;
    this.#timer = setTimeout(this.#paint, Math.max(SPINNER_STEP_MS, tookMs / MAX_PAINT_SHARE));
  };

  #show(footer: readonly Line[], rows: number): void {
    const { watch, palette, logLevel } = this.#input;
    const { tree } = watch;
    const { columns } = this.#screen;
    const nowMs = watch.clock.now();
    this.#screen.paint(renderFrame({ tree, nowMs, columns, rows, logLevel, palette, footer }));
  }

  #notes(): Part[] {
    const { state, tree } = this.#input.watch;
    const { status, attempt, retryAtMs = 0 } = state;
    const notes: Part[] = [];
    if (this.#unreadCount > 0) notes.push(part(`${this.#unreadCount} events could not be read`, "waiting"));
    if (status === "waiting")
      notes.push(part(`no connection, trying again in ${remainingText(retryAtMs - Date.now())}`));
    else if (status === "connecting") notes.push(part(attempt > 0 ? "no connection, trying again" : "connecting"));
    else if (tree.size === 0) notes.push(part("connected, nothing has happened yet"));
    return notes;
  }

  readonly #release = (): void => this.#screen.release();

  /** Ctrl-Z: restores the cursor before the shell gets the terminal. */
  readonly #stop = (): void => {
    clearTimeout(this.#timer);
    this.#release();
    process.kill(process.pid, "SIGSTOP");
  };
}
