import { SSETargetError } from "../../util/errors.ts";
import { describeValue } from "../../util/options.ts";
import type {
  IoRedisClient,
  IoRedisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
  RedisConnection,
} from "./client.ts";
import { IoRedisConnection } from "./ioredis.ts";
import { NodeRedisConnection } from "./node-redis.ts";

const connections = new WeakMap<RedisClient, RedisConnection>();

/**
 * The connection of a client, which its methods identify. The same client always has the same connection.
 *
 * @throws SSETargetError `invalid-option`
 */
export function connectionOf(client: RedisClient): RedisConnection {
  const known = connections.get(client);
  if (known !== undefined) return known;
  const connection = newConnection(client);
  connections.set(client, connection);
  return connection;
}

function newConnection(client: RedisClient): RedisConnection {
  const has = (...methods: string[]) =>
    methods.every((method) => typeof (client as unknown as Record<string, unknown> | null)?.[method] === "function");
  if (has("call", "nodes") || has("call", "duplicate")) {
    return new IoRedisConnection(client as IoRedisClient | IoRedisCluster);
  }
  if (has("sendCommand", "nodeClient", "getRandomNode") || has("sendCommand", "duplicate", "subscribe")) {
    return new NodeRedisConnection(client as NodeRedisClient | NodeRedisCluster);
  }
  throw new SSETargetError(
    "invalid-option",
    `\`redis\` must be a client of ioredis (\`new Redis()\`, \`new Cluster()\`) or of node-redis (\`createClient()\`, \`createCluster()\`), got ${describeValue(client)}`,
  );
}
