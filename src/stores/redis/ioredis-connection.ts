import type { IoRedisClient, IoRedisCluster } from "./redis-client.ts";
import type { LinkListener, RedisConnection, SubscriberLink } from "./redis-connection.ts";

/** What is used of a duplicate of ioredis that subscribes. */
interface Duplicate {
  on(event: string, listener: (...args: never[]) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  disconnect(): void;
}

interface WithOptions {
  readonly options?: { readonly keyPrefix?: unknown };
}

/** A single server, or the one that sentinels name. */
export class IoRedisConnection implements RedisConnection {
  readonly channelPrefix: string;
  readonly #client: IoRedisClient;

  constructor(client: IoRedisClient) {
    this.#client = client;
    this.channelPrefix = keyPrefixOf(client);
  }

  command(_key: string, [name = "", ...args]: readonly string[]): Promise<unknown> {
    return this.#client.call(name, args);
  }

  newLink(listener: LinkListener): SubscriberLink {
    return new IoRedisLink(async () => this.#client, listener);
  }
}

/** A cluster. It is subscribed to at one of its nodes: the nodes tell one another what is published. */
export class IoRedisClusterConnection implements RedisConnection {
  readonly channelPrefix: string;
  readonly #client: IoRedisCluster;

  constructor(client: IoRedisCluster) {
    this.#client = client;
    this.channelPrefix = keyPrefixOf(client);
  }

  command(_key: string, [name = "", ...args]: readonly string[]): Promise<unknown> {
    return this.#client.call(name, args);
  }

  newLink(listener: LinkListener): SubscriberLink {
    return new IoRedisLink(() => this.#someNode(), listener);
  }

  async #someNode(): Promise<IoRedisClient> {
    // A cluster that has not connected yet knows no nodes; any command makes it look for them.
    if (this.#client.nodes("master").length === 0) await this.#client.call("ping", []);
    const nodes = this.#client.nodes("master") as IoRedisClient[];
    // Another one at every try, because one that is gone may still be listed.
    const node = nodes[Math.floor(Math.random() * nodes.length)];
    if (node === undefined) throw new Error("the cluster has no node that is known");
    return node;
  }
}

class IoRedisLink implements SubscriberLink {
  readonly #choose: () => Promise<IoRedisClient>;
  readonly #listener: LinkListener;
  #duplicate: Duplicate | undefined;
  #isClosed = false;

  constructor(choose: () => Promise<IoRedisClient>, listener: LinkListener) {
    this.#choose = choose;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    const client = await this.#choose();
    if (this.#isClosed) return;
    const duplicate = client.duplicate({
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
      // What the promise says is only that the connection was closed; the event before it says why.
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

function keyPrefixOf(client: object): string {
  return String((client as WithOptions).options?.keyPrefix ?? "");
}
