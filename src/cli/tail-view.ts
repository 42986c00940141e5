import type { ReceivedEvent } from "../client/client-event.ts";
import type { ConnectionState } from "../client/connection-state.ts";
import type { Line } from "./line.ts";

/** A form in which it is told what happens. */
export interface TailView {
  /** An event has come; the tree has it already. `false`: no more for now, until `drained`. */
  take(event: ReceivedEvent): boolean;
  drained(): Promise<unknown>;
  /** The connection stands elsewhere. */
  connectionChanged(state: ConnectionState): void;
  /** An event could not be read; it is left out. */
  complain(error: unknown): void;
  /** Says these lines, and lets go of the terminal. Nothing is called after it. */
  finish(lines: readonly Line[]): void;
}
