import { Redis } from "ioredis";
import { createClient } from "redis";
import { type StreamEvent, SSETarget } from "ssetarget";
import { RedisEventStore } from "ssetarget/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SSEReader } from "../support/sse-client.ts";
import { RedisServer } from "./support/redis-server.ts";

interface Tick {
  readonly type: "tick";
  readonly n: number;
}

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await RedisServer.start();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

const tick = (n: number): Tick => ({ type: "tick", n });
const get = (lastEventId?: string) =>
  new Request("http://localhost/sse", { headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId } });

/** Writes what `@oselvar/ssetarget` keeps under a prefix. */
async function writeOriginal(prefix: string, count = 2): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const id = await redis.incr(`${prefix}:counter`);
    await redis.zadd(`${prefix}:events`, id, JSON.stringify(tick(n)));
  }
}

describe("a RedisEventStore without a prefix", () => {
  it("has the prefix `ssetarget`, as the original's", async () => {
    for (const store of [new RedisEventStore<Tick>(redis), new RedisEventStore<Tick>(redis, undefined, {})]) {
      await store.storeEvent(tick(1));
    }
    expect(await new RedisEventStore<Tick>(redis, "ssetarget").getEvents(0)).toHaveLength(2);
    expect(await redis.exists("{ssetarget}:events")).toBe(1);
  });
});

describe("data of the original under a prefix", () => {
  it.each([
    ["ssetarget", undefined],
    ["runs:1", "runs:1"],
    // The original writes its prefix as it is: these two have one key in common with ours.
    ["{runs:1}", "runs:1"],
    ["{app}:1", "{app}:1"],
  ])("is refused by name, neither ignored nor deleted: %j under %j", async (original, prefix) => {
    await writeOriginal(original);
    const before = await redis.dump(`${original}:events`);
    const store = new RedisEventStore<Tick>(redis, prefix);
    const refusal = { code: "foreign-data", message: expect.stringContaining(`"${original}:events"`) };
    await expect(store.storeEvent(tick(3))).rejects.toMatchObject(refusal);
    await expect(store.append([tick(3)])).rejects.toMatchObject(refusal);
    await expect(store.getEvents(0)).rejects.toMatchObject(refusal);
    await expect(store.bounds()).rejects.toMatchObject(refusal);
    await expect(store.watch({ appended: () => {}, changed: () => {} })).rejects.toMatchObject(refusal);
    await expect(store.trim(1)).rejects.toMatchObject(refusal);
    await expect(store.delete()).rejects.toMatchObject(refusal);
    expect(await redis.dump(`${original}:events`)).toEqual(before);
    expect((await redis.keys("*")).toSorted()).toEqual([`${original}:counter`, `${original}:events`]);

    // Once it is gone, the same store works.
    await redis.del(`${original}:counter`, `${original}:events`);
    expect(await store.storeEvent(tick(3))).toMatchObject({ id: 1 });
    await store.close();
  });

  it("is refused with node-redis too, and told to who dispatches and who listens for errors", async () => {
    await writeOriginal("ssetarget");
    const client = createClient({ url: server.url });
    await client.connect();
    const errors: unknown[] = [];
    const store = new RedisEventStore<Tick>(client);
    const target = new SSETarget<Tick>("/sse", store, { onError: (error) => errors.push(error) });
    await expect(target.dispatchEvent(tick(3))).rejects.toMatchObject({ code: "foreign-data" });
    const response = await target.fetch(get());
    await response.body?.cancel();
    expect(errors).toContainEqual(expect.objectContaining({ code: "foreign-data" }));
    await target.close();
    await client.close();
  });

  it("is moved as the documents show", async () => {
    await writeOriginal("ssetarget", 3);
    await redis.rename("ssetarget:events", "before:events");
    await redis.del("ssetarget:counter");
    const texts = await redis.zrange("before:events", "0", "-1");
    const store = new RedisEventStore(redis);
    await store.append(texts.map((text) => JSON.parse(text) as StreamEvent));
    expect(await store.getEvents(0)).toMatchObject([1, 2, 3].map((n) => ({ ...tick(n), id: n })));
  });

  it("is not taken for what it is not: somebody else's sorted set, an empty name, another prefix", async () => {
    await redis.zadd("scores:events", 1, "alice");
    await redis.zadd("numbers:events", 1, "7");
    await redis.set("text:events", "x");
    await writeOriginal("other");
    for (const prefix of ["scores", "numbers", "text", "another"]) {
      expect(await new RedisEventStore<Tick>(redis, prefix).storeEvent(tick(1))).toMatchObject({ id: 1 });
    }
  });

  it("does not keep a user of Redis out who may not look there", async () => {
    await redis.call("acl", "setuser", "narrow", "on", ">secret", "~{runs:*", "&{runs:*", "+@all", "-zrange");
    const narrow = new Redis(server.url, { username: "narrow", password: "secret" });
    expect(await new RedisEventStore<Tick>(narrow, "runs:1").storeEvent(tick(1))).toMatchObject({ id: 1 });
    narrow.disconnect();
  });
});

describe("a client with a cursor of the original", () => {
  it("is told of a gap, and gets the history from its beginning, wherever it says so", async () => {
    const store = new RedisEventStore<Tick>(redis);
    const target = new SSETarget<Tick>("/sse", store);
    for (let n = 1; n <= 3; n++) await target.dispatchEvent(tick(n));
    const types = async (request: Request, count: number) =>
      (await new SSEReader(await target.fetch(request)).readCount(count)).events.map(({ type }) => type);
    const all = ["ssetarget:gap", "tick", "tick", "tick"];
    for (const id of ["1", "2", "3", "4", "500"]) expect([id, await types(get(id), 4)]).toEqual([id, all]);
    expect(await types(new Request("http://localhost/sse?lastEventId=2"), 4)).toEqual(all);
    expect(await types(get("0"), 3)).toEqual(all.slice(1));
    const { epoch } = await store.bounds();
    expect(await types(get(`2.${epoch}`), 1)).toEqual(["tick"]);
    await target.complete();
    // Not 204: it has had the end of another history.
    expect((await types(get("4"), 5)).at(-1)).toBe("ssetarget:end");
    await target.close();
    await store.close();
  });
});
