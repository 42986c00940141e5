import { fork, type ChildProcess } from "node:child_process";

/** What a process is asked for. */
export type Asked = { readonly number: number } & (
  | { readonly do: "follow"; readonly streams: readonly string[] }
  | { readonly do: "store"; readonly stream: string; readonly count: number }
  | { readonly do: "heard"; readonly stream: string }
);

/** What it answers; number 0 says that it is ready. */
export interface Told {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Another process with a client of its own, whose connections have the process's name. */
export class RedisProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", ({ number, result, error }: Told) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the process ended with ${code}`));
    });
  }

  static async start(kind: string, port: number, name: string): Promise<RedisProcess> {
    const main = new URL("redis-process-main.ts", import.meta.url);
    const started = new RedisProcess(fork(main, [kind, String(port), name], { stdio: "inherit" }));
    await new Promise((resolve, reject) => started.#waiting.set(0, { resolve, reject }));
    return started;
  }

  async follow(streams: readonly string[]): Promise<void> {
    await this.#ask((number) => ({ number, do: "follow", streams }));
  }

  /** Stores so many events without waiting; answers with their ids. */
  async store(stream: string, count: number): Promise<readonly number[]> {
    return (await this.#ask((number) => ({ number, do: "store", stream, count }))) as number[];
  }

  /** The ids that the process was told of a stream. */
  async heard(stream: string): Promise<readonly number[]> {
    return (await this.#ask((number) => ({ number, do: "heard", stream }))) as number[];
  }

  async stop(): Promise<void> {
    const isGone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await isGone;
  }

  #ask(question: (number: number) => Asked): Promise<unknown> {
    const number = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.send(question(number));
    });
  }
}
