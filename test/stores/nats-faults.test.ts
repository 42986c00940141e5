import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { SSETarget } from "ssetarget";
import { NatsEventStores } from "ssetarget/nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestClient } from "../support/test-client.ts";
import { until } from "../support/until.ts";
import { ALL } from "./support/log.ts";
import { NatsServer } from "./support/nats-server.ts";

type Tick = { type: "tick"; n: number; text?: string };
const tick = (n: number): Tick => ({ type: "tick", n });

let server: NatsServer;
let connections: NatsConnection[];
const newConnection = async () => {
  const connection = await connect({ port: server.port, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  connections.push(connection);
  return connection;
};
const newStores = async (options = {}) => new NatsEventStores<Tick>(jetstream(await newConnection()), options);

beforeEach(async () => {
  connections = [];
  server = await NatsServer.start();
});
afterEach(async () => {
  server.signal("SIGCONT");
  await Promise.all(connections.map((connection) => connection.close().catch(() => {})));
  await server.stop();
});

/** A target in one process and a client of it; and a store of the same stream as another process has it. */
async function scene() {
  const target = new SSETarget<Tick>("/sse", (await newStores()).stream("a"));
  const client = new TestClient(target);
  await client.connect();
  return { target, client, other: (await newStores()).stream("a") };
}

/** Connects again where it was sent away, as a browser does, until it is so. */
async function untilSeen(client: TestClient, isSo: () => boolean): Promise<void> {
  await until(
    async () => {
      if (isSo()) return true;
      if (!client.isConnected) await client.connect();
      return isSo();
    },
    () => `the client has seen it; so far ${JSON.stringify(client.read().seen)}`,
  );
}

const numbersOf = (client: TestClient) =>
  client.read().seen.flatMap((each) => (each.kind === "event" ? [each.data["n"]] : []));

describe("a follower that leaves", () => {
  const consumers = async () => {
    const manager = await jetstreamManager(await newConnection());
    return (await manager.consumers.list("SSETARGET").next()).length;
  };

  it("leaves no consumer behind, however often and in whatever moment it does", async () => {
    const stores = await newStores();
    const store = stores.stream("a");
    await store.append([tick(1)]);
    const listener = { appended() {}, changed() {} };
    for (let round = 0; round < 5; round++) (await store.watch(listener)).close();
    await until(async () => (await consumers()) === 0, "no consumer is left");
    const staying = await store.watch(listener);
    expect(await consumers()).toBe(1);
    const other = stores.stream("a");
    const opening = other.watch(listener);
    await other.close();
    await opening.catch(() => {});
    await until(async () => (await consumers()) === 1, "only the one that stayed has a consumer");
    staying.close();
    await store.close();
    // Closing waits until it is gone: the connection may be closed next.
    expect(await consumers()).toBe(0);
  });

  it("leaves none with the last client of a hub's stream", async () => {
    const target = new SSETarget<Tick>("/sse", (await newStores()).stream("a"));
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(1));
    await until(() => client.ids.length === 1, "the client has seen it");
    expect(await consumers()).toBe(1);
    client.disconnect();
    await target.close();
    await until(async () => (await consumers()) === 0, "no consumer is left");
  });
});

describe("a follower", () => {
  it("is told once when its connection was closed for good, and asks no more", async () => {
    const connection = await newConnection();
    const errors: unknown[] = [];
    const stores = new NatsEventStores<Tick>(jetstream(connection), {
      retryForMs: 100,
      onError: (error) => errors.push(error),
    });
    let changes = 0;
    await stores.stream("a").watch({ appended() {}, changed: () => void changes++ });
    await connection.close();
    await until(() => changes === 1, "the listener is notified");
    expect(errors).toMatchObject([{ code: "store-unavailable" }]);
  });

  it("is told of what it cannot read, and hears what follows", async () => {
    const errors: unknown[] = [];
    const connection = await newConnection();
    const store = new NatsEventStores<Tick>(jetstream(connection), { onError: (error) => errors.push(error) }).stream(
      "a",
    );
    const seen: unknown[] = [];
    let changes = 0;
    await store.watch({
      appended: ({ events = [] }) => seen.push(...events.map(({ n }) => n)),
      changed: () => void changes++,
    });
    await store.append([tick(1)]);
    await jetstream(connection).publish("ssetarget.YQ.event.plain", "somebody else's");
    await store.append([tick(2)]);
    await until(() => seen.length === 2, "both events are heard");
    expect(seen).toEqual([1, 2]);
    expect(changes).toBe(1);
    expect(errors).toHaveLength(1);
    await store.close();
  });
});

describe("a NATS server", () => {
  it("that is killed and comes back with its data loses nothing for clients, and each event is there once", async () => {
    const { target, client, other } = await scene();
    await other.append([tick(1)]);
    await untilSeen(client, () => client.ids.length === 1);
    await server.kill();
    const waiting = [target.dispatchEvent(tick(2)), other.append([tick(3)])];
    await server.run();
    await Promise.all(waiting);
    await other.append([tick(4)]);
    await untilSeen(client, () => numbersOf(client).length >= 4);
    expect(numbersOf(client).toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4]);
    expect(numbersOf(client).at(-1)).toBe(4);
    expect(client.gaps).toEqual([]);
  });

  it("that comes back with nothing begins another history, of which clients are told", async () => {
    const { target, client } = await scene();
    await target.dispatchEvent(tick(1));
    await target.dispatchEvent(tick(2));
    await untilSeen(client, () => client.ids.length === 2);
    await server.kill({ keepsData: false });
    await server.run();
    await target.dispatchEvent(tick(3));
    await untilSeen(client, () => numbersOf(client).includes(3));
    expect(client.gaps.map(({ reason }) => reason)).toEqual(["reset"]);
    expect(numbersOf(client)).toEqual([1, 2, 3]);
  });

  it("that stands still for a while is waited for", async () => {
    const { target, client } = await scene();
    await target.dispatchEvent(tick(1));
    server.signal("SIGSTOP");
    const dispatched = target.dispatchEvent(tick(2));
    await new Promise<void>((resolve) => setTimeout(resolve, 3_000));
    server.signal("SIGCONT");
    await dispatched;
    await untilSeen(client, () => client.ids.length >= 2);
    expect(numbersOf(client)).toEqual([1, 2]);
    expect(client.gaps).toEqual([]);
  });

  it("that does not come back makes dispatches reject in words, after retryForMs", async () => {
    const target = new SSETarget<Tick>("/sse", (await newStores({ retryForMs: 500 })).stream("a"));
    await target.dispatchEvent(tick(1));
    await server.kill();
    await expect(target.dispatchEvent(tick(2))).rejects.toMatchObject({ code: "store-unavailable" });
  });
});

describe("a stream that another process deletes", () => {
  it("leaves connected clients, which reconnect and get another history", async () => {
    const { target, client, other } = await scene();
    await target.dispatchEvent(tick(1));
    await untilSeen(client, () => client.ids.length === 1);
    await other.delete();
    await until(() => !client.isConnected, "the client is disconnected");
    await target.dispatchEvent(tick(2));
    await untilSeen(client, () => numbersOf(client).includes(2));
    expect(client.gaps.map(({ reason }) => reason)).toEqual(["reset"]);
    expect((await other.read(0, ALL)).map(({ n }) => n)).toEqual([2]);
    await target.close();
  });
});

describe("the bounds of a stream", () => {
  it("are those of one history, although its first event comes while they are looked up", async () => {
    const other = (await newStores()).stream("a");
    const client = jetstream(await newConnection());
    const manager = await client.jetstreamManager();
    let comes: Promise<unknown> | undefined;
    const direct = {
      async getMessage(...[name, query]: Parameters<typeof manager.direct.getMessage>) {
        // The newest event is looked up last of all: by then there is one.
        if ("last_by_subj" in query && query.last_by_subj.includes(".event."))
          await (comes ??= other.append([tick(1)]));
        return manager.direct.getMessage(name, query);
      },
    };
    const slow = { publish: client.publish.bind(client), consumers: client.consumers };
    const slowManager = async () => ({ streams: manager.streams, direct });
    const store = new NatsEventStores<Tick>({
      ...slow,
      jetstreamManager: slowManager,
    } as unknown as typeof client).stream("a");
    const { firstId, lastId, epoch } = await store.bounds();
    expect([firstId, lastId, epoch]).toEqual([1, (await other.read(0, ALL))[0]?.id, (await other.bounds()).epoch]);
  });
});

describe("a follower that the server refuses", () => {
  it("tries again, but not at once, tells why, and goes on when it is let in", async () => {
    const client = jetstream(await newConnection());
    const manager = await client.jetstreamManager();
    let isRefused = false;
    const direct = {
      async getMessage(...args: Parameters<typeof manager.direct.getMessage>) {
        if (isRefused) throw Object.assign(new Error("not allowed"), { code: 10_023 });
        return manager.direct.getMessage(...args);
      },
    };
    const some = { publish: client.publish.bind(client), consumers: client.consumers };
    const refusing = {
      ...some,
      jetstreamManager: async () => ({ streams: manager.streams, consumers: manager.consumers, direct }),
    };
    const refusedAtMs: number[] = [];
    const onError = (error: unknown) => {
      expect(error).toMatchObject({ code: "store-unavailable" });
      refusedAtMs.push(performance.now());
    };
    const store = new NatsEventStores<Tick>(refusing as unknown as typeof client, { onError }).stream("a");
    const target = new SSETarget<Tick>("/sse", store);
    const viewer = new TestClient(target);
    await viewer.connect();
    await target.dispatchEvent(tick(1));
    await untilSeen(viewer, () => viewer.ids.length === 1);
    isRefused = true;
    await manager.streams.delete("SSETARGET");
    await expect.poll(() => refusedAtMs.length, { timeout: 30_000 }).toBeGreaterThan(1);
    const [first = 0, second = 0] = refusedAtMs;
    expect(second - first).toBeGreaterThan(900);
    isRefused = false;
    await (await newStores()).stream("a").append([tick(2)]);
    await untilSeen(viewer, () => numbersOf(viewer).includes(2));
    await target.close();
  });
});

describe("an event", () => {
  it("that is larger than the server takes is refused at once, and what comes after it is stored", async () => {
    const store = (await newStores()).stream("a");
    const large = { ...tick(1), text: "x".repeat(1_100_000) };
    await expect(store.append([large])).rejects.toMatchObject({ code: "event-too-large" });
    await store.append([tick(2)]);
    expect((await store.read(0, ALL)).map(({ n }) => n)).toEqual([2]);
  });
});

describe("a JetStream stream", () => {
  it("that an operator deletes is made again, and clients are told of another history", async () => {
    const { target, client } = await scene();
    await target.dispatchEvent(tick(1));
    await untilSeen(client, () => client.ids.length === 1);
    await (await jetstreamManager(await newConnection())).streams.delete("SSETARGET");
    await target.dispatchEvent(tick(2));
    await untilSeen(client, () => numbersOf(client).includes(2));
    expect(client.gaps.map(({ reason }) => reason)).toEqual(["reset"]);
  });

  it("that is there with other subjects is refused in words", async () => {
    const manager = await jetstreamManager(await newConnection());
    await manager.streams.add({ name: "SSETARGET", subjects: ["something.else"] });
    const store = (await newStores()).stream("a");
    await expect(store.append([tick(1)])).rejects.toThrow("it must have `allow_direct`");
  });
});

describe("streams that are followed", () => {
  it("take one connection, however many they are", async () => {
    const stores = await newStores();
    const heard = new Set<number>();
    const streams = Array.from({ length: 200 }, (_, index) => stores.stream(`s${index}`));
    const watches = await Promise.all(
      streams.map((stream, index) => stream.watch({ appended: () => heard.add(index), changed: () => {} })),
    );
    await Promise.all(streams.map((stream, index) => stream.append([tick(index)])));
    await expect.poll(() => heard.size, { timeout: 20_000 }).toBe(200);
    expect(connections).toHaveLength(1);
    for (const watch of watches) watch.close();
  });
});
