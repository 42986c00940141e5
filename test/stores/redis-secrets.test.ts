import { inspect } from "node:util";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { RedisEventStore, type RedisClient } from "ssetarget/redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RedisServer } from "./support/redis-server.ts";

const PASSWORD = "s3cret-password";
const USER = { username: "worker", password: PASSWORD };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
  await server.admin.call("ACL", "SETUSER", USER.username, "on", ">another", "~*", "&*", "+@all");
});
afterAll(() => server?.stop());

/** Clients whose password Redis refuses, as their users make them. */
const CLIENTS: readonly (readonly [name: string, open: () => { redis: RedisClient; close: () => void }])[] = [
  [
    "ioredis",
    () => {
      const redis = new Redis(server.port, "127.0.0.1", { ...USER, maxRetriesPerRequest: 1 }).on("error", () => {});
      return { redis, close: () => redis.disconnect() };
    },
  ],
  [
    "node-redis",
    () => {
      const redis = createClient({ ...USER, socket: { port: server.port, host: "127.0.0.1" } }).on("error", () => {});
      redis.connect().catch(() => {});
      return { redis, close: () => redis.destroy() };
    },
  ],
];

it.each(CLIENTS)("no error of %s shows the password that Redis refuses", async (_name, open) => {
  const { redis, close } = open();
  const errors: unknown[] = [];
  const store = new RedisEventStore(redis, "runs", { retryForMs: 300, onError: (error) => errors.push(error) });
  try {
    const note = (error: unknown) => void errors.push(error);
    store.watch({ appended: () => {}, changed: () => {} }).catch(note);
    await Promise.all([store.storeEvent({ type: "a" }).catch(note), store.getEvents(0).catch(note)]);
    const told = inspect(errors, { depth: 20, showHidden: true });
    expect(told).toMatch(/WRONGPASS|could not be reached/);
    expect(told).not.toContain(PASSWORD);
  } finally {
    await store.close();
    close();
  }
});
