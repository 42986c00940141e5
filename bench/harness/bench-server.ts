import { createInterface } from "node:readline";
import { makeEvent, type BenchEvent } from "./bench-event.ts";
import type { Answer, Command, DispatchCommand } from "./control.ts";
import { pace } from "./pacer.ts";

/** A server under test. Streams are `/streams/0/sse`, `/streams/1/sse` …; most scenarios use only stream 0. */
export interface BenchServer {
  readonly port: number;
  /** The processes that do the work, where they are not this one. */
  readonly pids?: readonly number[];
  /** Sends the events of one turn to the stream's clients, in the way the library means it to be done. */
  dispatch(stream: number, events: readonly BenchEvent[]): void | Promise<void>;
  /** Makes these events the history of stream 0, for clients that connect later. */
  preload?(events: readonly BenchEvent[]): void | Promise<void>;
  close?(): void;
}

/** How the runner started this server. */
export interface BenchOptions {
  /** How many streams will be used. */
  readonly streams: number;
}

/** Starts the server and obeys the runner's commands until stdin ends. */
export async function runBenchServer(start: (options: BenchOptions) => Promise<BenchServer>): Promise<void> {
  const server = await start({ streams: Number(process.argv[2] ?? 1) });
  const last: number[] = [];
  const makeNext = (stream: number): BenchEvent => makeEvent((last[stream] = (last[stream] ?? 0) + 1));

  async function dispatch({ turns, perTurn, streams, intervalMs, maxMs }: DispatchCommand): Promise<Answer> {
    const pending: Promise<void>[] = [];
    let next = 0;
    const send = (stream: number, events: readonly BenchEvent[]) => {
      const sent = server.dispatch(stream, events);
      if (sent !== undefined) pending.push(sent);
    };
    const turn = () => {
      if (streams === 1) {
        send(
          0,
          Array.from({ length: perTurn }, () => makeNext(0)),
        );
        return;
      }
      for (let index = 0; index < perTurn; index++) {
        send(next, [makeNext(next)]);
        next = (next + 1) % streams;
      }
    };
    // Every stream shall have come to the same number.
    const paced = await pace({ turns, intervalMs, maxMs }, turn, () => next === 0);
    await Promise.all(pending);
    return { type: "dispatched", events: paced.turns * perTurn, last: last[0] ?? 0, ...paced };
  }

  async function obey(command: Command): Promise<Answer> {
    switch (command.cmd) {
      case "dispatch":
        return dispatch(command);
      case "preload":
        if (server.preload === undefined) throw new Error("this server keeps no history");
        await server.preload(Array.from({ length: command.events }, () => makeNext(0)));
        return { type: "preloaded", last: last[0] ?? 0 };
      case "gc":
        globalThis.gc?.();
        globalThis.gc?.();
        return { type: "collected" };
    }
  }

  const answer = (value: Answer) => process.stdout.write(`${JSON.stringify(value)}\n`);
  answer({ type: "ready", port: server.port, pids: server.pids ?? [process.pid] });
  for await (const line of createInterface({ input: process.stdin })) answer(await obey(JSON.parse(line) as Command));
  server.close?.();
  process.exit(0);
}
