import { Cluster, Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { RedisEventStore, type RedisClient } from "ssetarget/redis";
import type { KitEvent, MakeStore, StoreCapability } from "ssetarget/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { describeConformance } from "./support/conformance.ts";
import { RedisCluster, RedisServer } from "./support/redis-server.ts";

const CAPABILITIES = [
  "batches",
  "trim",
  "delete",
  "keys",
  "close",
  "history",
  "dense-ids",
  "retention",
  "streams",
  "shared",
  "persistent",
] as const satisfies readonly StoreCapability[];

/** Two clients, of which the second is what another process would have. */
interface Clients {
  readonly here: RedisClient;
  readonly elsewhere: RedisClient;
  close(): Promise<unknown>;
}

function describeClient(name: string, open: () => Promise<Clients>): void {
  describe(`over ${name}`, () => {
    let clients: Clients;
    beforeAll(async () => (clients = await open()));
    afterAll(() => clients.close());
    let streams = 0;
    const makeStore: MakeStore = ({ stream = `fresh-${name}-${++streams}`, maxEvents, isElsewhere = false } = {}) =>
      new RedisEventStore<KitEvent>(isElsewhere ? clients.elsewhere : clients.here, stream, { maxEvents });
    describeConformance("RedisEventStore", CAPABILITIES, makeStore);
  });
}

describeClient("ioredis", async () => {
  const server = await RedisServer.start();
  const [here, elsewhere] = [new Redis(server.url), new Redis(server.url)];
  return { here, elsewhere, close: async () => (here.disconnect(), elsewhere.disconnect(), server.stop()) };
});

describeClient("ioredis with a key prefix, RESP2 and automatic pipelines", async () => {
  const server = await RedisServer.start();
  const open = () => new Redis(server.url, { keyPrefix: "app{1}:", protocol: 2, enableAutoPipelining: true });
  const [here, elsewhere] = [open(), open()];
  return { here, elsewhere, close: async () => (here.disconnect(), elsewhere.disconnect(), server.stop()) };
});

describeClient("a Cluster of ioredis", async () => {
  const cluster = await RedisCluster.start();
  const [here, elsewhere] = [new Cluster(cluster.nodes), new Cluster(cluster.nodes)];
  return { here, elsewhere, close: async () => (here.disconnect(), elsewhere.disconnect(), cluster.stop()) };
});

describeClient("node-redis", async () => {
  const server = await RedisServer.start();
  const [here, elsewhere] = [createClient({ url: server.url }), createClient({ url: server.url })];
  await Promise.all([here.connect(), elsewhere.connect()]);
  return { here, elsewhere, close: async () => (here.destroy(), elsewhere.destroy(), server.stop()) };
});

describeClient("node-redis with RESP2", async () => {
  const server = await RedisServer.start();
  const open = () => createClient({ url: server.url, RESP: 2 });
  const [here, elsewhere] = [open(), open()];
  await Promise.all([here.connect(), elsewhere.connect()]);
  return { here, elsewhere, close: async () => (here.destroy(), elsewhere.destroy(), server.stop()) };
});

describeClient("a cluster of node-redis", async () => {
  const cluster = await RedisCluster.start();
  const open = () => createCluster({ rootNodes: cluster.nodes.map((socket) => ({ socket })) });
  const [here, elsewhere] = [open(), open()];
  await Promise.all([here.connect(), elsewhere.connect()]);
  return { here, elsewhere, close: async () => (here.destroy(), elsewhere.destroy(), cluster.stop()) };
});
