export {
  type IoRedisClient,
  type IoRedisCluster,
  type NodeRedisClient,
  type NodeRedisCluster,
  type RedisClient,
} from "./stores/redis/redis-client.ts";
export { RedisEventStore } from "./stores/redis/redis-event-store.ts";
export type { RedisEventStoreOptions } from "./stores/redis/redis-store-options.ts";
