import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Everything this runner has started and not yet seen the end of, by process id. */
const running = new Set<number>();

/** Ends all that is left, now. Called when the runner ends, however it does. */
export function killAll(): void {
  for (const pid of running) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  running.clear();
}

/** A program that takes lines on stdin and answers with JSON lines on stdout. It ends when its stdin does. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: unknown[] = [];
  readonly #alsoKill: number[] = [];
  readonly #ended: Promise<void>;
  #wake = () => {};
  #failure: Error | undefined;

  constructor(name: string, command: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
    this.name = name;
    const [program = "", ...rest] = command;
    this.#process = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"], env: environment });
    const { pid } = this.#process;
    if (pid !== undefined) running.add(pid);
    this.#ended = new Promise((resolve) => {
      const end = (why: string) => {
        if (pid !== undefined) running.delete(pid);
        this.#failure ??= new Error(`${name} ${why}`);
        this.#wake();
        resolve();
      };
      this.#process.once("error", (error) => end(`could not be started: ${error.message}`));
      this.#process.once("exit", (code, signal) => end(`has ended (${signal ?? code})`));
    });
    this.#process.stdin.on("error", () => {});
    createInterface({ input: this.#process.stdout }).on("line", (line) => {
      this.#answers.push(JSON.parse(line));
      this.#wake();
    });
  }

  /** Processes that it has started and that must not outlive it. */
  alsoKill(pids: readonly number[]): void {
    for (const pid of pids) {
      this.#alsoKill.push(pid);
      running.add(pid);
    }
  }

  send(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** The next answer. Rejects where it takes longer, or the program ends. */
  async answer<T>(timeoutMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Timeout(`${this.name} has not answered for ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      while (this.#answers.length === 0) {
        if (this.#failure !== undefined) throw this.#failure;
        await Promise.race([late, new Promise<void>((resolve) => void (this.#wake = resolve))]);
      }
    } finally {
      clearTimeout(timer);
    }
    return this.#answers.shift() as T;
  }

  /** Ends it: first by its stdin, then by force. */
  async close(): Promise<void> {
    this.#process.stdin.end();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 3_000);
    await this.#ended;
    clearTimeout(timer);
    for (const pid of this.#alsoKill) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended with its parent.
      }
      running.delete(pid);
    }
  }
}

/** Something has not come in time. */
export class Timeout extends Error {}
