/** What the measurements of stores over a network share: events, load, a second process to follow in, and tables. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { median } from "../runner/median.ts";

/** 300 bytes of JSON. */
export interface BenchEvent {
  readonly type: "progress";
  readonly at: number;
  readonly text: string;
  readonly key?: string;
}

/** What both ends of a fork say to each other. */
export type Message = { readonly do: string; readonly stream?: string } & Readonly<Record<string, unknown>>;

/** Microseconds of a clock that all processes share. */
export const now = (): number => Number(process.hrtime.bigint() / 1_000n);
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const PADDING = "a step of a workflow has ended and says so; ".repeat(8);
export function makeEvent(): BenchEvent {
  const at = now();
  return { type: "progress", at, text: PADDING.slice(0, 300 - '{"at":,"text":""}'.length - String(at).length) };
}

export const dataOf = ({ at, text }: BenchEvent): string => JSON.stringify({ at, text });

/** How many a second, with so many under way at a time. */
export async function perSecond(count: number, pending: number, act: () => Promise<unknown>): Promise<number> {
  const run = async (total: number) => {
    let started = 0;
    const lane = async () => {
      while (started < total) {
        started++;
        await act();
      }
    };
    await Promise.all(Array.from({ length: pending }, lane));
  };
  await run(Math.ceil(count / 5));
  const from = performance.now();
  await run(count);
  return (count * 1_000) / (performance.now() - from);
}

export async function atRate(rate: number, count: number, send: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  const sent: Promise<unknown>[] = [];
  while (sent.length < count) {
    const dueMs = from + (sent.length * 1_000) / rate - performance.now();
    if (dueMs <= 0) sent.push(send());
    else if (dueMs > 1) await pause(dueMs);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(sent);
}

export async function ask(child: ChildProcess, message: Message): Promise<Message> {
  const answer = once(child, "message");
  child.send(message);
  return ((await answer) as [Message])[0];
}

export async function stop(child: ChildProcess): Promise<void> {
  const isGone = once(child, "exit");
  child.kill();
  await isGone;
}

/** Prints what was measured: a table for each kind of bare client, and the rest. */
export function report(
  results: ReadonlyMap<string, readonly number[]>,
  tables: readonly (readonly [title: string, bareName: string])[],
): void {
  const valuesOf = (name: string) => results.get(name) ?? [];
  const show = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
  const middle = (values: readonly number[]) => median(values) ?? Number.NaN;
  const cell = (values: readonly number[]) =>
    `${show(middle(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
  const table = (title: string, bareName: string) => {
    console.log(`\n| ${title} | bare | store | store / bare |\n| --- | --- | --- | --- |`);
    for (const name of results.keys()) {
      if (!name.endsWith(` | ${bareName}`)) continue;
      const what = name.slice(0, -bareName.length - 3);
      const [bare, store] = [valuesOf(name), valuesOf(`${what} | store`)];
      // Of one round each: what disturbs a round disturbs both.
      const ratio = middle(store.map((value, round) => value / (bare[round] ?? Number.NaN)));
      console.log(`| ${what} | ${cell(bare)} | ${cell(store)} | ${ratio.toFixed(2)} |`);
    }
  };
  for (const [title, bareName] of tables) table(title, bareName);
  console.log("\n| other | |\n| --- | --- |");
  for (const [name, values] of results) if (!name.includes(" | ")) console.log(`| ${name} | ${show(middle(values))} |`);
}

/** Notes a value of a round. */
export type Note = (name: string, value: number) => void;

/**
 * From the dispatch in this process to who listens in the other, at two rates.
 * @param ways - The name of each way, and what sends one event by it.
 */
export async function measureLatency(
  reader: ChildProcess,
  note: Note,
  ways: readonly (readonly [name: string, send: () => Promise<unknown>])[],
): Promise<void> {
  for (const [rate, count] of [
    [500, 2_000],
    [5_000, 10_000],
  ] as const) {
    for (const [name, send] of ways) {
      await atRate(rate, count / 4, send);
      await pause(100);
      await ask(reader, { do: "forget" });
      await atRate(rate, count, send);
      await pause(100);
      const sorted = ((await ask(reader, { do: "latencies" }))["latencies"] as number[]).toSorted((a, b) => a - b);
      if (sorted.length !== count) throw new Error(`${name}: ${sorted.length} of ${count} events arrived`);
      note(`${rate} a second: p50, µs | ${name}`, sorted[count / 2] as number);
      note(`${rate} a second: p99, µs | ${name}`, sorted[count * 0.99] as number);
    }
  }
}

/** The same program again, told where the server is. */
export async function startReader(program: string, port: number): Promise<ChildProcess> {
  const child = fork(program, ["reader", String(port)], { execArgv: ["--expose-gc"] });
  await once(child, "message");
  return child;
}

/** What the other process answers with. What it hears goes to `heard`. */
export class Reader {
  #latencies: number[] = [];

  readonly heard = (events: readonly BenchEvent[]): void => {
    for (const { at } of events) this.#latencies.push(now() - at);
  };

  /** Says that it is ready, and answers until the parent has gone. */
  serve(own: Readonly<Record<string, (message: Message) => Promise<unknown>>>): void {
    const answers: Record<string, (message: Message) => Promise<unknown>> = {
      forget: async () => ({ forgotten: (this.#latencies = []).length }),
      latencies: async () => ({ latencies: this.#latencies }),
      memory: async () => ({ bytes: await memory() }),
      cpu: async () => ({ micros: process.cpuUsage().user + process.cpuUsage().system }),
      ...own,
    };
    process.on("message", (message: Message) => {
      void Promise.resolve(answers[message.do]?.(message)).then((answer) =>
        process.send?.({ do: message.do, ...(answer as object) }),
      );
    });
    process.on("disconnect", () => process.exit());
    process.send?.({ do: "ready" });
  }
}

async function memory(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.();
    await pause(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
