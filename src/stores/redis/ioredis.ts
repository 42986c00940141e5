import type { IoRedisClient, IoRedisCluster, LinkListener, RedisConnection, SubscriberLink } from "./client.ts";

/** What is used of a duplicate of ioredis that subscribes. */
interface Duplicate {
  on(event: string, listener: (...args: never[]) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  disconnect(): void;
}

/** A connection over a `Redis` or `Cluster` of ioredis. */
export class IoRedisConnection implements RedisConnection {
  readonly channelPrefix: string;
  readonly #client: IoRedisClient | IoRedisCluster;

  constructor(client: IoRedisClient | IoRedisCluster) {
    const { options } = client as { readonly options?: { readonly keyPrefix?: unknown } };
    this.#client = client;
    this.channelPrefix = String(options?.keyPrefix ?? "");
  }

  command(_key: string, [name = "", ...args]: readonly string[]): Promise<unknown> {
    return this.#client.call(name, args);
  }

  newLink(listener: LinkListener): SubscriberLink {
    return new IoRedisLink(this.#client, listener);
  }
}

class IoRedisLink implements SubscriberLink {
  readonly #client: IoRedisClient | IoRedisCluster;
  readonly #listener: LinkListener;
  #duplicate: Duplicate | undefined;
  #isClosed = false;

  constructor(client: IoRedisClient | IoRedisCluster, listener: LinkListener) {
    this.#client = client;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    const node = "nodes" in this.#client ? await someNode(this.#client) : this.#client;
    if (this.#isClosed) return;
    const duplicate = node.duplicate({
      lazyConnect: true,
      enableOfflineQueue: true,
      autoResubscribe: false,
      retryStrategy: () => null,
      reconnectOnError: null,
      commandTimeout: undefined,
      keyPrefix: "",
    }) as Duplicate;
    this.#duplicate = duplicate;
    let lastError: unknown;
    duplicate.on("error", (error: unknown) => (lastError = error));
    duplicate.on("end", () => this.#listener.onDown(lastError));
    duplicate.on("message", (channel: string, message: string) => this.#listener.onMessage(channel, message));
    await duplicate.connect().catch((error: unknown) => {
      // The promise only says that the connection was closed; the event before it says why.
      throw lastError ?? error;
    });
  }

  subscribe(channels: readonly string[]): Promise<unknown> {
    return (this.#duplicate as Duplicate).subscribe(...channels);
  }

  unsubscribe(channels: readonly string[]): Promise<unknown> {
    return (this.#duplicate as Duplicate).unsubscribe(...channels);
  }

  ping(): Promise<unknown> {
    return (this.#duplicate as Duplicate).ping();
  }

  close(): void {
    this.#isClosed = true;
    this.#duplicate?.disconnect();
  }
}

/** One node is enough to subscribe in a cluster: its nodes pass on to each other what is published. */
async function someNode(cluster: IoRedisCluster): Promise<IoRedisClient> {
  // A cluster that has not connected yet knows no nodes; any command makes it look for them.
  if (cluster.nodes("master").length === 0) await cluster.call("ping", []);
  const nodes = cluster.nodes("master") as IoRedisClient[];
  // Random, so that another attempt takes another node: one that is gone may still be listed.
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw new Error("the cluster knows none of its nodes");
  return node;
}
