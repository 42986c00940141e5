export {
  type IoRedisClient,
  type IoRedisCluster,
  type NodeRedisClient,
  type NodeRedisCluster,
  type RedisClient,
} from "./stores/redis/client.ts";
export { RedisEventStore, type RedisEventStoreOptions } from "./stores/redis/redis-event-store.ts";
