import type { RedisEventStoreOptions } from "ssetarget/redis";
import { afterEach, describe, expect, it } from "vitest";
import { CLIENTS, type OwnedClient } from "./support/redis-clients.ts";
import { RedisServer } from "./support/redis-server.ts";
import { until } from "../support/until.ts";
import { Scene } from "./support/redis-scene.ts";
import { expectExactlyOnce } from "./support/redis-watcher.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

const scene = new Scene();
afterEach(() => scene.close());

const startRedis = (...settings: string[]) => scene.keep(RedisServer.start(...settings));
const startProxy = (port: number) => scene.keep(TcpProxy.start(port));
const startProcess = async (
  open: (port: number) => Promise<OwnedClient>,
  port: number,
  options?: RedisEventStoreOptions,
) => scene.startProcess(await open(port), options);

/** One of each kind, and one of each protocol. */
const CHOSEN = CLIENTS.filter(([name]) => name === "ioredis" || name === "node-redis with RESP2");

describe.for(CHOSEN)("RedisEventStore over %s, when something fails", ([, open]) => {
  it("goes on without a gap after a crash of a Redis that loses nothing", async () => {
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const writing = await startProcess(open, server.port, { durable: true });
    const reading = await startProcess(open, server.port, { durable: true });
    const watcher = reading.watch();
    const writer = writing.write();
    for (let times = 0; times < 2; times++) {
      await writer.writes(50);
      await server.signal("SIGKILL");
      await server.startAgain();
    }
    await writer.writes(50);
    await writer.stop();
    const events = await reading.store.getEvents(0);
    expectExactlyOnce(events, writer.acknowledged);
    expect(writer.rejected).toEqual([]);
    await watcher.sees(events);
    expect(watcher.gaps).toEqual([]);
  });

  it("tells clients to begin anew after a crash, where it was not told that Redis loses nothing", async () => {
    const server = await startRedis("--appendonly", "yes");
    const writing = await startProcess(open, server.port);
    const reading = await startProcess(open, server.port);
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(50);
    await until(() => watcher.picture.size > 0, "the client has seen something");
    await server.signal("SIGKILL");
    await server.startAgain();
    await writer.writes(50);
    await writer.stop();
    const events = await reading.store.getEvents(0);
    expectExactlyOnce(events, writer.acknowledged);
    await watcher.sees(events);
    // Twice if the shortened history was read before the next append gave it another name.
    expect(new Set(watcher.gaps)).toEqual(new Set(["reset"]));
  });

  it("never gives an id of a lost end to a client that had another event under it", async () => {
    const server = await startRedis("--dbfilename", "dump.rdb");
    const writing = await startProcess(open, server.port);
    const dispatch = (n: number) => writing.target.dispatchEvent({ type: "n", n });
    for (let n = 1; n <= 10; n++) await dispatch(n);
    await server.admin.save();
    for (let n = 11; n <= 15; n++) await dispatch(n);
    const early = (await startProcess(open, server.port)).watch();
    await early.sees(await writing.store.getEvents(0));
    const cursor = early.cursor;
    early.leave();
    await server.signal("SIGKILL");
    await server.startAgain();
    expect((await writing.store.getEvents(0)).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // Ids 11 to 20 once more, for other events.
    for (let n = 111; n <= 120; n++) await dispatch(n);
    const late = (await startProcess(open, server.port)).watch(cursor);
    await late.sees(await writing.store.getEvents(0));
    expect(late.gaps).toEqual(["reset"]);
  });

  it("begins anew where Redis comes back with nothing", async () => {
    const server = await startRedis();
    const writing = await startProcess(open, server.port);
    const reading = await startProcess(open, server.port);
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(50);
    // A client that has nothing yet has nothing to forget.
    await until(() => watcher.picture.size > 0, "the client has seen something");
    await server.signal("SIGKILL");
    await server.startAgain();
    await writer.writes(100);
    await writer.stop();
    const events = await reading.store.getEvents(0);
    expect(events[0]?.id).toBe(1);
    expectExactlyOnce(events);
    await watcher.sees(events);
    expect(watcher.gaps).toContain("reset");
  });

  it("tells clients that everything was flushed, before anybody adds to the stream", async () => {
    const server = await startRedis();
    const { target, watch, store } = await startProcess(open, server.port);
    const watcher = watch();
    for (let n = 1; n <= 5; n++) await target.dispatchEvent({ type: "n", n });
    await watcher.sees(await store.getEvents(0));
    const { epoch } = await store.bounds();
    await server.admin.flushall();
    await until(() => watcher.gaps.length > 0, "the client is told");
    expect(watcher.gaps[0]).toBe("reset");
    await target.dispatchEvent({ type: "n", n: 6 });
    await watcher.sees(await store.getEvents(0));
    expect((await store.bounds()).epoch).not.toBe(epoch);
  });

  it.for(["events", "meta", "keys"])("begins a new history where the key of the %s was evicted", async (part) => {
    const server = await startRedis();
    const { target, watch, store } = await startProcess(open, server.port);
    const watcher = watch();
    for (let n = 1; n <= 5; n++) await target.dispatchEvent({ type: "n", n, key: `k${n}` });
    await watcher.sees(await store.getEvents(0));
    const { epoch } = await store.bounds();
    expect(await server.admin.del(`{run}:${part}`)).toBe(1);
    for (let n = 6; n <= 8; n++) await target.dispatchEvent({ type: "n", n, key: `k${n}` });
    await watcher.sees(await store.getEvents(0));
    expect(watcher.gaps[0]).toBe("reset");
    expect((await store.bounds()).epoch).not.toBe(epoch);
    expect((await store.getEvents(0)).map(({ n }) => n)).toEqual([6, 7, 8]);
  });

  it("waits for a Redis that stands still, and goes on without a gap", async () => {
    const server = await startRedis();
    const writing = await startProcess(open, server.port);
    const reading = await startProcess(open, server.port);
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(50);
    await server.signal("SIGSTOP");
    await until(() => reading.errors.length > 0, "the connection that follows is found to be silent");
    await server.signal("SIGCONT");
    await writer.writes(50);
    await writer.stop();
    const events = await reading.store.getEvents(0);
    expectExactlyOnce(events, writer.acknowledged);
    expect(writer.rejected).toEqual([]);
    await watcher.sees(events);
    expect(watcher.gaps).toEqual([]);
  });

  it("loses and repeats nothing while connections are cut again and again", async () => {
    const server = await startRedis();
    const [nearWriter, nearReader] = [await startProxy(server.port), await startProxy(server.port)];
    const writing = await startProcess(open, nearWriter.port);
    const reading = await startProcess(open, nearReader.port);
    const watchers = [reading.watch(), writing.watch()];
    const writer = writing.write();
    for (let times = 0; times < 8; times++) {
      await writer.writes(15);
      (times % 2 === 0 ? nearWriter : nearReader).cut();
      if (times % 3 === 0) nearReader.cut();
    }
    await writer.writes(15);
    await writer.stop();
    const events = await reading.store.getEvents(0);
    expectExactlyOnce(events, writer.acknowledged);
    expect(writer.rejected).toEqual([]);
    for (const watcher of watchers) {
      await watcher.sees(events);
      expect(watcher.gaps).toEqual([]);
    }
  });

  it("notices a connection that has become a black hole, and catches up on a new one", async () => {
    const server = await startRedis();
    const proxy = await startProxy(server.port);
    const writing = await startProcess(open, server.port);
    const reading = await startProcess(open, proxy.port);
    const watcher = reading.watch();
    const writer = writing.write();
    await writer.writes(20);
    proxy.blackHole();
    await writer.writes(20);
    await until(() => reading.errors.length > 0, "the silence is noticed");
    proxy.cut();
    proxy.resume();
    await writer.writes(20);
    await writer.stop();
    await watcher.sees(await writing.store.getEvents(0));
    expect(watcher.gaps).toEqual([]);
  });

  it("catches up when its subscriber is killed", async () => {
    const server = await startRedis();
    const writing = await startProcess(open, server.port);
    const reading = await startProcess(open, server.port);
    const watcher = reading.watch();
    const writer = writing.write();
    for (let times = 0; times < 5; times++) {
      await writer.writes(20);
      await server.admin.call("client", "kill", "type", "pubsub");
    }
    await writer.writes(20);
    await writer.stop();
    await watcher.sees(await reading.store.getEvents(0));
    expect(watcher.gaps).toEqual([]);
    expect(reading.errors.length).toBeGreaterThan(0);
  });

  it("does not trust a connection on which messages do not arrive", async () => {
    const [server, other] = [await startRedis(), await startRedis()];
    const proxy = await startProxy(server.port);
    const writing = await startProcess(open, server.port);
    const reading = await startProcess(open, proxy.port);
    await reading.store.bounds();
    // The client stays where it is; what subscribes ends up at a server that hears of nothing, as one does that was replaced.
    proxy.redirect(other.port);
    const watcher = reading.watch();
    await until(
      async () => (await other.connections()).some(({ isSubscriber }) => isSubscriber),
      "it subscribes there",
    );
    proxy.redirect(server.port);
    for (let n = 1; n <= 5; n++) await writing.target.dispatchEvent({ type: "n", n });
    await watcher.sees(await writing.store.getEvents(0));
    await until(
      async () => (await server.connections()).filter(({ isSubscriber }) => isSubscriber).length === 1,
      "it subscribes where messages arrive",
    );
    expect(watcher.gaps).toEqual([]);
  });

  it("stores an event once whose answer was lost", async () => {
    const server = await startRedis();
    const proxy = await startProxy(server.port);
    const { store, target } = await startProcess(open, proxy.port);
    await target.dispatchEvent({ type: "n", n: 1 });
    for (let n = 2; n <= 4; n++) {
      proxy.holdsReplies = true;
      const storing = target.dispatchEvent({ type: "n", n });
      await until(async () => (await server.admin.xlen("{run}:events")) === n, "Redis has the event");
      proxy.cut();
      proxy.resume();
      expect((await storing)?.id).toBe(n);
    }
    expect((await store.getEvents(0)).map((event) => event.n)).toEqual([1, 2, 3, 4]);
  });

  it("goes on when scripts are flushed", async () => {
    const server = await startRedis();
    const { store, target, watch } = await startProcess(open, server.port);
    const watcher = watch();
    await target.dispatchEvent({ type: "n", n: 1 });
    const { epoch } = await store.bounds();
    await server.admin.script("FLUSH");
    await target.dispatchEvent({ type: "n", n: 2 });
    await watcher.sees(await store.getEvents(0));
    expect((await store.bounds()).epoch).toBe(epoch);
    expect(watcher.gaps).toEqual([]);
  });

  it("tells clients to begin anew where a replica takes over without the end", async () => {
    const master = await startRedis();
    const betweenServers = await startProxy(master.port);
    const replica = await startRedis("--replicaof", `127.0.0.1 ${betweenServers.port}`);
    const proxy = await startProxy(master.port);
    const { store, target, watch } = await startProcess(open, proxy.port);
    const watcher = watch();
    for (let n = 1; n <= 10; n++) await target.dispatchEvent({ type: "n", n });
    await until(async () => (await replica.admin.xlen("{run}:events")) === 10, "the replica has the events");
    betweenServers.isRefusing = true;
    betweenServers.cut();
    for (let n = 11; n <= 13; n++) await target.dispatchEvent({ type: "n", n });
    await watcher.sees(await store.getEvents(0));
    await replica.admin.replicaof("NO", "ONE");
    proxy.redirect(replica.port);
    proxy.cut();
    for (let n = 111; n <= 120; n++) await target.dispatchEvent({ type: "n", n });
    const events = await store.getEvents(0);
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    await watcher.sees(events);
    // Twice if the shortened history was read before the next append gave it another name.
    expect(new Set(watcher.gaps)).toEqual(new Set(["reset"]));
  });

  it("does not take a history for the old one that has gone to a replica and back, and lost its end on the way", async () => {
    const master = await startRedis();
    const betweenServers = await startProxy(master.port);
    const replica = await startRedis("--replicaof", `127.0.0.1 ${betweenServers.port}`);
    const { store, target, watch } = await startProcess(open, master.port);
    for (let n = 1; n <= 3; n++) await target.dispatchEvent({ type: "n", n });
    await until(async () => (await replica.admin.xlen("{run}:events")) === 3, "the replica has the events");
    betweenServers.isRefusing = true;
    betweenServers.cut();
    await target.dispatchEvent({ type: "n", n: 4 });
    const early = watch();
    await early.sees(await store.getEvents(0));
    const cursor = early.cursor;
    early.leave();
    // Nobody reads or writes the stream while it is at the replica.
    await replica.admin.replicaof("NO", "ONE");
    await master.admin.replicaof("127.0.0.1", replica.port);
    await until(async () => (await master.admin.xlen("{run}:events")) === 3, "the end is lost");
    await master.admin.replicaof("NO", "ONE");
    for (let n = 14; n <= 15; n++) await target.dispatchEvent({ type: "n", n });
    const late = watch(cursor);
    await late.sees(await store.getEvents(0));
    expect(late.gaps).toEqual(["reset"]);
  });

  it("waits for a server that may not be written to, and rejects with the reason when that takes too long", async () => {
    const server = await startRedis();
    const { store, target } = await startProcess(open, server.port, { retryForMs: 2_000 });
    await target.dispatchEvent({ type: "n", n: 1 });
    await server.admin.replicaof("127.0.0.1", 1);
    await expect(target.dispatchEvent({ type: "n", n: 2 })).rejects.toMatchObject({
      code: "store-unavailable",
      message: expect.stringContaining("READONLY") as unknown,
    });
    expect((await store.getEvents(0)).length).toBe(1);
    const storing = target.dispatchEvent({ type: "n", n: 3 });
    await server.admin.replicaof("NO", "ONE");
    expect((await storing)?.id).toBe(2);
  });

  it("rejects what a full Redis does not take, stores nothing of it, and still reads", async () => {
    const server = await startRedis();
    const { store, target } = await startProcess(open, server.port);
    await target.dispatchEvent({ type: "n", n: 1 });
    await server.admin.config("SET", "maxmemory", "1");
    await expect(
      target.dispatchEvents([
        { type: "n", n: 2 },
        { type: "n", n: 3 },
      ]),
    ).rejects.toMatchObject({
      code: "store-unavailable",
      message: expect.stringContaining("OOM") as unknown,
    });
    expect((await store.getEvents(0)).map(({ n }) => n)).toEqual([1]);
    await server.admin.config("SET", "maxmemory", "0");
    expect((await target.dispatchEvent({ type: "n", n: 4 }))?.id).toBe(2);
  });

  it("rejects after a while where Redis is gone, and goes on when it is back", async () => {
    const server = await startRedis();
    const { store, target } = await startProcess(open, server.port, { retryForMs: 300 });
    await target.dispatchEvent({ type: "n", n: 1 });
    await server.signal("SIGKILL");
    await expect(target.dispatchEvent({ type: "n", n: 2 })).rejects.toMatchObject({ code: "store-unavailable" });
    await expect(store.bounds()).rejects.toMatchObject({ code: "store-unavailable" });
    await server.startAgain();
    await until(
      async () => (await target.dispatchEvent({ type: "n", n: 3 }).catch(() => undefined)) !== undefined,
      "it goes on",
    );
  });
});
