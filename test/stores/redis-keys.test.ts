import { Cluster, Redis } from "ioredis";
import { SSETargetError } from "ssetarget";
import { RedisEventStore, type RedisClient, type RedisEventStoreOptions } from "ssetarget/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { follow } from "./support/follow.ts";
import { RedisCluster, RedisServer } from "./support/redis-server.ts";
import { until } from "../support/until.ts";

interface Sample {
  readonly type: string;
  readonly key?: string;
  readonly text?: string;
}

const NOBODY = { appended: () => {}, changed: () => {} };

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

function open(options: RedisEventStoreOptions = {}, prefix = "run"): RedisEventStore<Sample> {
  return new RedisEventStore<Sample>(redis, prefix, options);
}

/** What is in Redis, without the records of writers. */
async function keys(): Promise<string[]> {
  return (await redis.keys("*")).filter((key) => !key.includes(":writer:")).toSorted();
}

describe("what RedisEventStore keeps in Redis", () => {
  it("is a stream of events under their ids, a hash, the idempotency keys, and a note for each writer", async () => {
    const store = open();
    await store.storeEvent({ type: "a", text: "x" });
    await store.append([{ type: "b", key: "k" }, { type: "c" }]);
    expect(await keys()).toEqual(["{run}:events", "{run}:keys", "{run}:meta"]);
    expect(await redis.xrange("{run}:events", "-", "+")).toEqual([
      ["1-0", ["type", "a", "data", '{"text":"x"}']],
      ["2-0", ["type", "b", "data", '{"key":"k"}']],
      ["3-0", ["type", "c", "data", "{}"]],
    ]);
    expect(await redis.call("zrange", "{run}:keys", "0", "-1", "WITHSCORES")).toEqual(["k", "2"]);
    expect(await redis.hgetall("{run}:meta")).toMatchObject({ first: "1", last: "3", bytes: "25", keyed: "1" });
    const [writer, ...others] = await redis.keys("{run}:writer:*");
    expect(others).toEqual([]);
    expect(await redis.pttl(writer ?? "")).toBeGreaterThan(3_500_000);
  });

  it("is nothing at all for a stream that was only read", async () => {
    const store = open();
    await store.bounds();
    await store.getEvents(0);
    await store.trim(5);
    await store.delete();
    const watch = await store.watch(NOBODY);
    watch.close();
    await store.close();
    expect(await redis.keys("*")).toEqual([]);
  });

  it("is nothing for a stream whose first events are refused", async () => {
    const store = open();
    await expect(store.append([{ type: "ssetarget:end", key: "ssetarget:end" }, { type: "n" }])).rejects.toMatchObject({
      code: "stream-completed",
    });
    expect(await keys()).toEqual([]);
    expect((await store.storeEvent({ type: "n" })).id).toBe(1);
  });

  it("is forgotten a while after the last event, all of it at one moment", async () => {
    const store = open({ ttlMs: 100_000 });
    await store.storeEvent({ type: "n" });
    await redis.pexpire("{run}:events", 5_000);
    await redis.pexpire("{run}:meta", 5_000);
    // A store that has just come sets the time anew, and so does the first key.
    await open({ ttlMs: 100_000 }).storeEvent({ type: "n", key: "k" });
    const lives = await Promise.all((await keys()).map((key) => redis.pexpiretime(key)));
    expect(lives.length).toBe(3);
    expect(new Set(lives).size).toBe(1);
    expect(await redis.pttl("{run}:events")).toBeGreaterThan(100_000);
    expect(await redis.pttl("{run}:events")).toBeLessThanOrEqual(110_000);
  });

  it("stays where it was told to stay, also what had a time to live before", async () => {
    await open({ ttlMs: 100_000 }).storeEvent({ type: "n", key: "k" });
    await open({ ttlMs: null }).storeEvent({ type: "n" });
    expect(await Promise.all((await keys()).map((key) => redis.pttl(key)))).toEqual([-1, -1, -1]);
  });

  it("is bounded in bytes: the newest events that fit, and the keys of those only", async () => {
    const store = open({ maxBytes: 10_000 });
    const text = "x".repeat(1_000);
    for (let n = 1; n <= 40; n++) await store.storeEvent({ type: "n", key: `k${n}`, text });
    const { firstId, lastId } = await store.bounds();
    expect(lastId).toBe(40);
    expect(lastId - firstId + 1).toBeGreaterThanOrEqual(8);
    expect(lastId - firstId + 1).toBeLessThanOrEqual(9);
    expect(await redis.zcard("{run}:keys")).toBe(lastId - firstId + 1);
    expect(Number(await redis.hget("{run}:meta", "bytes"))).toBeLessThanOrEqual(10_000);
    await store.storeEvent({ type: "large", text: "x".repeat(50_000) });
    expect(await store.bounds()).toMatchObject({ firstId: 41, lastId: 41 });
  });

  it("keeps so many events, and little more", async () => {
    const store = open({ maxEvents: 50 });
    for (let n = 1; n <= 30; n++) await store.append(Array.from({ length: 7 }, () => ({ type: "n" })));
    const length = await redis.xlen("{run}:events");
    expect(length).toBeGreaterThanOrEqual(50);
    expect(length).toBeLessThanOrEqual(56);
    expect(await store.bounds()).toMatchObject({ firstId: 210 - length + 1, lastId: 210 });
  });

  it("is nothing but the notes of writers once the stream was deleted", async () => {
    const store = open();
    await store.append([{ type: "n", key: "k" }, { type: "n" }]);
    await store.delete();
    expect(await keys()).toEqual([]);
  });

  it("is watched: each process is notified once that it was trimmed or deleted", async () => {
    const other = new Redis(server.url);
    const [here, elsewhere] = [open(), new RedisEventStore<Sample>(other, "run")];
    let changes = 0;
    await elsewhere.watch({ appended: () => {}, changed: () => changes++ });
    await here.append([{ type: "n" }, { type: "n" }, { type: "n" }]);
    await here.trim(2);
    await here.trim(2);
    await until(() => changes === 1, "it is notified of the trim");
    await here.delete();
    await here.delete();
    await until(() => changes >= 2, "it is notified of the delete");
    expect(changes).toBe(2);
    await elsewhere.close();
    other.disconnect();
  });

  it("has one entry for each of two events that are equal", async () => {
    const store = open();
    for (let n = 0; n < 3; n++) await store.storeEvent({ type: "same", text: "same" });
    expect(await redis.xlen("{run}:events")).toBe(3);
  });

  it("knows types and keys of odd characters from one another", async () => {
    const store = open();
    const odd = ["\uD7FF", "\uE000", "a\nb", 'quote " and \\', "%7B", "{"];
    for (const each of odd) await store.storeEvent({ type: each, key: each });
    expect((await store.getEvents(0)).map(({ type }) => type)).toEqual(odd);
    for (const [index, each] of odd.entries())
      expect((await store.storeEvent({ type: each, key: each })).id).toBe(index + 1);
  });

  it("reads a call of many events that are too large to be published", async () => {
    const store = open();
    const heard: number[] = [];
    const hear = ({ id }: { id: number }) => heard.push(id);
    const follower = await follow(store, hear, () => heard.push(Number.NaN));
    const large = { type: "large", text: "x".repeat(100_000) };
    await store.append(Array.from({ length: 40 }, () => large));
    await store.storeEvent({ type: "n" });
    await until(() => heard.length >= 41, "all are heard of");
    expect(heard).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
    follower.stop();
    await store.close();
  });

  it("is not mixed up with the stream of the same name in another database", async () => {
    const elsewhere = new Redis(server.port, "127.0.0.1", { db: 1 });
    const [here, there] = [open(), new RedisEventStore<Sample>(elsewhere, "run")];
    const heard: (string | undefined)[] = [];
    const hear = ({ text }: Sample) => heard.push(text);
    const follower = await follow(here, hear, () => heard.push("interrupted"));
    for (let n = 1; n <= 3; n++) {
      await there.storeEvent({ type: "n", text: `there ${n}` });
      await here.storeEvent({ type: "n", text: `here ${n}` });
    }
    await until(() => heard.length >= 3, "everything is heard of");
    expect(heard).toEqual(["here 1", "here 2", "here 3"]);
    follower.stop();
    await Promise.all([here.close(), there.close()]);
    elsewhere.disconnect();
  });
});

describe("the prefix of a RedisEventStore", () => {
  const odd = ["{}", "{", "}", "{a}b", "a{b}c}", "%7Ba%7D", " ", "runs:1", "../x", "ünï 🧑‍🚀", "*"];

  it.each(["\uD800", "runs:\uDE00"])("must not hold half a surrogate pair, as %j does", (prefix) => {
    expect(() => open({}, prefix)).toThrow("half a surrogate pair");
  });

  it("may be any text, and gives keys of its own", async () => {
    for (const prefix of odd) await open({}, prefix).storeEvent({ type: "n", text: prefix });
    for (const prefix of odd) {
      expect((await open({}, prefix).getEvents(0)).map(({ text }) => text)).toEqual([prefix]);
    }
  });

  it("puts all keys of a stream into one slot of a cluster", async () => {
    const cluster = await RedisCluster.start();
    const client = new Cluster(cluster.nodes);
    try {
      for (const prefix of odd) {
        const store = new RedisEventStore<Sample>(client, prefix);
        await store.storeEvent({ type: "n", key: "k" });
        expect((await store.storeEvent({ type: "n", key: "k" })).id).toBe(1);
      }
      const [first] = cluster.servers;
      const names = (await Promise.all(cluster.servers.map(({ admin }) => admin.keys("*")))).flat();
      const slots = new Map<string, Set<number>>();
      for (const name of names) {
        const tag = name.slice(0, name.lastIndexOf("}") + 1);
        const slot = (await first?.admin.cluster("KEYSLOT", name)) as number;
        slots.set(tag, (slots.get(tag) ?? new Set()).add(slot));
      }
      expect(slots.size).toBe(odd.length);
      for (const [tag, of] of slots) expect([tag, of.size]).toEqual([tag, 1]);
    } finally {
      client.disconnect();
      await cluster.stop();
    }
  });
});

describe("a user of Redis for RedisEventStore", () => {
  /** As docs/stores/redis.md has it. */
  const COMMANDS =
    "+evalsha +eval +info +hmget +hset +get +set +xlen +xadd +xrange +xtrim +zcard +zscore +zadd +zremrangebyscore +pexpire +persist +unlink +publish +subscribe +unsubscribe +ping";
  const as = (name: string) => new Redis(server.port, "127.0.0.1", { username: name, password: "secret" });

  it("needs these commands, the keys and the channels of its streams, and no more", async () => {
    await redis.call(
      "acl",
      "setuser",
      "app",
      "on",
      ">secret",
      "resetchannels",
      "~{run*",
      "&{run*",
      ...COMMANDS.split(" "),
    );
    const client = as("app");
    const store = new RedisEventStore<Sample>(client, "run:1", { maxEvents: 2 });
    const heard: number[] = [];
    await store.watch({
      appended: ({ events = [] }) => heard.push(...events.map(({ id }) => id)),
      changed: () => {},
    });
    for (let n = 1; n <= 5; n++) await store.storeEvent({ type: "n", key: `k${n}` });
    await store.storeEvent({ type: "n", key: "k5" });
    await until(() => heard.length === 5, "all are heard of");
    await store.trim(5);
    expect((await store.getEvents(0)).map(({ id }) => id)).toEqual([5]);
    expect((await store.storeEvent({ type: "n", key: "k5" })).id).toBe(5);
    const kept = new RedisEventStore<Sample>(client, "run:1", { ttlMs: null });
    await kept.storeEvent({ type: "n" });
    await kept.delete();
    await expect(new RedisEventStore<Sample>(client, "other").storeEvent({ type: "n" })).rejects.toMatchObject({
      code: "store-unavailable",
      message: expect.stringContaining("NOPERM") as unknown,
    });
    await store.close();
    client.disconnect();
  });

  it("is refused at once, and told why, where it may not subscribe", async () => {
    await redis.call("acl", "setuser", "mute", "on", ">secret", "resetchannels", "~*", "+@all");
    const client = as("mute");
    const store = new RedisEventStore<Sample>(client, "run");
    await expect(store.watch(NOBODY)).rejects.toMatchObject({
      code: "store-unavailable",
      message: expect.stringContaining("NOPERM") as unknown,
    });
    await store.close();
    client.disconnect();
  });
});

describe("what RedisEventStore refuses", () => {
  const refusal = (make: () => unknown): SSETargetError => {
    try {
      make();
    } catch (error) {
      return error as SSETargetError;
    }
    throw new Error("it was not refused");
  };

  it.for([undefined, null, "redis://localhost", {}, { call: () => {} }, new Map()])(
    "is anything that is not a client: %o",
    (client) => {
      const { code, message } = refusal(() => new RedisEventStore(client as unknown as RedisClient, "run"));
      expect(code).toBe("invalid-option");
      expect(message).toContain("`createClient()`");
    },
  );

  it.for([
    [{ maxEvents: 0 }, "maxEvents"],
    [{ maxBytes: 1.5 }, "maxBytes"],
    [{ ttlMs: 10 }, "ttlMs"],
    [{ retryForMs: -1 }, "retryForMs"],
    [{ pingMs: 1 }, "pingMs"],
    [{ durable: 1 }, "durable"],
    [{ onError: "log" }, "onError"],
  ] as const)("is an option that cannot work: %o", ([options, name]) => {
    const { code, message } = refusal(() => open(options as unknown as RedisEventStoreOptions));
    expect(code).toBe("invalid-option");
    expect(message).toContain(`\`${name}\``);
  });

  it("is a stream without a name", () => {
    expect(refusal(() => open({}, "")).code).toBe("invalid-option");
  });

  it("is to follow one stream as one that loses nothing and as one that may", async () => {
    const store = open();
    await store.watch(NOBODY);
    await expect(open({ durable: true }).watch(NOBODY)).rejects.toMatchObject({ code: "invalid-option" });
    await store.close();
  });

  it("is everything once it is closed", async () => {
    const store = open();
    await store.close();
    for (const call of [
      () => store.storeEvent({ type: "n" }),
      () => store.append([{ type: "n" }]),
      () => store.getEvents(0),
      () => store.read(0, { maxEvents: 1, maxBytes: 1 }),
      () => store.bounds(),
      () => store.trim(1),
      () => store.delete(),
      () => store.watch(NOBODY),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "closed" });
    }
  });
});
