import { once } from "node:events";
import type { ReceivedEvent } from "../client/client-event.ts";
import type { TraceWatch } from "../client/watch-trace.ts";
import { ALL_COLUMNS, type Line, paintLine } from "./line.ts";
import type { Palette } from "./palette.ts";
import { safeText } from "./safe-text.ts";

/** A way to show what happens. */
export interface TailView {
  /** Shows an event that is in the tree already. `false`: wait for `drained` before the next one. */
  take(event: ReceivedEvent): boolean;
  drained(): Promise<unknown>;
  /** Reports an event that could not be read and is left out. */
  complain(error: unknown): void;
  /** Shows these lines and releases the terminal. Nothing is called after it. */
  finish(lines: readonly Line[]): void;
}

export interface LineViewInput {
  readonly connection: TraceWatch["connection"];
  /** Stream for the events. */
  readonly output: NodeJS.WritableStream;
  /** Stream for notices, which belong to no event. */
  readonly notices: NodeJS.WritableStream;
  readonly palette: Palette;
  /** The line of an event; undefined if it has none. */
  readonly lineOf: (event: ReceivedEvent) => string | undefined;
}

/** One line per event, for pipes, files and scripts. */
export class LineView implements TailView {
  readonly #input: LineViewInput;
  #isInterrupted = false;

  constructor(input: LineViewInput) {
    this.#input = input;
    input.connection.subscribe(() => this.#changeState());
  }

  take(event: ReceivedEvent): boolean {
    let line: string | undefined;
    try {
      line = this.#input.lineOf(event);
    } catch (error) {
      // Data that nests too deeply cannot be serialized again.
      this.complain(error);
    }
    return line === undefined || this.#input.output.write(`${line}\n`);
  }

  drained(): Promise<unknown> {
    return once(this.#input.output, "drain");
  }

  complain(error: unknown): void {
    this.#notice(safeText(error instanceof Error ? error.message : String(error)));
  }

  finish(lines: readonly Line[]): void {
    for (const line of lines) this.#notice(paintLine(line, ALL_COLUMNS, this.#input.palette));
  }

  #changeState(): void {
    const { status } = this.#input.connection.state;
    // Once per interruption: further attempts are no news.
    if (status === "waiting" && !this.#isInterrupted) this.#notice("The connection is lost; trying again.");
    if (status === "open" && this.#isInterrupted) this.#notice("Connected again.");
    if (status !== "connecting") this.#isInterrupted = status === "waiting";
  }

  #notice(text: string): void {
    this.#input.notices.write(`${text}\n`);
  }
}
