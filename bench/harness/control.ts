/**
 * The control protocol between the runner and a server: commands on stdin, answers on stdout, one JSON object a line.
 * A server announces itself with `ready` and ends when its stdin does. The C server speaks the same.
 */

/** Dispatches `turns` times `perTurn` events, one turn every `intervalMs`, for no longer than `maxMs`. */
export interface DispatchCommand {
  readonly cmd: "dispatch";
  readonly turns: number;
  readonly perTurn: number;
  /** 1: every event goes to stream 0. More: each event of a turn goes to the next stream, round and round. */
  readonly streams: number;
  readonly intervalMs: number;
  readonly maxMs: number;
}

export type Command =
  | DispatchCommand
  /** Puts events 1 to `events` into the history of stream 0, with nobody connected. */
  | { readonly cmd: "preload"; readonly events: number }
  /** Collects garbage, so that the memory that is read next is memory in use. */
  | { readonly cmd: "gc" };

export type Answer =
  /** `pids`: the processes whose CPU time and memory count as the server's. */
  | { readonly type: "ready"; readonly port: number; readonly pids: readonly number[] }
  /** `last`: the `n` that every stream has now come to. */
  | {
      readonly type: "dispatched";
      readonly turns: number;
      readonly events: number;
      readonly last: number;
      readonly ms: number;
    }
  | { readonly type: "preloaded"; readonly last: number }
  | { readonly type: "collected" };
