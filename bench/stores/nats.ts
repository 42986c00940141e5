/**
 * Measures `NatsEventStores` against the bare client on the same machine and the same nats-server.
 *
 *   node bench/stores/nats.ts [rounds, default 5]
 *
 * Bare is a publish to JetStream with a message id, acknowledged: the same write without keys, ends and epochs. Delivery is compared
 * with publish and subscribe of NATS' core, which stores nothing, and with a publish to JetStream that a bare ordered consumer
 * hears. Each round measures everything in turn; the tables have medians of the rounds, and the medians of each round's
 * ratio. Events have 300 bytes of JSON. JetStream stores in files, with its own defaults for syncing them.
 */
import { readFileSync } from "node:fs";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { NatsEventStores } from "../../src/nats.ts";
import { NatsServer } from "../../test/stores/support/nats-server.ts";
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
  const results = new Map<string, number[]>();
  const note: Note = (name, value) => results.set(name, [...(results.get(name) ?? []), value]);
  for (let round = 1; round <= rounds; round++) {
    console.error(`round ${round} of ${rounds}`);
    // A new one each time: for some minutes it keeps the consumers of those that have gone.
    const server = await NatsServer.start();
    try {
      const connection = await connect({ port: server.port });
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: "BARE", subjects: ["bare.>"] });
      await connection.close();
      await measureAppends(server, note);
      await measureDelivery(server, note);
      await measureFollowing(server, note);
    } finally {
      await server.stop();
    }
  }
  report(results, [
    ["appends a second", "bare"],
    ["from dispatch to delivery", "core NATS"],
    ["from dispatch to delivery", "bare JetStream"],
  ]);
}

async function measureAppends(server: NatsServer, note: Note): Promise<void> {
  const connection = await connect({ port: server.port });
  const client = jetstream(connection);
  const stores = new NatsEventStores<BenchEvent>(client);
  const bare = () => client.publish("bare.events", dataOf(makeEvent()), { msgID: crypto.randomUUID() });
  for (const [pending, count] of [
    [1, 3_000],
    [100, 20_000],
    [1_000, 20_000],
  ] as const) {
    const label = pending === 1 ? "one at a time" : `${pending} at a time`;
    const store = stores.stream(`run-${pending}`);
    note(`${label} | bare`, await perSecond(count, pending, bare));
    note(`${label} | store`, await perSecond(count, pending, () => store.append([makeEvent()])));
  }
  await connection.close();
}

/** From the dispatch in this process to the follower in another one. */
async function measureDelivery(server: NatsServer, note: Note): Promise<void> {
  const reader = await startReader(import.meta.filename, server.port);
  const connection = await connect({ port: server.port });
  const client = jetstream(connection);
  const store = new NatsEventStores<BenchEvent>(client).stream("latency");
  await store.append([makeEvent()]);
  await ask(reader, { do: "follow", stream: "latency" });
  await ask(reader, { do: "subscribe", stream: "core" });
  await ask(reader, { do: "consume", stream: "bare.latency" });
  const toCore = async () => connection.publish("core", dataOf(makeEvent()));
  const toJetStream = () => client.publish("bare.latency", dataOf(makeEvent()), { msgID: crypto.randomUUID() });
  await measureLatency(reader, note, [
    ["core NATS", toCore],
    ["bare JetStream", toJetStream],
    ["store", () => store.append([makeEvent()])],
  ]);
  await connection.close();
  await stop(reader);
}

/** What it costs to follow many streams: at rest, and with an event to each of them. */
async function measureFollowing(server: NatsServer, note: Note): Promise<void> {
  const connection = await connect({ port: server.port });
  const stores = new NatsEventStores<BenchEvent>(jetstream(connection));
  const streams = Array.from({ length: STREAMS }, (_, index) => stores.stream(`s${index}`));
  for (const stream of streams) await stream.append([makeEvent()]);
  const reader = await startReader(import.meta.filename, server.port);
  const memory = async () => (await ask(reader, { do: "memory" }))["bytes"] as number;
  const cpu = async () => (await ask(reader, { do: "cpu" }))["micros"] as number;
  const empty = await memory();
  const emptyServer = residentBytes(server.pid);
  await ask(reader, { do: "follow all" });
  note(`${STREAMS} streams: memory of the process, bytes a stream`, ((await memory()) - empty) / STREAMS);
  note(
    `${STREAMS} streams: memory of nats-server, bytes a stream`,
    (residentBytes(server.pid) - emptyServer) / STREAMS,
  );
  const [restCpu, restServer] = [await cpu(), cpuMicros(server.pid)];
  await pause(20_000);
  note(`${STREAMS} streams: the process at rest, % of a core`, ((await cpu()) - restCpu) / 200_000);
  note(`${STREAMS} streams: nats-server at rest, % of a core`, (cpuMicros(server.pid) - restServer) / 200_000);
  const [busyCpu, busyServer] = [await cpu(), cpuMicros(server.pid)];
  for (let turn = 0; turn < 5; turn++) await Promise.all(streams.map((stream) => stream.append([makeEvent()])));
  note(`${STREAMS} streams: the process that follows, µs an event`, ((await cpu()) - busyCpu) / (5 * STREAMS));
  note(`${STREAMS} streams: nats-server, µs an event`, (cpuMicros(server.pid) - busyServer) / (5 * STREAMS));
  await connection.close();
  await stop(reader);
}

/** What Linux says of a process. */
function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The other process. */
async function read(port: number): Promise<void> {
  const connection = await connect({ port });
  const client = jetstream(connection);
  const stores = new NatsEventStores<BenchEvent>(client);
  const reader = new Reader();
  reader.serve({
    follow: ({ stream }) =>
      stores.stream(stream as string).watch({ appended: ({ events = [] }) => reader.heard(events), changed() {} }),
    "follow all": async () => {
      const names = Array.from({ length: STREAMS }, (_, index) => `s${index}`);
      await Promise.all(names.map((name) => stores.stream(name).watch({ appended() {}, changed() {} })));
    },
    subscribe: async ({ stream }) => {
      connection.subscribe(stream as string, { callback: (_error, message) => reader.heard([message.json()]) });
      await connection.flush();
    },
    consume: async ({ stream }) => {
      const consumer = await client.consumers.get("BARE", { filter_subjects: stream as string });
      await consumer.consume({ callback: (message) => reader.heard([message.json()]) });
    },
  });
}
