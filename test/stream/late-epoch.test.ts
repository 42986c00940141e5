import { MemoryEventStore, SSEHub, SSETarget } from "ssetarget";
import type { EventBounds, EventStorage, LogListener } from "ssetarget/store";
import { describe, expect, it } from "vitest";
import { TestClient, turns } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number };
const tick = (n: number): Tick => ({ type: "tick", n });

/** A store on an engine that names a history with its first event, as one that several processes write to does. */
class LateNamedStore extends MemoryEventStore<Tick> {
  readonly #listeners = new Set<LogListener<Tick>>();
  #otherEpoch: string | undefined;

  override async bounds(): Promise<EventBounds> {
    const bounds = await super.bounds();
    return { ...bounds, epoch: bounds.lastId === 0 ? undefined : (this.#otherEpoch ?? bounds.epoch) };
  }

  override async watch(listener: LogListener<Tick>) {
    this.#listeners.add(listener);
    return super.watch(listener);
  }

  /** The engine has lost the history, and an event of another one is appended. */
  beginAnotherHistory(): void {
    this.#otherEpoch = "another";
    const events = [{ ...tick(1), id: 1 }];
    for (const listener of this.#listeners) listener.appended({ afterId: 0, events, epoch: "another" });
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
    expect(client.cursor).toBe(`1.${(await store.bounds()).epoch}`);
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
    store.beginAnotherHistory();
    await turns(5);
    expect([client.ids, client.isConnected, client.retries.length]).toEqual([[1, 2], false, 2]);
  });
});

describe("a hub over stores of many streams", () => {
  it("asks them for a store by the stream's name, once", async () => {
    const asked: string[] = [];
    const stores: EventStorage<Tick> = {
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
