import { Redis } from "ioredis";
import { SSEHub } from "ssetarget";
import { RedisEventStore, type RedisClient } from "ssetarget/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { follow } from "./support/follow.ts";
import { CLIENTS } from "./support/redis-clients.ts";
import { RedisProcess } from "./support/redis-process.ts";
import { RedisServer } from "./support/redis-server.ts";
import { until } from "../support/until.ts";
import { Watcher, type Numbered } from "./support/redis-watcher.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => server.admin.flushall());
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await until(async () => (await server.connections()).length === 0, "no connection is left over");
});

const NOBODY = { appended: () => {}, changed: () => {} };
const streams = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

describe.for(CLIENTS)("the connections of RedisEventStore over %s", ([kind, open]) => {
  it("are the user's and one more, however many streams two processes follow", async () => {
    const [one, other] = [
      await RedisProcess.start(kind, server.port, "one"),
      await RedisProcess.start(kind, server.port, "other"),
    ];
    closers.push(
      () => one.stop(),
      () => other.stop(),
    );
    await Promise.all([one.follow(streams(1_000)), other.follow(streams(1_000))]);
    for (const name of ["one", "other"]) {
      const connections = (await server.connections()).filter((each) => each.name === name);
      expect(connections.map(({ channels }) => channels).toSorted((a, b) => a - b)).toEqual([0, 1_000]);
    }
    await Promise.all([one.store("s7", 40), other.store("s7", 40), one.store("s500", 1)]);
    const ids = Array.from({ length: 80 }, (_, index) => index + 1);
    for (const process of [one, other]) {
      await until(async () => (await process.heard("s7")).length >= 80, "both have heard everything");
      expect(await process.heard("s7")).toEqual(ids);
      await until(async () => (await process.heard("s500")).length >= 1, "both have heard the other stream");
    }
    expect(await one.heard("s8")).toEqual([]);
  });

  it("give the events of four processes that write at once ids without a hole", async () => {
    const names = ["a", "b", "c", "d"];
    const writers = await Promise.all(names.map((name) => RedisProcess.start(kind, server.port, name)));
    closers.push(...writers.map((writer) => () => writer.stop()));
    const ids = (await Promise.all(writers.map((writer) => writer.store("s", 250)))).flat();
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  });

  it("are opened with the first who follows and closed with the last store", async () => {
    const client = await open(server.port);
    closers.push(() => client.close());
    const { redis } = client;
    const store = new RedisEventStore<Numbered>(redis, "a");
    const second = new RedisEventStore<Numbered>(redis, "b");
    await store.storeEvent({ type: "n", n: 1 });
    expect((await server.connections()).length).toBe(1);
    await Promise.all([store.watch(NOBODY), store.watch(NOBODY), second.watch(NOBODY)]);
    expect((await server.connections()).map(({ channels }) => channels).toSorted((a, b) => a - b)).toEqual([0, 2]);
    await store.close();
    await until(async () => (await server.connections()).some(({ channels }) => channels === 1), "one channel is left");
    await second.close();
    await until(async () => (await server.connections()).length === 1, "only the user's is left");
    const third = new RedisEventStore<Numbered>(redis, "a");
    await third.watch(NOBODY);
    expect((await server.connections()).length).toBe(2);
    await third.close();
  });

  it("stay a while when nobody follows any more, for the next who does", async () => {
    const client = await open(server.port);
    closers.push(() => client.close());
    const { redis } = client;
    const store = new RedisEventStore<Numbered>(redis, "a");
    closers.push(() => store.close());
    const subscription = await store.watch(NOBODY);
    const id = async () => ((await server.admin.client("LIST", "TYPE", "PUBSUB")) as string).match(/id=\d+/)?.[0];
    const before = await id();
    subscription.close();
    await until(async () => (await server.connections()).every(({ channels }) => channels === 0), "it is let go");
    expect((await server.connections()).length).toBe(2);
    await store.watch(NOBODY);
    expect(await id()).toBe(before);
  });

  it("are asked for a sign of life, and stay as they are when they give one", async () => {
    const client = await open(server.port);
    closers.push(() => client.close());
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const store = new RedisEventStore<Numbered>(client.redis, "a", { pingMs: 100, onError });
    closers.push(() => store.close());
    await store.watch(NOBODY);
    const id = async () => ((await server.admin.client("LIST", "TYPE", "PUBSUB")) as string).match(/id=\d+/)?.[0];
    const before = await id();
    const pings = async () =>
      Number(/cmdstat_ping:calls=(\d+)/.exec(await server.admin.info("commandstats"))?.[1] ?? 0);
    const from = await pings();
    await until(async () => (await pings()) >= from + 5, "it was asked five times");
    expect(await id()).toBe(before);
    expect(errors).toEqual([]);
  });

  it("are opened again although nobody wants to hear that they were lost", async () => {
    const client = await open(server.port);
    closers.push(() => client.close());
    const onError = () => {
      throw new Error("a listener that fails");
    };
    const store = new RedisEventStore<Numbered>(client.redis, "a", { onError });
    closers.push(() => store.close());
    const heard: number[] = [];
    const follower = await follow(store, ({ id }) => heard.push(id));
    closers.push(() => follower.stop());
    await server.admin.call("client", "kill", "type", "pubsub");
    await store.storeEvent({ type: "n", n: 1 });
    await until(() => heard.length > 0, "the event arrives");
    expect(heard).toEqual([1]);
  });

  it("leave the user's client as it is", async () => {
    const client = await open(server.port);
    closers.push(() => client.close());
    const { redis } = client;
    const store = new RedisEventStore<Numbered>(redis, "a");
    await store.watch(NOBODY);
    await store.close();
    const own = redis as unknown as { set(key: string, value: string): Promise<unknown> };
    expect(await own.set("of the user", "1")).toBe("OK");
  });
});

describe("a hub over Redis", () => {
  it("serves a stream that another process writes to, with one further connection for all", async () => {
    const [here, there] = [new Redis(server.url), new Redis(server.url)];
    const hubOf = (redis: RedisClient) =>
      new SSEHub<Numbered>("/runs/:id/sse", { store: (name) => new RedisEventStore(redis, `runs:${name}`) });
    const [reading, writing] = [hubOf(here), hubOf(there)];
    const watchers = ["1", "2", "constructor"].map((name) => ({
      name,
      watcher: new Watcher(reading, `/runs/${name}/sse`),
    }));
    closers.push(() => {
      for (const { watcher } of watchers) watcher.leave();
    });
    for (const { name } of watchers) {
      await writing.dispatchEvent(name, { type: "n", n: 1 });
      await writing.dispatchEvent(name, { type: "n", n: 2 });
    }
    for (const { name, watcher } of watchers) {
      await watcher.sees(await new RedisEventStore<Numbered>(there, `runs:${name}`).getEvents(0));
      expect(watcher.gaps).toEqual([]);
    }
    expect((await server.connections()).length).toBe(3);
    for (const { watcher } of watchers) watcher.leave();
    await Promise.all([reading.close({ closeTimeoutMs: 100 }), writing.close({ closeTimeoutMs: 100 })]);
    await until(async () => (await server.connections()).length === 2, "the further connection is closed with the hub");
    here.disconnect();
    there.disconnect();
  });
});
