import { Cluster, Redis } from "ioredis";
import { createCluster } from "redis";
import { afterEach, describe, expect, it } from "vitest";
import type { OwnedClient } from "./support/redis-clients.ts";
import { Scene } from "./support/redis-scene.ts";
import { RedisCluster, RedisServer } from "./support/redis-server.ts";
import { until } from "../support/until.ts";
import { expectExactlyOnce } from "./support/redis-watcher.ts";

const scene = new Scene();
afterEach(() => scene.close());

type Nodes = RedisCluster["nodes"];

const CLUSTERS: readonly (readonly [name: string, open: (nodes: Nodes) => Promise<OwnedClient>])[] = [
  [
    "ioredis",
    async (nodes) => {
      const redis = new Cluster(nodes).on("error", () => {});
      return { redis, close: () => redis.disconnect() };
    },
  ],
  [
    "node-redis",
    async (nodes) => {
      const redis = createCluster({ rootNodes: nodes.map((socket) => ({ socket })) }).on("error", () => {});
      await redis.connect();
      return { redis, close: () => redis.destroy() };
    },
  ],
];

describe.for(CLUSTERS)("RedisEventStore over a cluster and %s", ([, open]) => {
  it("subscribes at another node when its node is gone, and misses nothing", async () => {
    const cluster = await scene.keep(RedisCluster.start());
    const holder = await cluster.holderOf("{run}:events");
    const [writing, reading] = [
      scene.startProcess(await open(cluster.nodes)),
      scene.startProcess(await open(cluster.nodes)),
    ];
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(20);
    const subscribed = async () => {
      for (const server of cluster.servers) {
        if (server === gone) continue;
        if ((await server.connections()).some(({ channels }) => channels > 0)) return server;
      }
      return undefined;
    };
    let gone: RedisServer | undefined;
    const first = await subscribed();
    // Where the stream itself is, nobody could write any more.
    const end = first === holder ? undefined : first;
    if (end === undefined) await holder.admin.call("client", "kill", "type", "pubsub");
    else await end.signal("SIGKILL");
    gone = end;
    await writer.writes(50);
    await until(async () => (await subscribed()) !== undefined, "it subscribes at another node");
    await writer.stop();
    const events = await writing.store.getEvents(0);
    expectExactlyOnce(events, writer.acknowledged);
    await watcher.sees(events);
    expect(watcher.gaps).toEqual([]);
  });

  it("goes on with a replica that takes over, and tells clients to begin anew", async () => {
    const cluster = await scene.keep(RedisCluster.start());
    const holder = await cluster.holderOf("{run}:events");
    await scene.keep(cluster.startReplica(holder));
    const [writing, reading] = [
      scene.startProcess(await open(cluster.nodes), { retryForMs: 20_000 }),
      scene.startProcess(await open(cluster.nodes)),
    ];
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(50);
    await holder.signal("SIGKILL");
    await writer.writes(50);
    await writer.stop();
    expect(writer.rejected).toEqual([]);
    const events = await writing.store.getEvents(0);
    expectExactlyOnce(events);
    await watcher.sees(events);
    // Twice if the shortened history was read before the next append gave it another name.
    expect(new Set(watcher.gaps)).toEqual(new Set(["reset"]));
  });
});

describe("RedisEventStore over ioredis and sentinels", () => {
  it("goes on with the replica that they make the master, and tells clients to begin anew", async () => {
    const master = await scene.keep(RedisServer.start());
    const replica = await scene.keep(RedisServer.start("--replicaof", `127.0.0.1 ${master.port}`));
    await until(
      async () => (await replica.admin.info("replication")).includes("master_link_status:up"),
      "it has a copy",
    );
    const sentinel = await scene.keep(RedisServer.startSentinel(master));
    await until(
      async () => ((await sentinel.admin.call("sentinel", "replicas", "main")) as unknown[]).length === 1,
      "it is known",
    );
    const open = (): OwnedClient => {
      const sentinels = [{ host: "127.0.0.1", port: sentinel.port }];
      const redis = new Redis({ sentinels, name: "main" }).on("error", () => {});
      return { redis, close: () => redis.disconnect() };
    };
    const [writing, reading] = [scene.startProcess(open(), { retryForMs: 20_000 }), scene.startProcess(open())];
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(50);
    await master.signal("SIGKILL");
    await writer.writes(50);
    await writer.stop();
    expect(writer.rejected).toEqual([]);
    const events = await writing.store.getEvents(0);
    expectExactlyOnce(events);
    await watcher.sees(events);
    // Twice if the shortened history was read before the next append gave it another name.
    expect(new Set(watcher.gaps)).toEqual(new Set(["reset"]));
  });
});
