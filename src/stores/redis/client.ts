/** What is used of a client of ioredis, for one server or found through sentinels. @see https://github.com/redis/ioredis */
export interface IoRedisClient {
  readonly status: string;
  call(command: string, args: string[]): Promise<unknown>;
  duplicate(override?: object): unknown;
}

/** What is used of a `Cluster` of ioredis. */
export interface IoRedisCluster {
  readonly isCluster: boolean;
  call(command: string, args: string[]): Promise<unknown>;
  nodes(role?: "master"): unknown[];
}

/** What is used of node-redis' `createClient`. @see https://github.com/redis/node-redis */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
  duplicate(overrides?: object): unknown;
}

/** What is used of node-redis' `createCluster`. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: object,
  ): Promise<unknown>;
  getRandomNode(): unknown;
  nodeClient(node: never): Promise<unknown>;
}

/**
 * A client of Redis that the user connects and closes: ioredis 5 or 6 (`Redis`, `Cluster`), node-redis 5 or 6
 * (`createClient`, `createCluster`).
 */
export type RedisClient = IoRedisClient | IoRedisCluster | NodeRedisClient | NodeRedisCluster;

/** What the store needs of a client, whichever it is. An error reply rejects with an error that has Redis' own message. */
export interface RedisConnection {
  /** Prefix that the client adds to keys; channels get it too, so that they differ if keys do. */
  readonly channelPrefix: string;
  /** Sends one command to the server that holds this key. */
  command(key: string, args: readonly string[]): Promise<unknown>;
  /** Another connection, for subscribing. It is not open yet, and does not reconnect on its own. */
  newLink(listener: LinkListener): SubscriberLink;
}

/** Receives what happens on a link. */
export interface LinkListener {
  onMessage(channel: string, message: string): void;
  /** The connection is lost for good, or was closed. May be called more than once. */
  onDown(error?: unknown): void;
}

/** One connection that subscribes. */
export interface SubscriberLink {
  /** Connects. Called once. */
  open(): Promise<void>;
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  /** Closes the connection at once, even while it is being opened. Idempotent; never throws. */
  close(): void;
}
