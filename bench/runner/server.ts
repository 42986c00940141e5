import type { Answer, Command, DispatchCommand } from "../harness/control.ts";
import { Child } from "./child.ts";
import { cpuMicros, residentBytes } from "./proc-stat.ts";

/** Reaching further than this would be a hang. */
const COMMAND_TIMEOUT_MS = 60_000;

type AnswerOf<T extends Answer["type"]> = Extract<Answer, { readonly type: T }>;

/** A server under test, as a process. */
export class Server {
  readonly port: number;
  readonly #child: Child;
  readonly #pids: readonly number[];

  private constructor(child: Child, { port, pids }: AnswerOf<"ready">) {
    this.#child = child;
    this.port = port;
    this.#pids = pids;
    child.alsoKill(pids);
  }

  static async start(name: string, command: readonly string[], streams: number): Promise<Server> {
    const child = new Child(name, [...command, String(streams)], { ...process.env, NODE_ENV: "production" });
    try {
      return new Server(child, await child.answer<AnswerOf<"ready">>(COMMAND_TIMEOUT_MS));
    } catch (error) {
      await child.close();
      throw error;
    }
  }

  get cpuMicros(): number {
    return cpuMicros(this.#pids);
  }

  get residentBytes(): number {
    return residentBytes(this.#pids);
  }

  dispatch(options: Omit<DispatchCommand, "cmd">): Promise<AnswerOf<"dispatched">> {
    return this.#obey<"dispatched">({ cmd: "dispatch", ...options });
  }

  preload(events: number): Promise<AnswerOf<"preloaded">> {
    return this.#obey<"preloaded">({ cmd: "preload", events });
  }

  async collectGarbage(): Promise<void> {
    await this.#obey<"collected">({ cmd: "gc" });
  }

  close(): Promise<void> {
    return this.#child.close();
  }

  #obey<T extends Answer["type"]>(command: Command): Promise<AnswerOf<T>> {
    this.#child.send(JSON.stringify(command));
    return this.#child.answer<AnswerOf<T>>(COMMAND_TIMEOUT_MS);
  }
}
