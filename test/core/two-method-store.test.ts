import { SSETarget } from "ssetarget";
import { describe, expect, it } from "vitest";
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
