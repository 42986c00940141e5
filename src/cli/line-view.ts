import { once } from "node:events";
import type { ReceivedEvent } from "../client/client-event.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import { ALL_COLUMNS, type Line, paintLine } from "./line.ts";
import type { Palette } from "./palette.ts";
import { safeText } from "./safe-text.ts";
import type { TailView } from "./tail-view.ts";

export interface LineViewInput {
  /** Where the events go. */
  readonly output: NodeJS.WritableStream;
  /** Where is said what belongs to no event, so that it does not get among them. */
  readonly notices: NodeJS.WritableStream;
  readonly palette: Palette;
  /** The line of an event; undefined where it has none. */
  readonly lineOf: (event: ReceivedEvent) => string | undefined;
}

/** A line for each event, one after the other, for pipes, files and scripts. */
export class LineView implements TailView {
  readonly #input: LineViewInput;
  #isInterrupted = false;

  constructor(input: LineViewInput) {
    this.#input = input;
  }

  take(event: ReceivedEvent): boolean {
    let line: string | undefined;
    try {
      line = this.#input.lineOf(event);
    } catch (error) {
      // Data that nests too deeply cannot be written as JSON again.
      this.complain(error);
    }
    return line === undefined || this.#input.output.write(`${line}\n`);
  }

  drained(): Promise<unknown> {
    return once(this.#input.output, "drain");
  }

  connectionChanged({ status }: ConnectionState): void {
    // Once per interruption: each further try would say nothing new.
    if (status === "waiting" && !this.#isInterrupted) this.#notice("The connection is lost; trying again.");
    if (status === "open" && this.#isInterrupted) this.#notice("Connected again.");
    if (status !== "connecting") this.#isInterrupted = status === "waiting";
  }

  complain(error: unknown): void {
    this.#notice(safeText(error instanceof Error ? error.message : String(error)));
  }

  finish(lines: readonly Line[]): void {
    for (const line of lines) this.#notice(paintLine(line, ALL_COLUMNS, this.#input.palette));
  }

  #notice(text: string): void {
    this.#input.notices.write(`${text}\n`);
  }
}
