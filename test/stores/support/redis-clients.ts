import { Redis } from "ioredis";
import { createClient } from "redis";
import type { RedisClient } from "ssetarget/redis";

/** A client as a user has it, and how to be rid of it. */
export interface OwnedClient {
  readonly redis: RedisClient;
  close(): void;
}

/** Both kinds of clients with both protocols, connected to a port of 127.0.0.1. */
export const CLIENTS: readonly (readonly [name: string, open: (port: number) => Promise<OwnedClient>])[] = [
  [
    "ioredis",
    async (port) => {
      const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null }).on("error", () => {});
      return { redis, close: () => redis.disconnect() };
    },
  ],
  [
    "ioredis with RESP2",
    async (port) => {
      const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null, protocol: 2 }).on("error", () => {});
      return { redis, close: () => redis.disconnect() };
    },
  ],
  [
    "node-redis",
    async (port) => {
      const redis = createClient({ socket: { port, host: "127.0.0.1" } }).on("error", () => {});
      await redis.connect();
      return { redis, close: () => redis.destroy() };
    },
  ],
  [
    "node-redis with RESP2",
    async (port) => {
      const redis = createClient({ socket: { port, host: "127.0.0.1" }, RESP: 2 }).on("error", () => {});
      await redis.connect();
      return { redis, close: () => redis.destroy() };
    },
  ],
];
