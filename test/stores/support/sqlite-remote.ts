import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StoredEvent } from "ssetarget";
import type { EventBounds, EventLog, LogWatch, PageLimits } from "ssetarget/store";
import type { KitEvent } from "ssetarget/testing";

const PROGRAM = fileURLToPath(new URL("sqlite-process.ts", import.meta.url));

/** What the other process is asked, and what it answers. */
export interface Question {
  readonly number: number;
  readonly method: "append" | "read" | "bounds";
  readonly arguments: readonly unknown[];
}
export interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly failure?: { readonly message: string; readonly code: string };
}

/** A store in another process, as far as the kit asks it anything. */
export class RemoteStore implements EventLog<KitEvent> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: Answer) => this.#waiting.get(answer.number)?.(answer));
  }

  static async open(path: string, stream: string): Promise<RemoteStore> {
    const child = fork(PROGRAM, [path, stream]);
    const store = new RemoteStore(child);
    await store.bounds();
    return store;
  }

  append(events: readonly KitEvent[]): Promise<readonly StoredEvent<KitEvent>[]> {
    return this.#ask("append", events);
  }

  read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<KitEvent>[]> {
    return this.#ask("read", afterId, limits);
  }

  bounds(): Promise<EventBounds> {
    return this.#ask("bounds");
  }

  watch(): Promise<LogWatch> {
    throw new Error("the kit watches in its own process only");
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, "exit");
  }

  async #ask<T>(method: Question["method"], ...args: readonly unknown[]): Promise<T> {
    const number = ++this.#asked;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve);
      this.#child.send({ number, method, arguments: args } satisfies Question);
    });
    this.#waiting.delete(number);
    if (answer.failure !== undefined) throw Object.assign(new Error(answer.failure.message), answer.failure);
    return answer.result as T;
  }
}
