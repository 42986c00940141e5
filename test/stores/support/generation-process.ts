import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the process is asked for. */
export interface StartGeneration {
  readonly id: string;
  readonly words: number;
  readonly msPerWord: number;
  /** Whether the source neither brings anything nor ends after its words, whatever its signal says. */
  readonly isSilentAfterwards: boolean;
}

/** What it tells. */
export type Told =
  | { readonly told: "listening"; readonly port: number }
  | { readonly told: "begun" | "aborted"; readonly id: string }
  | { readonly told: "done"; readonly id: string; readonly reason: string };

/** What the model says. */
export const wordAt = (n: number): string => `word ${n}, `;
export const wordsTo = (count: number): string => Array.from({ length: count }, (_, n) => wordAt(n)).join("");

const PROGRAM = fileURLToPath(new URL("generation-process-main.ts", import.meta.url));

/** A process that generates and serves, with an engine that others share. */
export class GenerationProcess {
  readonly told: Told[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (told: Told) => this.told.push(told));
  }

  static async start(engine: string, place: string): Promise<GenerationProcess> {
    const started = new GenerationProcess(fork(PROGRAM, [engine, place], { stdio: "inherit" }));
    await started.hears("listening");
    return started;
  }

  get url(): string {
    const listening = this.told.find(({ told }) => told === "listening");
    return `http://127.0.0.1:${listening?.told === "listening" ? listening.port : 0}`;
  }

  generate(asked: Partial<StartGeneration> & { readonly id: string }): void {
    this.#child.send({ words: 50, msPerWord: 5, isSilentAfterwards: false, ...asked } satisfies StartGeneration);
  }

  /** Waits until it has told this; fails in words where it has ended before. */
  async hears(what: Told["told"]): Promise<Told> {
    for (;;) {
      const heard = this.told.find(({ told }) => told === what);
      if (heard !== undefined) return heard;
      if (this.#child.exitCode !== null) throw new Error(`the process ended before it told "${what}"`);
      await Promise.race([once(this.#child, "message"), once(this.#child, "exit")]);
    }
  }

  /** As at a crash: nothing of it is done any more. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
