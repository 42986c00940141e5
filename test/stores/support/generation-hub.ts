import { Redis } from "ioredis";
import type { ChunkEvent } from "../../../src/generations.ts";
import { SSEHub } from "../../../src/index.ts";
import { RedisEventStore } from "../../../src/redis.ts";
import { SqliteEventStores } from "../../../src/sqlite.ts";

export type Engine = "SQLite" | "Redis";

/** A hub over an engine, and how to be rid of it. */
export interface OpenedHub {
  readonly hub: SSEHub<ChunkEvent<string>>;
  close(): Promise<void>;
}

/** @param place the path of a file, or a port of 127.0.0.1 */
export function openHub(engine: Engine, place: string): OpenedHub {
  if (engine === "SQLite") {
    const stores = new SqliteEventStores<ChunkEvent<string>>(place, { busyTimeoutMs: 20 });
    const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", { store: stores, retryMs: 20 });
    return {
      hub,
      close: async () => {
        await hub.close({ closeTimeoutMs: 0 });
        await stores.close();
      },
    };
  }
  const redis = new Redis(Number(place), "127.0.0.1", { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => {});
  const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", {
    store: (name) => new RedisEventStore(redis, `chat:${name}`, { retryForMs: 200, pingMs: 200 }),
    retryMs: 20,
  });
  return {
    hub,
    close: async () => {
      await hub.close({ closeTimeoutMs: 0 });
      redis.disconnect();
    },
  };
}
