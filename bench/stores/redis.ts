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
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { RedisEventStore, type RedisClient } from "../../src/redis.ts";
import { RedisServer } from "../../test/stores/support/redis-server.ts";
import { TcpProxy } from "../../test/stores/support/tcp-proxy.ts";
import { median } from "../runner/median.ts";

interface BenchEvent {
  readonly type: "progress";
  readonly at: number;
  readonly text: string;
  readonly key?: string;
}

/** What both ends of a fork say to each other. */
type Message = { readonly do: string; readonly stream?: string } & Readonly<Record<string, unknown>>;

const PADDING = "a step of a workflow has ended and says so; ".repeat(8);
const STREAMS = 1_000;
const now = (): number => Number(process.hrtime.bigint() / 1_000n);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function makeEvent(): BenchEvent {
  const at = now();
  return { type: "progress", at, text: PADDING.slice(0, 300 - '{"at":,"text":""}'.length - String(at).length) };
}

const dataOf = ({ at, text }: BenchEvent): string => JSON.stringify({ at, text });

if (process.argv[2] === "reader") await read(Number(process.argv[3]));
else await main(Number(process.argv[2] ?? 5));

async function main(rounds: number): Promise<void> {
  const server = await RedisServer.start();
  const results = new Map<string, number[]>();
  const note = (name: string, value: number) => results.set(name, [...(results.get(name) ?? []), value]);
  try {
    for (let round = 1; round <= rounds; round++) {
      console.error(`round ${round} of ${rounds}`);
      await measureAppends(server, note);
      await measureLatency(server, note);
      await measureFollowing(server, note);
    }
    await measureMemory(server, note);
  } finally {
    await server.stop();
  }
  report(results);
}

/** How many appends a second, with so many under way at a time. */
async function measureAppends(server: RedisServer, note: (name: string, value: number) => void): Promise<void> {
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

async function perSecond(count: number, pending: number, act: () => Promise<unknown>): Promise<number> {
  const run = async (total: number) => {
    let started = 0;
    const lane = async () => {
      while (started < total) {
        started++;
        await act();
      }
    };
    await Promise.all(Array.from({ length: pending }, lane));
  };
  await run(Math.ceil(count / 5));
  const from = performance.now();
  await run(count);
  return (count * 1_000) / (performance.now() - from);
}

/** From the dispatch in this process to the follower in another one. */
async function measureLatency(server: RedisServer, note: (name: string, value: number) => void): Promise<void> {
  const reader = await startReader(server.port);
  const redis = new Redis(server.url);
  const store = new RedisEventStore<BenchEvent>(redis, "latency");
  await ask(reader, { do: "follow", stream: "latency" });
  await ask(reader, { do: "subscribe", stream: "bare" });
  for (const [rate, count] of [
    [500, 2_000],
    [5_000, 10_000],
  ] as const) {
    for (const [name, send] of [
      ["bare pub/sub", () => redis.publish("bare", dataOf(makeEvent()))],
      ["store", () => store.storeEvent(makeEvent())],
    ] as const) {
      await atRate(rate, count / 4, send);
      await pause(100);
      await ask(reader, { do: "forget" });
      await atRate(rate, count, send);
      await pause(100);
      const sorted = ((await ask(reader, { do: "latencies" }))["latencies"] as number[]).toSorted((a, b) => a - b);
      if (sorted.length !== count) throw new Error(`${name}: ${sorted.length} of ${count} events arrived`);
      note(`${rate} a second: p50, µs | ${name}`, sorted[count / 2] as number);
      note(`${rate} a second: p99, µs | ${name}`, sorted[count * 0.99] as number);
    }
  }
  redis.disconnect();
  await stop(reader);
}

async function atRate(rate: number, count: number, send: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  const sent: Promise<unknown>[] = [];
  while (sent.length < count) {
    const dueMs = from + (sent.length * 1_000) / rate - performance.now();
    if (dueMs <= 0) sent.push(send());
    else if (dueMs > 1) await pause(dueMs);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(sent);
}

/** What it costs to follow many streams: at rest, and with an event to each of them. */
async function measureFollowing(server: RedisServer, note: (name: string, value: number) => void): Promise<void> {
  await server.admin.flushall();
  const redis = new Redis(server.url);
  const stores = Array.from({ length: STREAMS }, (_, index) => new RedisEventStore<BenchEvent>(redis, `s${index}`));
  await Promise.all(stores.map((store) => store.storeEvent(makeEvent())));
  const reader = await startReader(server.port);
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
async function measureMemory(server: RedisServer, note: (name: string, value: number) => void): Promise<void> {
  await server.admin.flushall();
  const redis = new Redis(server.url);
  for (const [name, key] of [
    ["without a key", () => undefined],
    ["with a key of 40 characters", (index: number) => `${index}`.padStart(40, "k")],
  ] as const) {
    const store = new RedisEventStore<BenchEvent>(redis, name);
    const events = Array.from({ length: 10_000 }, (_, index) => ({ ...makeEvent(), key: key(index) }));
    await store.storeEvents(events);
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
  let latencies: number[] = [];
  const answers: Record<string, (message: Message) => Promise<object> | object> = {
    follow: async ({ stream }) => {
      const onEvents = (events: readonly BenchEvent[]) => latencies.push(...events.map(({ at }) => now() - at));
      await new RedisEventStore<BenchEvent>(redis, stream as string).subscribe(0, {
        onEvents,
        onInterrupted: () => {},
      });
      return {};
    },
    "follow all": async () => {
      const stores = Array.from({ length: STREAMS }, (_, index) => new RedisEventStore<BenchEvent>(redis, `s${index}`));
      const nobody = { onEvents: () => {}, onInterrupted: () => {} };
      await Promise.all(stores.map((store) => store.subscribe(1, nobody)));
      return {};
    },
    subscribe: async ({ stream }) => {
      const subscriber = redis.duplicate();
      subscriber.on("message", (_channel, data) => latencies.push(now() - (JSON.parse(data) as BenchEvent).at));
      await subscriber.subscribe(stream as string);
      return {};
    },
    forget: () => ({ forgotten: (latencies = []).length }),
    latencies: () => ({ latencies }),
    memory: async () => {
      for (let times = 0; times < 3; times++) {
        globalThis.gc?.();
        await pause(20);
      }
      const { heapUsed, external } = process.memoryUsage();
      return { bytes: heapUsed + external };
    },
    cpu: () => ({ micros: process.cpuUsage().user + process.cpuUsage().system }),
  };
  process.on("message", (message: Message) => {
    void Promise.resolve(answers[message.do]?.(message)).then((answer) =>
      process.send?.({ do: message.do, ...answer }),
    );
  });
  process.on("disconnect", () => process.exit());
  await redis.ping();
  process.send?.({ do: "ready" });
}

async function startReader(port: number): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ["reader", String(port)], { execArgv: ["--expose-gc"] });
  await once(child, "message");
  return child;
}

async function ask(child: ChildProcess, message: Message): Promise<Message> {
  const answer = once(child, "message");
  child.send(message);
  return ((await answer) as [Message])[0];
}

async function stop(child: ChildProcess): Promise<void> {
  const isGone = once(child, "exit");
  child.kill();
  await isGone;
}

function report(results: ReadonlyMap<string, readonly number[]>): void {
  const valuesOf = (name: string) => results.get(name) ?? [];
  const show = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
  const middle = (values: readonly number[]) => median(values) ?? Number.NaN;
  const cell = (values: readonly number[]) =>
    `${show(middle(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
  const table = (title: string, bareName: string) => {
    console.log(`\n| ${title} | bare | store | store / bare |\n| --- | --- | --- | --- |`);
    for (const name of results.keys()) {
      if (!name.endsWith(` | ${bareName}`)) continue;
      const what = name.slice(0, -bareName.length - 3);
      const [bare, store] = [valuesOf(name), valuesOf(`${what} | store`)];
      // Of one round each: what disturbs a round disturbs both.
      const ratio = middle(store.map((value, round) => value / (bare[round] ?? Number.NaN)));
      console.log(`| ${what} | ${cell(bare)} | ${cell(store)} | ${ratio.toFixed(2)} |`);
    }
  };
  table("appends a second", "bare");
  table("from dispatch to delivery", "bare pub/sub");
  console.log("\n| other | |\n| --- | --- |");
  for (const [name, values] of results) if (!name.includes(" | ")) console.log(`| ${name} | ${show(middle(values))} |`);
}
