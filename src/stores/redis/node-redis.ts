import type { LinkListener, NodeRedisClient, NodeRedisCluster, RedisConnection, SubscriberLink } from "./client.ts";

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

/** Replies are text, whatever the user has set for their own commands. */
const AS_TEXT = { typeMapping: {} };

/** A connection over a client or cluster of node-redis. */
export class NodeRedisConnection implements RedisConnection {
  readonly channelPrefix = "";
  readonly #client: NodeRedisClient | NodeRedisCluster;

  constructor(client: NodeRedisClient | NodeRedisCluster) {
    this.#client = client;
  }

  command(key: string, args: readonly string[]): Promise<unknown> {
    return "nodeClient" in this.#client
      ? this.#client.sendCommand(key, false, args as string[], AS_TEXT)
      : this.#client.sendCommand(args, AS_TEXT);
  }

  newLink(listener: LinkListener): SubscriberLink {
    return new NodeRedisLink(this.#client, listener);
  }
}

class NodeRedisLink implements SubscriberLink {
  readonly #client: NodeRedisClient | NodeRedisCluster;
  readonly #listener: LinkListener;
  #duplicate: Duplicate | undefined;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: NodeRedisClient | NodeRedisCluster, listener: LinkListener) {
    this.#client = client;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    const node = "nodeClient" in this.#client ? await someNode(this.#client) : this.#client;
    if (this.#isClosed) return;
    const { options } = node as { readonly options?: { readonly socket?: object } };
    const duplicate = node.duplicate({
      // A subscriber may be silent for long; its owner pings it.
      socket: { ...options?.socket, reconnectStrategy: false, socketTimeout: undefined },
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
    return this.#inTurn((duplicate) => duplicate.subscribe(channels, this.#onMessage));
  }

  unsubscribe(channels: readonly string[]): Promise<unknown> {
    return this.#inTurn((duplicate) => duplicate.unsubscribe(channels));
  }

  ping(): Promise<unknown> {
    return (this.#duplicate as Duplicate).sendCommand(["PING"]);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#duplicate?.isOpen === true) this.#duplicate.destroy();
  }

  /** One after the other: a channel that is subscribed to while node-redis still unsubscribes from it gets no messages. */
  #inTurn(act: (duplicate: Duplicate) => Promise<unknown>): Promise<unknown> {
    this.#last = this.#last.catch(() => {}).then(() => act(this.#duplicate as Duplicate));
    return this.#last;
  }

  readonly #onMessage = (message: string, channel: string): void => this.#listener.onMessage(channel, message);
}

/** Any node, since a cluster's nodes pass on what is published, and another at each attempt, since one may be gone. */
function someNode(cluster: NodeRedisCluster): Promise<NodeRedisClient> {
  return cluster.nodeClient(cluster.getRandomNode() as never) as Promise<NodeRedisClient>;
}
