import { MemoryEventStore, SSEHub, SSETargetError } from "ssetarget";
import { afterEach, describe, expect, it, vi } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";
import { TestClient, turns } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number };
const code = (expected: string) => expect.objectContaining({ name: "SSETargetError", code: expected });

afterEach(() => {
  vi.useRealTimers();
});

describe("SSEHub", () => {
  it("serves each stream at its own path, and only its own events", async () => {
    const hub = new SSEHub<Tick>("/runs/:id/sse");
    await hub.dispatchEvent("a", { type: "tick", n: 1 });
    await hub.stream("b").dispatchEvent({ type: "tick", n: 2 });
    const [a, b] = await Promise.all(
      ["a", "b"].map(async (name) => new SSEReader(await hub.fetch(get(hub.pathOf(name)))).readCount(1)),
    );
    expect([a?.events[0]?.data, b?.events[0]?.data]).toEqual([{ n: 1 }, { n: 2 }]);
    expect([hub.streamCount, hub.connectionCount]).toEqual([2, 2]);
  });

  it.each(["constructor", "__proto__", "a b/c?d#e%", "ü\u{1F600}", "..a", "%2F"])(
    "takes %j for a name like any other",
    async (name) => {
      const hub = new SSEHub<Tick>("/runs/:id");
      const client = new TestClient(hub, hub.pathOf(name));
      await client.connect();
      await hub.dispatchEvent(name, { type: "tick", n: 7 });
      await turns();
      expect(client.ids).toEqual([1]);
      expect(hub.streamCount).toBe(1);
    },
  );

  it.each(["", ".", "..", "x".repeat(513), "\uD800", "a\uDE00b", 7])("refuses %j for a name", async (name) => {
    const hub = new SSEHub<Tick>("/runs/:id");
    expect(() => hub.stream(name as string)).toThrow(code("invalid-stream-name"));
    await expect(hub.dispatchEvent(name as string, { type: "tick", n: 1 })).rejects.toEqual(
      code("invalid-stream-name"),
    );
  });

  it.each([
    "/runs",
    "/runs/",
    "/runs/a",
    "/runs/a/b/sse",
    "/runs//sse",
    "/runs/%/sse",
    "/runs/a/sse/",
    `/runs/${"x".repeat(513)}/sse`,
  ])("answers 404 to %s and creates nothing", async (path) => {
    const hub = new SSEHub<Tick>("/runs/:id/sse");
    expect((await hub.fetch(get(path))).status).toBe(404);
    expect(hub.streamCount).toBe(0);
  });

  it("refuses a path without a part for the name", () => {
    for (const path of ["/sse", "runs/:id", ""]) expect(() => new SSEHub(path)).toThrow(SSETargetError);
  });

  it("asks exists about streams it does not hold, creating nothing for those that do not exist", async () => {
    const hub = new SSEHub<Tick>("/runs/:id", { exists: async (name) => name === "known" });
    for (const method of ["GET", "HEAD"]) {
      expect((await hub.fetch(new Request("http://localhost/runs/unknown", { method }))).status).toBe(404);
      expect((await hub.fetch(new Request("http://localhost/runs/known", { method: "HEAD" }))).status).toBe(200);
    }
    expect(hub.streamCount).toBe(0);
    expect(await new TestClient(hub, "/runs/known").connect()).toBe(200);
    await hub.dispatchEvent("started-here", { type: "tick", n: 1 });
    expect(await new TestClient(hub, "/runs/started-here").connect()).toBe(200);
  });

  it("puts away streams that nobody uses or watches, and tells a client that comes back of the loss", async () => {
    vi.useFakeTimers();
    const hub = new SSEHub<Tick>("/runs/:id", { evictAfterMs: 60_000 });
    const watching = new TestClient(hub, "/runs/watched");
    await watching.connect();
    const gone = new TestClient(hub, "/runs/idle");
    await gone.connect();
    for (const name of ["watched", "idle"]) await hub.dispatchEvent(name, { type: "tick", n: 1 });
    await vi.advanceTimersByTimeAsync(1);
    gone.disconnect();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(hub.streamCount).toBe(1);
    await hub.dispatchEvent("watched", { type: "tick", n: 2 });
    await gone.connect();
    await vi.advanceTimersByTimeAsync(10);
    expect(watching.ids).toEqual([1, 2]);
    expect(gone.gaps).toEqual([{ kind: "gap", reason: "reset", after: 1, resumesAt: 2 }]);
    const late = new TestClient(hub, "/runs/idle");
    await late.connect();
    await vi.advanceTimersByTimeAsync(10);
    expect(late.gaps, "one who was never here is told as well").toEqual([
      { kind: "gap", reason: "trimmed", after: 0, resumesAt: 2 },
    ]);
    late.disconnect();
    for (const client of [watching, gone]) client.disconnect();
    await vi.advanceTimersByTimeAsync(200_000);
    expect([hub.streamCount, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("keeps idle streams for as long as it was told, whatever the system's clock is set to", async () => {
    vi.useFakeTimers();
    const hub = new SSEHub<Tick>("/runs/:id", { evictAfterMs: 3_600_000 });
    await hub.dispatchEvent("idle", { type: "tick", n: 1 });
    vi.setSystemTime(Date.now() + 7_200_000);
    await vi.advanceTimersByTimeAsync(3_500_000);
    expect(hub.streamCount).toBe(1);
    vi.setSystemTime(Date.now() - 86_400_000);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(hub.streamCount).toBe(0);
  });

  it("follows a store only while somebody watches, and misses nothing when somebody comes again", async () => {
    vi.useFakeTimers();
    const store = new MemoryEventStore<Tick>();
    const watch = vi.spyOn(store, "watch");
    const hub = new SSEHub<Tick>("/runs/:id", { store: () => store });
    await hub.dispatchEvent("a", { type: "tick", n: 1 });
    expect(watch, "a stream without clients follows nothing").not.toHaveBeenCalled();
    const client = new TestClient(hub, "/runs/a");
    await client.connect();
    await vi.advanceTimersByTimeAsync(1);
    client.disconnect();
    await vi.advanceTimersByTimeAsync(90_000);
    await hub.dispatchEvent("a", { type: "tick", n: 2 });
    await client.connect();
    await vi.advanceTimersByTimeAsync(1);
    expect(watch).toHaveBeenCalledTimes(2);
    expect(client.ids).toEqual([1, 2]);
    expect(client.gaps).toEqual([]);
  });

  it("remembers the end of a stream that it has put away", async () => {
    vi.useFakeTimers();
    const hub = new SSEHub<Tick>("/runs/:id", { evictAfterMs: 60_000 });
    await hub.dispatchEvent("a", { type: "tick", n: 1 });
    await hub.complete("a");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(hub.streamCount).toBe(0);
    await expect(hub.dispatchEvent("a", { type: "tick", n: 2 })).rejects.toEqual(code("stream-completed"));
    const client = new TestClient(hub, "/runs/a");
    await client.connect();
    await vi.advanceTimersByTimeAsync(10);
    expect([client.isConnected, client.ids]).toEqual([false, [2]]);
    expect(await client.connect()).toBe(204);
  });

  it("makes room by putting away the stream that was dispatched to the longest ago, unwatched ones first", async () => {
    vi.useFakeTimers();
    const hub = new SSEHub<Tick>("/runs/:id", { maxStreams: 3 });
    for (const name of ["watched", "old", "new"]) {
      await hub.dispatchEvent(name, { type: "tick", n: 1 });
      await vi.advanceTimersByTimeAsync(200);
    }
    const viewer = new TestClient(hub, "/runs/watched");
    await viewer.connect();
    await hub.dispatchEvent("a", { type: "tick", n: 1 });
    await hub.dispatchEvent("b", { type: "tick", n: 1 });
    const lost = async (name: string) => {
      const client = new TestClient(hub, `/runs/${name}`);
      await client.connect();
      await vi.advanceTimersByTimeAsync(1);
      client.disconnect();
      return client.gaps.length > 0;
    };
    expect([viewer.isConnected, await lost("old"), await lost("new"), await lost("a"), await lost("b")]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("never refuses a dispatch because of those who watch: they are asked to reconnect", async () => {
    const hub = new SSEHub<Tick>("/runs/:id", { maxStreams: 2 });
    const clients = ["a", "b"].map((name) => new TestClient(hub, `/runs/${name}`));
    for (const [n, client] of clients.entries()) {
      await hub.dispatchEvent("ab"[n] as string, { type: "tick", n });
      await client.connect();
    }
    await turns();
    await hub.dispatchEvent("c", { type: "tick", n: 1 });
    expect(clients.map((client) => client.isConnected)).toEqual([false, true]);
    expect(clients[0]?.read().retries).toHaveLength(2);
    await clients[0]?.connect();
    await turns();
    expect(clients[0]?.gaps, "and are told what is lost").toMatchObject([{ reason: "reset" }]);
  });

  it("refuses a dispatch in words only if all streams are storing", async () => {
    let store: () => void = () => {};
    const hub = new SSEHub<Tick>("/runs/:id", {
      maxStreams: 1,
      store: () => ({
        storeEvent: (event) => new Promise((resolve) => (store = () => resolve({ ...event, id: 1 }))),
        getEvents: async () => [],
      }),
    });
    const storing = hub.dispatchEvent("a", { type: "tick", n: 1 });
    await turns();
    await expect(hub.dispatchEvent("b", { type: "tick", n: 1 })).rejects.toMatchObject({
      code: "too-many-streams",
      message: expect.stringContaining("`maxStreams` (1)"),
    });
    store();
    await storing;
    void hub.dispatchEvent("b", { type: "tick", n: 1 });
    await turns();
    expect(hub.streamCount).toBe(1);
  });

  it("counts streams that only clients have named apart, and refuses only further ones of these", async () => {
    const hub = new SSEHub<Tick>("/runs/:id", { maxStreams: 2 });
    for (const name of ["a", "b"]) await hub.dispatchEvent(name, { type: "tick", n: 1 });
    const strangers = Array.from({ length: 10 }, (_, n) => new TestClient(hub, `/runs/random-${n}`));
    const statuses: number[] = [];
    for (const stranger of strangers) statuses.push(await stranger.connect());
    expect(statuses).toEqual([200, 200, ...Array.from({ length: 8 }, () => 503)]);
    const viewer = new TestClient(hub, "/runs/a");
    expect([await viewer.connect(), hub.streamCount]).toEqual([200, 4]);
    await turns();
    expect(viewer.ids).toEqual([1]);
    // A name of theirs that the application uses after all is one of its own.
    await hub.dispatchEvent("random-0", { type: "tick", n: 1 });
    await turns();
    expect(strangers[0]?.ids).toEqual([1]);
    expect([await strangers[5]?.connect(), hub.streamCount]).toEqual([200, 4]);
  });

  it("does not count a stream that holds nothing any longer than somebody watches it", async () => {
    const hub = new SSEHub<Tick>("/runs/:id");
    const [one, other] = [new TestClient(hub, "/runs/a"), new TestClient(hub, "/runs/a")];
    await one.connect();
    await other.connect();
    one.disconnect();
    expect(hub.streamCount).toBe(1);
    other.disconnect();
    expect([hub.streamCount, hub.connectionCount]).toEqual([0, 0]);
    await hub.stream("asked").isCompleted();
    await one.connect();
    await hub.dispatchEvent("a", { type: "tick", n: 1 });
    one.disconnect();
    expect(await one.connect(), "what holds something stays").toBe(200);
    await turns();
    expect(one.ids).toEqual([1]);
  });

  it("does not let those who ask for names at random push histories out", async () => {
    const hub = new SSEHub<Tick>("/runs/:id", { maxStreams: 3 });
    await hub.dispatchEvent("run", { type: "tick", n: 1 });
    for (let n = 0; n < 20; n++) {
      const stranger = new TestClient(hub, `/runs/random-${n}`);
      await stranger.connect();
      stranger.disconnect();
    }
    const client = new TestClient(hub, "/runs/run");
    await client.connect();
    await turns();
    expect(client.ids).toEqual([1]);
  });

  it("lets listeners see the events of every stream", async () => {
    const hub = new SSEHub<Tick>("/runs/:id");
    const heard: unknown[] = [];
    hub.addEventListener("tick", ({ event, stream }) => void heard.push([stream, event.n]));
    await hub.dispatchEvent("a", { type: "tick", n: 1 });
    await hub.dispatchEvent("b", { type: "tick", n: 2 });
    expect(heard).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("ends one stream without touching the others, and all of them at close", async () => {
    const hub = new SSEHub<Tick>("/runs/:id");
    const clients = ["a", "b"].map((name) => new TestClient(hub, `/runs/${name}`));
    for (const client of clients) await client.connect();
    await hub.complete("a");
    await turns();
    expect(clients.map((client) => client.isConnected)).toEqual([false, true]);
    expect(await clients[0]?.read().connect()).toBe(204);
    await hub.close();
    expect(clients.map((client) => client.isConnected)).toEqual([false, false]);
    await expect(hub.dispatchEvent("b", { type: "tick", n: 1 })).rejects.toEqual(code("closed"));
    expect([hub.streamCount, hub.connectionCount]).toEqual([0, 0]);
  });
});
