import type { NodeRedisClient, NodeRedisCluster } from "./redis-client.ts";
import type { LinkListener, RedisConnection, SubscriberLink } from "./redis-connection.ts";

/** What is used of a duplicate of node-redis that subscribes. */
interface Duplicate {
  readonly isOpen: boolean;
  on(event: string, listener: (error?: unknown) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channels: readonly string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  destroy(): void;
}

interface WithSocketOptions {
  readonly options?: { readonly socket?: object };
}

/** Replies are text, whatever the user has set for their own commands. */
const AS_TEXT = { typeMapping: {} };

/** A single server. */
export class NodeRedisConnection implements RedisConnection {
  readonly channelPrefix = "";
  readonly #client: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    this.#client = client;
  }

  command(_key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.sendCommand(args, AS_TEXT);
  }

  newLink(listener: LinkListener): SubscriberLink {
    return new NodeRedisLink(async () => this.#client, listener);
  }
}

/** A cluster. It is subscribed to at one of its nodes: the nodes tell one another what is published. */
export class NodeRedisClusterConnection implements RedisConnection {
  readonly channelPrefix = "";
  readonly #client: NodeRedisCluster;

  constructor(client: NodeRedisCluster) {
    this.#client = client;
  }

  command(key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.sendCommand(key, false, args as string[], AS_TEXT);
  }

  newLink(listener: LinkListener): SubscriberLink {
    // Another node at every try, because one that is gone may still be listed.
    const someNode = () => this.#client.nodeClient(this.#client.getRandomNode() as never) as Promise<NodeRedisClient>;
    return new NodeRedisLink(someNode, listener);
  }
}

class NodeRedisLink implements SubscriberLink {
  readonly #choose: () => Promise<NodeRedisClient>;
  readonly #listener: LinkListener;
  #duplicate: Duplicate | undefined;
  #isClosed = false;

  constructor(choose: () => Promise<NodeRedisClient>, listener: LinkListener) {
    this.#choose = choose;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    const client = await this.#choose();
    if (this.#isClosed) return;
    const duplicate = client.duplicate({
      // Silence is no fault of a connection that listens; whether it is alive is asked by its owner.
      socket: { ...(client as WithSocketOptions).options?.socket, reconnectStrategy: false, socketTimeout: undefined },
      commandOptions: undefined,
      disableOfflineQueue: false,
      pingInterval: undefined,
      clientSideCache: undefined,
      emitInvalidate: undefined,
    }) as Duplicate;
    this.#duplicate = duplicate;
    duplicate.on("error", (error) => this.#listener.onDown(error));
    duplicate.on("end", () => this.#listener.onDown());
    await duplicate.connect();
  }

  subscribe(channels: readonly string[]): Promise<unknown> {
    return (this.#duplicate as Duplicate).subscribe(channels, this.#onMessage);
  }

  unsubscribe(channels: readonly string[]): Promise<unknown> {
    return (this.#duplicate as Duplicate).unsubscribe(channels);
  }

  ping(): Promise<unknown> {
    return (this.#duplicate as Duplicate).sendCommand(["PING"]);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#duplicate?.isOpen === true) this.#duplicate.destroy();
  }

  readonly #onMessage = (message: string, channel: string): void => this.#listener.onMessage(channel, message);
}
