import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listens } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

/** A nats-server with JetStream, on a port and in a folder of its own. */
export class NatsServer {
  readonly port: number;
  readonly #dir = mkdtempSync(join(tmpdir(), "ssetarget-nats-"));
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<NatsServer> {
    const server = new NatsServer(await freePort());
    await server.run();
    return server;
  }

  async run(): Promise<void> {
    const child = spawn("nats-server", ["-js", "-sd", this.#dir, "-a", "127.0.0.1", "-p", String(this.port)], {
      stdio: "ignore",
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
    this.#child = child;
    let failure: Error | undefined;
    child.on("error", () => {
      failure = new Error("nats-server is not there; Debian: apt-get install nats-server");
    });
    await until(async () => {
      if (failure !== undefined) throw failure;
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
      return listens(this.port);
    }, "nats-server listens");
  }

  /** `kill -9`; `keepsData: false` forgets what was stored, too. */
  async kill({ keepsData = true } = {}): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
    if (!keepsData) rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Of the server that runs now. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    await this.kill({ keepsData: false });
  }
}
