/**
 * Measures `RedisEventStore` against the bare client on the same machine and the same Redis.
 *
 *   node bench/stores/redis.ts [rounds, default 5]
 *
 * Bare is the least that keeps events and fans them out: XADD and PUBLISH, sent together. It has no ids without holes, no
 * keys, no bounds, no retention, and stores twice what a client sends twice. Each round measures everything in turn; the
 * table has medians of the rounds, and the medians of each round's ratio. Events have 300 bytes of JSON.
 *
 * Redis writes nothing to disk. Everything is on one machine, so a round trip takes almost no time: the row with
 * a proxy between, which holds everything back for 1 ms each way, shows what is left of the difference in a network.
 */
import { Redis } from "ioredis";
import { createClient } from "redis";
import { RedisEventStore, type RedisClient } from "../../src/redis.ts";
import { follow } from "../../test/stores/support/follow.ts";
import { RedisServer } from "../../test/stores/support/redis-server.ts";
import { TcpProxy } from "../../test/stores/support/tcp-proxy.ts";
import {
  ask,
  type BenchEvent,
  dataOf,
  makeEvent,
  measureLatency,
  type Note,
  pause,
  perSecond,
  Reader,
  report,
  startReader,
  stop,
} from "./two-processes.ts";

const STREAMS = 1_000;
if (process.argv[2] === "reader") await read(Number(process.argv[3]));
else await main(Number(process.argv[2] ?? 5));

async function main(rounds: number): Promise<void> {
  const server = await RedisServer.start();
  const results = new Map<string, number[]>();
  const note: Note = (name, value) => results.set(name, [...(results.get(name) ?? []), value]);
  try {
    for (let round = 1; round <= rounds; round++) {
      console.error(`round ${round} of ${rounds}`);
      await measureAppends(server, note);
      await measureDelivery(server, note);
      await measureFollowing(server, note);
    }
    await measureMemory(server, note);
  } finally {
    await server.stop();
  }
  report(results, [
    ["appends a second", "bare"],
    ["from dispatch to delivery", "bare pub/sub"],
  ]);
}

/** How many appends a second, with so many under way at a time. */
async function measureAppends(server: RedisServer, note: Note): Promise<void> {
  const proxy = await TcpProxy.start(server.port);
  const near = new Redis(server.url);
  const far = new Redis(proxy.port, "127.0.0.1");
  const nodeRedis = createClient({ url: server.url });
  await nodeRedis.connect();
  proxy.delayMs = 1;
  const ioBare = (redis: Redis) => () => {
    const data = dataOf(makeEvent());
    return Promise.all([redis.xadd("bare", "*", "type", "progress", "data", data), redis.publish("bare", data)]);
  };
  const nodeBare = () => {
    const data = dataOf(makeEvent());
    return Promise.all([nodeRedis.xAdd("bare", "*", { type: "progress", data }), nodeRedis.publish("bare", data)]);
  };
  const clients = [
    ["ioredis", near, ioBare(near), 1],
    ["node-redis", nodeRedis, nodeBare, 1],
    ["ioredis, 1 ms away", far, ioBare(far), 0.05],
  ] as const satisfies readonly (readonly [string, RedisClient, () => Promise<unknown>, number])[];
  for (const [name, client, bare, share] of clients) {
    for (const [pending, count] of [
      [1, 6_000],
      [100, 40_000],
      [1_000, 60_000],
    ] as const) {
      const total = Math.ceil(count * share);
      const label = `${name}: ${pending === 1 ? "one at a time" : `${pending} at a time`}`;
      await server.admin.flushall();
      note(`${label} | bare`, await perSecond(total, pending, bare));
      await server.admin.flushall();
      const store = new RedisEventStore<BenchEvent>(client, `run-${pending}`);
      note(`${label} | store`, await perSecond(total, pending, () => store.storeEvent(makeEvent())));
    }
    const stores = Array.from({ length: 100 }, (_, index) => new RedisEventStore<BenchEvent>(client, `many-${index}`));
    let turn = 0;
    const label = `${name}: 100 streams, one at a time each`;
    note(`${label} | bare`, await perSecond(Math.ceil(30_000 * share), 100, bare));
    const storeInTurn = () => (stores[turn++ % 100] as RedisEventStore<BenchEvent>).storeEvent(makeEvent());
    note(`${label} | store`, await perSecond(Math.ceil(30_000 * share), 100, storeInTurn));
  }
  near.disconnect();
  far.disconnect();
  nodeRedis.destroy();
  await proxy.stop();
}

/** From the dispatch in this process to the follower in another one. */
async function measureDelivery(server: RedisServer, note: Note): Promise<void> {
  const reader = await startReader(import.meta.filename, server.port);
  const redis = new Redis(server.url);
  const store = new RedisEventStore<BenchEvent>(redis, "latency");
  await ask(reader, { do: "follow", stream: "latency" });
  await ask(reader, { do: "subscribe", stream: "bare" });
  await measureLatency(reader, note, [
    ["bare pub/sub", () => redis.publish("bare", dataOf(makeEvent()))],
    ["store", () => store.storeEvent(makeEvent())],
  ]);
  redis.disconnect();
  await stop(reader);
}

/** What it costs to follow many streams: at rest, and with an event to each of them. */
async function measureFollowing(server: RedisServer, note: Note): Promise<void> {
  await server.admin.flushall();
  const redis = new Redis(server.url);
  const stores = Array.from({ length: STREAMS }, (_, index) => new RedisEventStore<BenchEvent>(redis, `s${index}`));
  await Promise.all(stores.map((store) => store.storeEvent(makeEvent())));
  const reader = await startReader(import.meta.filename, server.port);
  const empty = (await ask(reader, { do: "memory" }))["bytes"] as number;
  await ask(reader, { do: "follow all" });
  note(
    `${STREAMS} streams: memory of the process, bytes a stream`,
    (((await ask(reader, { do: "memory" }))["bytes"] as number) - empty) / STREAMS,
  );
  const connections = (await server.connections()).length - 1;
  note(`${STREAMS} streams: connections of the process`, connections);
  const restCpu = await redisCpu(server);
  await pause(20_000);
  note(`${STREAMS} streams: Redis at rest, % of a core`, ((await redisCpu(server)) - restCpu) / 200_000);
  const processCpu = async () => (await ask(reader, { do: "cpu" }))["micros"] as number;
  const [busyCpu, readerCpu] = [await redisCpu(server), await processCpu()];
  for (let turn = 0; turn < 10; turn++) await Promise.all(stores.map((store) => store.storeEvent(makeEvent())));
  note(`${STREAMS} streams: Redis, µs an event`, ((await redisCpu(server)) - busyCpu) / (10 * STREAMS));
  note(
    `${STREAMS} streams: the process that follows, µs an event`,
    ((await processCpu()) - readerCpu) / (10 * STREAMS),
  );
  redis.disconnect();
  await stop(reader);
}

/** What an event takes in Redis, with 10,000 of them in a stream. */
async function measureMemory(server: RedisServer, note: Note): Promise<void> {
  await server.admin.flushall();
  const redis = new Redis(server.url);
  for (const [name, key] of [
    ["without a key", () => undefined],
    ["with a key of 40 characters", (index: number) => `${index}`.padStart(40, "k")],
  ] as const) {
    const store = new RedisEventStore<BenchEvent>(redis, name);
    const events = Array.from({ length: 10_000 }, (_, index) => ({ ...makeEvent(), key: key(index) }));
    await store.append(events);
    let bytes = 0;
    for (const part of ["events", "meta", "keys"]) {
      bytes += (await server.admin.memory("USAGE", `{${name}}:${part}`, "SAMPLES", 0)) ?? 0;
    }
    note(`memory in Redis, bytes an event ${name}`, bytes / 10_000);
  }
  const store = new RedisEventStore<BenchEvent>(redis, "one");
  await store.storeEvent(makeEvent());
  let bytes = 0;
  for (const key of await server.admin.keys("{one}*")) bytes += Number(await server.admin.memory("USAGE", key));
  note("memory in Redis, bytes of a stream with one event", bytes);
  redis.disconnect();
}

async function redisCpu(server: RedisServer): Promise<number> {
  const info = await server.admin.info("cpu");
  const of = (kind: string) => Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)?.[1]);
  return (of("user") + of("sys")) * 1e6;
}

/** The other process. */
async function read(port: number): Promise<void> {
  const redis = new Redis(port, "127.0.0.1");
  const reader = new Reader();
  await redis.ping();
  reader.serve({
    follow: ({ stream }) =>
      follow(new RedisEventStore<BenchEvent>(redis, stream as string), (event) => reader.heard([event])),
    "follow all": async () => {
      const stores = Array.from({ length: STREAMS }, (_, index) => new RedisEventStore<BenchEvent>(redis, `s${index}`));
      await Promise.all(stores.map((store) => follow(store, () => {})));
    },
    subscribe: async ({ stream }) => {
      const subscriber = redis.duplicate();
      subscriber.on("message", (_channel, data) => reader.heard([JSON.parse(data) as BenchEvent]));
      await subscriber.subscribe(stream as string);
    },
  });
}
