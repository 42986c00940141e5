import { SSETargetError } from "../../util/errors.ts";
import { describeValue } from "../../util/options.ts";
import { IoRedisClusterConnection, IoRedisConnection } from "./ioredis-connection.ts";
import { NodeRedisClusterConnection, NodeRedisConnection } from "./node-redis-connection.ts";
import type { IoRedisClient, IoRedisCluster, NodeRedisClient, NodeRedisCluster, RedisClient } from "./redis-client.ts";
import type { RedisConnection } from "./redis-connection.ts";

/**
 * The connection of a client, which is recognised by its methods.
 *
 * @throws SSETargetError `invalid-option`
 */
export function connectionOf(client: RedisClient): RedisConnection {
  const has = (...methods: string[]) =>
    methods.every((method) => typeof (client as unknown as Record<string, unknown> | null)?.[method] === "function");
  if (has("call", "nodes")) return new IoRedisClusterConnection(client as IoRedisCluster);
  if (has("call", "duplicate")) return new IoRedisConnection(client as IoRedisClient);
  if (has("sendCommand", "nodeClient", "getRandomNode")) {
    return new NodeRedisClusterConnection(client as NodeRedisCluster);
  }
  if (has("sendCommand", "duplicate", "subscribe")) return new NodeRedisConnection(client as NodeRedisClient);
  throw new SSETargetError(
    "invalid-option",
    `\`redis\` must be a client of ioredis (\`new Redis()\`, \`new Cluster()\`) or of node-redis (\`createClient()\`, \`createCluster()\`), got ${describeValue(client)}`,
  );
}
