import { MemoryEventStore, SSETarget } from "ssetarget";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TwoMethodStore } from "../support/stores.ts";
import { TestClient, turns } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number; key?: string };

describe("a store of two methods", () => {
  it("is written to one call at a time, so that ids go out in order however slow it is", async () => {
    const delays = [3, 0, 2, 0, 0];
    const target = new SSETarget<Tick>("/sse", new TwoMethodStore<Tick>(() => delays.shift() ?? 0));
    const client = new TestClient(target);
    await client.connect();
    await Promise.all([1, 2, 3].map((n) => target.dispatchEvent({ type: "tick", n })));
    await turns(5);
    expect(client.ids).toEqual([1, 2, 3]);
    client.disconnect();
    expect(client.cursor).toBe("3");
  });

  it("shows what another process wrote as soon as this one writes", async () => {
    const store = new TwoMethodStore<Tick>();
    const [here, there] = [new SSETarget<Tick>("/sse", store), new SSETarget<Tick>("/sse", store)];
    const client = new TestClient(here);
    await client.connect();
    await here.dispatchEvent({ type: "tick", n: 1 });
    await there.dispatchEvent({ type: "tick", n: 2 });
    await here.dispatchEvent({ type: "tick", n: 3 });
    await turns(5);
    expect(client.read().seen.map((each) => each.kind === "event" && [each.id, each.data["n"]])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it("shows every client the same, whoever came while events were being written", async () => {
    const store = new TwoMethodStore<Tick>(() => 1);
    const target = new SSETarget<Tick>("/sse", store);
    const clients = Array.from({ length: 5 }, () => new TestClient(target));
    const dispatches: Promise<unknown>[] = [];
    for (const [n, client] of clients.entries()) {
      dispatches.push(target.dispatchEvent({ type: "tick", n }));
      await client.connect();
    }
    await Promise.all(dispatches);
    await turns(20);
    for (const client of clients) expect([client.ids, client.gaps]).toEqual([[1, 2, 3, 4, 5], []]);
  });

  it("is kept from storing a key twice, also a key from before this process", async () => {
    const store = new TwoMethodStore<Tick>();
    await new SSETarget<Tick>("/sse", store).dispatchEvent({ type: "tick", n: 1, key: "k" });
    const target = new SSETarget<Tick>("/sse", store);
    expect(await target.dispatchEvent({ type: "tick", n: 2, key: "k" })).toMatchObject({ id: 1, n: 1 });
    expect(store.events).toHaveLength(1);
  });

  it("that loses its history, so that ids begin again, ends in a gap and not in silence", async () => {
    const store = new TwoMethodStore<Tick>();
    const target = new SSETarget<Tick>("/sse", store);
    const client = new TestClient(target);
    await client.connect();
    for (let n = 1; n <= 3; n++) await target.dispatchEvent({ type: "tick", n });
    await turns();
    store.lose();
    await target.dispatchEvent({ type: "tick", n: 4 });
    await turns();
    client.disconnect();
    expect(client.ids).toEqual([1, 2, 3]);
    await client.connect();
    await target.dispatchEvent({ type: "tick", n: 5 });
    await turns();
    expect(client.read().seen.slice(3)).toEqual([
      { kind: "gap", reason: "reset", after: 3, resumesAt: 1 },
      { kind: "event", id: 1, type: "tick", data: { n: 4 } },
      { kind: "event", id: 2, type: "tick", data: { n: 5 } },
    ]);
  });

  it("keeps the end of a stream across processes", async () => {
    const store = new TwoMethodStore<Tick>();
    await new SSETarget<Tick>("/sse", store).complete();
    const target = new SSETarget<Tick>("/sse", store);
    await expect(target.dispatchEvent({ type: "tick", n: 1 })).rejects.toMatchObject({ code: "stream-completed" });
    const client = new TestClient(target);
    await client.connect();
    await turns();
    expect([client.ids, client.isConnected]).toEqual([[1], false]);
    expect(await client.connect()).toBe(204);
  });

  it("tells a gap where its history no longer reaches back to the cursor", async () => {
    const store = new TwoMethodStore<Tick>();
    const target = new SSETarget<Tick>("/sse", store, { maxWindowEvents: 1 });
    for (let n = 1; n <= 5; n++) await target.dispatchEvent({ type: "tick", n });
    store.events.splice(0, 3);
    const client = new TestClient(target, "/sse", "1");
    await client.connect();
    await turns();
    expect(client.gaps).toEqual([{ kind: "gap", reason: "trimmed", after: 1, resumesAt: 4 }]);
    expect(client.ids).toEqual([4, 5]);
  });
});

describe("a store that does not do as it should", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const tick = (n: number): Tick => ({ type: "tick", n });
  const never = () => new Promise<never>(() => {});
  const timedOut = expect.objectContaining({ code: "timeout" }) as unknown;
  /** A store of two methods, one of them or both replaced. */
  const storeWith = (odd: object) => Object.assign(new TwoMethodStore<Tick>(), odd);
  const targetWith = (odd: object) => new SSETarget<Tick>("/sse", storeWith(odd), { storeTimeoutMs: 1_000 });
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      (value) => value,
      (error: unknown) => error,
    );

  it("holds up no dispatch for ever where it does not read, and no others for longer than the first", async () => {
    const target = targetWith({ getEvents: never });
    const outcomes = Promise.all([1, 2, 3].map((n) => outcome(target.dispatchEvent(tick(n)))));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcomes).toEqual([timedOut, timedOut, timedOut]);
  });

  it("goes on where it reads again", async () => {
    const read = vi.fn(never);
    const store = storeWith({});
    const { getEvents } = store;
    Object.assign(store, { getEvents: read });
    const target = new SSETarget<Tick>("/sse", store, { storeTimeoutMs: 1_000 });
    const first = outcome(target.dispatchEvent(tick(1)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toEqual(timedOut);
    Object.assign(store, { getEvents });
    const second = target.dispatchEvent(tick(2));
    await vi.advanceTimersByTimeAsync(10);
    expect(await second).toMatchObject({ id: 1, n: 2 });
  });

  it("holds up no dispatch for ever where it does not write; what it wrote late keeps its place", async () => {
    const store = storeWith({});
    const target = new SSETarget<Tick>("/sse", store, { storeTimeoutMs: 1_000 });
    const client = new TestClient(target);
    const { storeEvent } = store;
    let write = () => {};
    const held = new Promise<void>((resolve) => (write = resolve));
    Object.assign(store, { storeEvent: async (event: Tick) => (await held, storeEvent.call(store, event)) });
    await client.connect();
    const outcomes = Promise.all([
      outcome(target.dispatchEvents([tick(1), tick(2)])),
      outcome(target.dispatchEvent(tick(3))),
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcomes).toEqual([timedOut, timedOut]);
    expect(await outcome(target.dispatchEvent(tick(4)))).toEqual(timedOut);
    write();
    await vi.advanceTimersByTimeAsync(10);
    const last = target.dispatchEvent(tick(5));
    await vi.advanceTimersByTimeAsync(10);
    expect(await last).toMatchObject({ id: 2, n: 5 });
    await vi.advanceTimersByTimeAsync(10);
    expect(client.read().seen.map((each) => each.kind === "event" && each.data["n"])).toEqual([1, 5]);
    client.disconnect();
  });

  it("is waited for without end where storeTimeoutMs is null", async () => {
    const target = new SSETarget<Tick>("/sse", storeWith({ storeEvent: never }), { storeTimeoutMs: null });
    let isOver = false;
    void outcome(target.dispatchEvent(tick(1))).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(isOver).toBe(false);
  });

  it("resolves a dispatch that is stored, though what others wrote in between cannot be read", async () => {
    const store = storeWith({});
    const target = new SSETarget<Tick>("/sse", store, { storeTimeoutMs: 1_000 });
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(1));
    await store.storeEvent(tick(2));
    const { getEvents } = store;
    Object.assign(store, { getEvents: async () => Promise.reject(new Error("no")) });
    expect(await target.dispatchEvent(tick(3))).toMatchObject({ id: 3 });
    Object.assign(store, { getEvents });
    await vi.advanceTimersByTimeAsync(10);
    client.disconnect();
    await client.connect();
    await vi.advanceTimersByTimeAsync(10);
    expect(client.ids).toEqual([1, 2, 3]);
    client.disconnect();
  });

  it.each([
    ["a list that is none", { getEvents: async () => ({}) }],
    ["nothing for the history", { getEvents: async () => {} }],
    ["a text for the history", { getEvents: () => "events" }],
    ["holes in the history", { getEvents: async () => [null] }],
    [
      "ids that fall",
      {
        getEvents: async () => [
          { ...tick(1), id: 2 },
          { ...tick(2), id: 1 },
        ],
      },
    ],
    ["no event", { storeEvent: async () => {} }],
    ["null for the event", { storeEvent: () => null }],
    ["an id that is none", { storeEvent: async (event: Tick) => ({ ...event, id: "1" }) }],
    ["another type", { storeEvent: async (event: Tick) => ({ ...event, id: 1, type: 7 }) }],
  ])("is told in words that it answers with %s", async (_what, odd) => {
    const target = targetWith(odd);
    expect(await outcome(target.dispatchEvents([tick(1), tick(2)]))).toMatchObject({ code: "store-contract" });
  });

  it.each([
    ["fewer than it was given", async () => []],
    ["no list for what it was given", async () => 3],
    ["an id that is none", async (events: Tick[]) => events.map((event) => ({ ...event, id: "1" }))],
  ])("is told in words that its append answers with %s", async (_what, append) => {
    const target = new SSETarget<Tick>("/sse", Object.assign(new MemoryEventStore<Tick>(), { append }));
    expect(await outcome(target.dispatchEvents([tick(1), tick(2)]))).toMatchObject({ code: "store-contract" });
  });

  it.each([
    ["bounds that are none", { bounds: async () => null }],
    ["an id that is none", { bounds: async () => ({ firstId: 1, lastId: NaN, completed: false }) }],
    ["an epoch that is none", { bounds: async () => ({ firstId: 1, lastId: 0, completed: false, epoch: null }) }],
    ["nothing to close", { watch: async () => {} }],
    ["nothing to wait for", { watch: () => {} }],
  ])("makes a client reconnect, and reports why, if it answers with %s", async (_what, odd) => {
    const errors: unknown[] = [];
    const store = Object.assign(new MemoryEventStore<Tick>(), odd);
    const target = new SSETarget<Tick>("/sse", store as MemoryEventStore<Tick>, {
      onError: (error) => errors.push(error),
    });
    const response = await target.fetch(new Request("http://localhost/sse"));
    expect(await response.text()).toMatch(/^retry: \d+\n/);
    expect(errors).toMatchObject([{ code: "store-contract" }]);
  });

  it.each(["storeEvent", "getEvents"])("rejects with what it throws at once in %s", async (method) => {
    const failure = new Error("at once");
    const target = targetWith({
      [method]: () => {
        throw failure;
      },
    });
    expect(await outcome(target.dispatchEvent(tick(1)))).toBe(failure);
  });

  it("that keeps nothing gives a client without a cursor what is new, and no gap", async () => {
    const target = targetWith({ getEvents: async () => [] });
    await target.dispatchEvent(tick(1));
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(2));
    await vi.advanceTimersByTimeAsync(10);
    expect([client.ids, client.gaps]).toEqual([[2], []]);
    client.disconnect();
  });
});
