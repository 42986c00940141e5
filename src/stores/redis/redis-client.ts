/** What is used of a client of ioredis, a single server's or one that finds it through sentinels. @see https://github.com/redis/ioredis */
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
 * A client of Redis, connected by the user and closed by the user: ioredis 5 or 6 (`Redis`, `Cluster`), node-redis 5 or 6
 * (`createClient`, `createCluster`).
 */
export type RedisClient = IoRedisClient | IoRedisCluster | NodeRedisClient | NodeRedisCluster;
