import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

/** A Redis of the test's own: on a free port of 127.0.0.1, with a directory that is deleted with it. */
export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #settings: readonly string[];
  readonly #sentinelFile: string | undefined;
  #process: ChildProcess | undefined;
  #admin: Redis | undefined;

  private constructor(port: number, directory: string, settings: readonly string[], sentinelFile?: string) {
    this.#sentinelFile = sentinelFile;
    this.port = port;
    this.#directory = directory;
    this.#settings = settings;
  }

  /** @param settings as on the command line, such as `"--appendonly", "yes"`. Nothing is written to disk unless they say so. */
  static async start(...settings: string[]): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), "ssetarget-redis-"));
    const server = new RedisServer(await freePort(), directory, settings);
    await server.startAgain();
    return server;
  }

  /** One that watches a master under the name "main", and makes a replica the master when that is gone. */
  static async startSentinel(master: RedisServer): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), "ssetarget-redis-"));
    const file = join(directory, "sentinel.conf");
    const lines = [
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds main 300",
      "sentinel failover-timeout main 1000",
    ];
    writeFileSync(file, lines.join("\n"));
    const server = new RedisServer(await freePort(), directory, [], file);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** A connection for the test itself, named so that it can be left out of counts. */
  get admin(): Redis {
    this.#admin ??= new Redis(this.port, "127.0.0.1", { connectionName: ADMIN, retryStrategy: () => 20 }).on(
      "error",
      () => {},
    );
    return this.#admin;
  }

  /** Starts it where it was stopped or killed, with what it finds in its directory. Resolves when it answers. */
  async startAgain(): Promise<void> {
    const base = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#directory];
    const quick = ["--save", "", "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"];
    const file = this.#sentinelFile;
    const options = file === undefined ? [...base, ...quick, ...this.#settings] : [file, ...base, "--sentinel"];
    const child = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    running.add(child);
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.on("error", (error) => reject(new Error(`${MISSING} (${error.message})`)));
      child.on("exit", (code) => {
        running.delete(child);
        reject(new Error(`redis-server ended with ${code}: ${output}`));
      });
      child.stdout.on("data", (piece: Buffer) => {
        output += piece.toString();
        if (/Ready to accept connections|\+monitor master/.test(output)) resolve();
      });
    });
  }

  /** Sends a signal: SIGSTOP and SIGCONT make it stand still and go on. SIGKILL resolves when it is gone. */
  async signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const child = this.#process as ChildProcess;
    const isGone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    if (signal === "SIGKILL") await isGone;
  }

  /** Deletes what it has written to disk. Only while it is not running. */
  forgetFiles(): void {
    rmSync(join(this.#directory, "appendonlydir"), { recursive: true, force: true });
    rmSync(join(this.#directory, "dump.rdb"), { force: true });
  }

  /** Names and kinds of the connections that it has, those of the test itself left out. */
  async connections(): Promise<{ readonly name: string; readonly isSubscriber: boolean; readonly channels: number }[]> {
    const list = (await this.admin.client("LIST")) as string;
    return list
      .trim()
      .split("\n")
      .map((line) => new Map(line.split(" ").map((part) => part.split("=") as [string, string])))
      .filter((fields) => fields.get("name") !== ADMIN)
      .map((fields) => {
        const channels = Number(fields.get("sub"));
        return { name: fields.get("name") ?? "", isSubscriber: channels > 0, channels };
      });
  }

  async stop(): Promise<void> {
    this.#admin?.disconnect();
    const child = this.#process;
    if (child !== undefined && running.has(child)) {
      // One that stands still would not hear anything else.
      child.kill("SIGCONT");
      await this.signal("SIGKILL");
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Three servers that are one cluster. */
export class RedisCluster {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<RedisCluster> {
    const servers = await Promise.all([startNode(), startNode(), startNode()]);
    const [first] = servers;
    const third = Math.ceil(16_384 / 3);
    for (const [index, server] of servers.entries()) {
      await server.admin.cluster("ADDSLOTSRANGE", index * third, Math.min((index + 1) * third, 16_384) - 1);
      // Nodes of one epoch would first have to agree on which of them goes first.
      await server.admin.call("cluster", "set-config-epoch", String(index + 1));
      if (first !== undefined && index > 0) await meet(first, server);
    }
    await until(async () => {
      const infos = await Promise.all(servers.map(({ admin }) => admin.cluster("INFO")));
      return infos.every((info) => info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3"));
    }, "the cluster is ready");
    return new RedisCluster(servers);
  }

  get nodes(): { readonly host: string; readonly port: number }[] {
    return this.servers.map(({ port }) => ({ host: "127.0.0.1", port }));
  }

  /** The server that has the slot of this key. */
  async holderOf(key: string): Promise<RedisServer> {
    const [first] = this.servers;
    const slot = (await first?.admin.cluster("KEYSLOT", key)) as number;
    return this.servers[Math.floor(slot / Math.ceil(16_384 / 3))] as RedisServer;
  }

  /** Adds a server that has a copy of this one, and takes over when that is gone. The cluster does not stop it. */
  async startReplica(master: RedisServer): Promise<RedisServer> {
    const replica = await startNode();
    await meet(master, replica);
    const [id, own] = await Promise.all([master, replica].map(({ admin }) => admin.cluster("MYID") as Promise<string>));
    const isKnown = async (text: string, by: readonly RedisServer[]) => {
      const lists = await Promise.all(by.map(({ admin }) => admin.cluster("NODES") as Promise<string>));
      return lists.every((list) => list.includes(text));
    };
    await until(() => isKnown(id as string, [replica]), "the replica knows its master");
    await replica.admin.cluster("REPLICATE", id as string);
    await until(() => isKnown(own as string, this.servers), "all know the replica");
    await until(() => isKnown(`slave ${id}`, this.servers), "all know whose replica it is");
    await until(
      async () => (await replica.admin.info("replication")).includes("master_link_status:up"),
      "it has a copy",
    );
    return replica;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** The cluster goes on without a node for all slots but that node's, and soon finds that one is gone. */
async function startNode(): Promise<RedisServer> {
  const settings = {
    enabled: "yes",
    port: String(await freePort()),
    "node-timeout": "500",
    "require-full-coverage": "no",
  };
  return RedisServer.start(...Object.entries(settings).flatMap(([name, value]) => [`--cluster-${name}`, value]));
}

async function meet(one: RedisServer, other: RedisServer): Promise<void> {
  const [, busPort] = (await other.admin.config("GET", "cluster-port")) as string[];
  await one.admin.call("cluster", "meet", "127.0.0.1", String(other.port), busPort as string);
}

const ADMIN = "test-admin";
const MISSING = "redis-server could not be started; install it: apt-get install redis-server";
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
