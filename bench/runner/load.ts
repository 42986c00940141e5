import { DATA_BYTES } from "../harness/bench-event.ts";
import { Child, Timeout } from "./child.ts";
import { BUILD } from "./paths.ts";

/** What the load client has seen. */
export interface LoadStats {
  readonly connected: number;
  readonly closed: number;
  readonly refused: number;
  readonly delivered: number;
  readonly lost: number;
  readonly repeated: number;
  readonly reordered: number;
  readonly damaged: number;
  readonly measured: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly clientCpuMs: number;
}

/** How the load client shall connect. */
export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly streams?: number;
  /** Connections under way at a time; 0: all at once. */
  readonly inFlight?: number;
  /** Connections that never read. */
  readonly stalled?: number;
  /** A pause between two looks at the sockets, in microseconds. */
  readonly napUs?: number;
  /** The core it keeps to. */
  readonly core: number | undefined;
  readonly prefix: readonly string[];
}

/** The load client (native/load-client.c), as a process. */
export class Load {
  readonly #child: Child;

  constructor({ port, connections, streams = 1, inFlight = 200, stalled = 0, napUs = 0, core, prefix }: LoadOptions) {
    const options = {
      port,
      connections,
      streams,
      "in-flight": inFlight,
      stalled,
      "nap-us": napUs,
      core: core ?? -1,
      "data-bytes": DATA_BYTES,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = new Child("the load client", [...prefix, `${BUILD}/load-client`, ...flags]);
  }

  /** Resolves once every connection has the head of its response. */
  async connected(timeoutMs: number): Promise<void> {
    const { refused } = await this.#child.answer<{ refused: number }>(timeoutMs);
    if (refused > 0) throw new Error(`${refused} connections were refused`);
  }

  /** Resolves once every connection has come to event `n`; `false` where that takes too long. */
  async reached(n: number, timeoutMs: number): Promise<boolean> {
    this.#child.send(`expect ${n}`);
    try {
      await this.#child.answer(timeoutMs);
      return true;
    } catch (error) {
      if (error instanceof Timeout) return false;
      throw error;
    }
  }

  /** Latencies are taken of events after `n`. */
  measureAfter(n: number): void {
    this.#child.send(`measure ${n}`);
  }

  async stats(): Promise<LoadStats> {
    this.#child.send("stats");
    for (;;) {
      // What `reached` no longer waits for may still come.
      const answer = await this.#child.answer<LoadStats & { readonly type: string }>(30_000);
      if (answer.type === "stats") return answer;
    }
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}
