import { NullEventStore, SSEHub, SSETarget } from "ssetarget";
import { describe, expect, it } from "vitest";
import { TestClient, turns } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number };

/** A target without a history, to which this many events have been dispatched. */
async function targetAfter(count: number, options = {}) {
  const target = new SSETarget<Tick>("/sse", new NullEventStore(), options);
  for (let n = 1; n <= count; n++) await target.dispatchEvent({ type: "tick", n });
  return target;
}

async function seenBy(client: TestClient) {
  await turns(5);
  return client.read().seen.map((each) => (each.kind === "event" ? each.data["n"] : each.kind));
}

describe("a stream that keeps nothing", () => {
  it("gives a client that comes for the first time what is new, and no gap", async () => {
    const target = await targetAfter(3);
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent({ type: "tick", n: 4 });
    expect(await seenBy(client)).toEqual([4]);
  });

  it("does so also while another client is connected, for whom the newest are still held", async () => {
    const target = await targetAfter(2);
    const first = new TestClient(target);
    await first.connect();
    await target.dispatchEvent({ type: "tick", n: 3 });
    expect(await seenBy(first)).toEqual([3]);
    const second = new TestClient(target);
    await second.connect();
    await target.dispatchEvent({ type: "tick", n: 4 });
    expect(await seenBy(second)).toEqual([4]);
  });

  it("does so for a client that says it has nothing, and for one of another process's stream", async () => {
    const target = await targetAfter(3);
    for (const cursor of ["0", "0.another"]) {
      const client = new TestClient(target, "/sse", cursor);
      await client.connect();
      await target.dispatchEvent({ type: "tick", n: 4 });
      expect(await seenBy(client)).toEqual([4]);
    }
  });

  it("still tells a client that was away what it missed", async () => {
    const target = await targetAfter(0);
    const client = new TestClient(target);
    await client.connect();
    client.disconnect();
    await target.dispatchEvent({ type: "tick", n: 1 });
    await client.connect();
    await target.dispatchEvent({ type: "tick", n: 2 });
    const seen = await seenBy(client);
    // From the window if that reaches so far, else a gap: never nothing.
    expect([
      [1, 2],
      ["gap", 2],
    ]).toContainEqual(seen);
  });

  it("tells a client that comes after the end of the end alone", async () => {
    const target = await targetAfter(3);
    await target.complete();
    const client = new TestClient(target);
    await client.connect();
    await turns(5);
    expect([client.ids, client.gaps]).toEqual([[4], []]);
  });

  it("is the same for a hub's streams", async () => {
    const hub = new SSEHub<Tick>("/:id/sse", { store: () => new NullEventStore() });
    await hub.stream("a").dispatchEvent({ type: "tick", n: 1 });
    const client = new TestClient(hub, "/a/sse");
    await client.connect();
    await hub.stream("a").dispatchEvent({ type: "tick", n: 2 });
    expect(await seenBy(client)).toEqual([2]);
  });
});
