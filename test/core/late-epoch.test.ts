import { MemoryEventStore, SSEHub, SSETarget, type EventFollower, type EventStores } from "ssetarget";
import { describe, expect, it } from "vitest";
import { TestClient, turns } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number };
const tick = (n: number): Tick => ({ type: "tick", n });

/** A store on an engine that names a history with its first event, as one that several processes write to does. */
class LateNamedStore extends MemoryEventStore<Tick> {
  readonly #followers = new Set<EventFollower<Tick>>();

  override async getBounds() {
    return this.bounds.lastId === 0 ? { ...this.bounds, epoch: undefined } : this.bounds;
  }

  override async subscribe(afterId: number, follower: EventFollower<Tick>) {
    this.#followers.add(follower);
    return super.subscribe(afterId, {
      onEvents: (events) => follower.onEvents(events, this.bounds.epoch),
      onInterrupted: () => follower.onInterrupted(),
    });
  }

  /** An event of another history, such as followers hear after the engine has lost the one before. */
  tellOfAnotherHistory(): void {
    for (const follower of this.#followers) follower.onEvents([{ ...tick(1), id: 1 }], "another");
  }
}

describe("a history that gets its name with its first event", () => {
  it("has that name in the cursors of clients that came before it", async () => {
    const store = new LateNamedStore();
    const target = new SSETarget<Tick>("/sse", store);
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(1));
    await turns();
    expect(client.ids).toEqual([1]);
    expect(client.cursor).toBe(`1.${store.bounds.epoch}`);
    expect(client.isConnected).toBe(true);
  });

  it("lets those clients resume", async () => {
    const store = new LateNamedStore();
    const target = new SSETarget<Tick>("/sse", store);
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(1));
    await turns();
    client.disconnect();
    await target.dispatchEvent(tick(2));
    await client.connect();
    await turns();
    expect([client.ids, client.gaps]).toEqual([[1, 2], []]);
  });

  it("tells a client with a cursor of an earlier history that it was reset", async () => {
    const target = new SSETarget<Tick>("/sse", new LateNamedStore());
    const client = new TestClient(target, "/sse", "50.earlier");
    await client.connect();
    await target.dispatchEvent(tick(1));
    await turns();
    expect(client.read().seen).toMatchObject([
      { kind: "gap", reason: "reset", after: 50 },
      { kind: "event", id: 1 },
    ]);
  });

  it("sends clients away, to come again with their cursors, when events of another history arrive", async () => {
    const store = new LateNamedStore();
    const target = new SSETarget<Tick>("/sse", store);
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvents([tick(1), tick(2)]);
    await turns();
    store.tellOfAnotherHistory();
    await turns();
    expect([client.ids, client.isConnected, client.retries.length]).toEqual([[1, 2], false, 2]);
  });
});

describe("a hub over stores of many streams", () => {
  it("asks them for a store by the stream's name, once", async () => {
    const asked: string[] = [];
    const stores: EventStores<Tick> = {
      stream: (name) => {
        asked.push(name);
        return new MemoryEventStore<Tick>();
      },
    };
    const hub = new SSEHub<Tick>("/runs/:id", { store: stores });
    await hub.dispatchEvent("a", tick(1));
    await hub.dispatchEvent("a", tick(2));
    await hub.dispatchEvent("b", tick(1));
    expect(asked).toEqual(["a", "b"]);
  });

  it.for([7, null, {}, "redis://"])("refuses %j for stores", (store) => {
    expect(() => new SSEHub("/runs/:id", { store: store as never })).toThrow("`store` must be a function");
  });
});
