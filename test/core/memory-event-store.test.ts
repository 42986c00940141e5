import { MemoryEventStore, type EventFollower, type ServerSentEvent, type StoredEvent } from "ssetarget";
import { describe, expect, it } from "vitest";

type Tick = ServerSentEvent & { n: number };

const tick = (n: number, key?: string): Tick => ({ type: "tick", n, ...(key === undefined ? {} : { key }) });
const idsOf = (events: readonly { readonly id?: number }[]) => events.map(({ id }) => id);
const PAGE = { maxEvents: 100, maxBytes: 1_000_000 };

async function filled(count: number, options?: ConstructorParameters<typeof MemoryEventStore>[0]) {
  const store = new MemoryEventStore<Tick>(options);
  for (let n = 1; n <= count; n++) await store.storeEvent(tick(n, `k${n}`));
  return store;
}

class Follower implements EventFollower<Tick> {
  readonly ids: number[] = [];
  interruptions = 0;
  onEvents(events: readonly StoredEvent<Tick>[]): void {
    this.ids.push(...events.map(({ id }) => id));
  }
  onInterrupted(): void {
    this.interruptions++;
  }
}

describe("MemoryEventStore", () => {
  it("numbers events 1, 2, 3 … and tells its bounds", async () => {
    const store = await filled(3);
    expect(idsOf(await store.getEvents(0))).toEqual([1, 2, 3]);
    expect(idsOf(await store.getEvents(2))).toEqual([3]);
    expect(idsOf(await store.getEvents(9))).toEqual([]);
    expect(await store.getBounds()).toMatchObject({ firstId: 1, lastId: 3, completed: false });
    expect(await new MemoryEventStore().getBounds()).toMatchObject({ firstId: 1, lastId: 0 });
  });

  it("has another epoch each time, because its history is another", async () => {
    const epochs = await Promise.all([0, 1, 2].map(async () => (await new MemoryEventStore().getBounds()).epoch));
    expect(new Set(epochs).size).toBe(3);
  });

  it("forgets the oldest beyond maxEvents, and their keys", async () => {
    const store = await filled(5_000, { maxEvents: 3 });
    expect(idsOf(await store.getEvents(0))).toEqual([4_998, 4_999, 5_000]);
    expect(await store.getBounds()).toMatchObject({ firstId: 4_998, lastId: 5_000 });
    expect(await store.getEventByKey("k4997")).toBeUndefined();
    expect(await store.getEventByKey("k4998")).toMatchObject({ id: 4_998 });
    expect(await store.storeEvent(tick(1, "k1"))).toMatchObject({ id: 5_001 });
  });

  it("forgets the oldest beyond maxBytes, but never the newest", async () => {
    const store = await filled(10, { maxBytes: 1 });
    expect(idsOf(await store.getEvents(0))).toEqual([10]);
  });

  it("reads pages by count and by bytes, at least one event each", async () => {
    const store = await filled(10);
    expect(idsOf(await store.getEventsPage(3, { ...PAGE, maxEvents: 4 }))).toEqual([4, 5, 6, 7]);
    expect(idsOf(await store.getEventsPage(3, { ...PAGE, maxBytes: 1 }))).toEqual([4]);
    expect(idsOf(await store.getEventsPage(3, { ...PAGE, maxBytes: 40 }))).toEqual([4, 5]);
    expect(idsOf(await store.getEventsPage(10, PAGE))).toEqual([]);
  });

  it("trims, also everything", async () => {
    const store = await filled(10);
    await store.trim(4);
    expect(await store.getBounds()).toMatchObject({ firstId: 4, lastId: 10 });
    await store.trim(99);
    expect(await store.getBounds()).toMatchObject({ firstId: 11, lastId: 10 });
    expect(await store.storeEvent(tick(11))).toMatchObject({ id: 11 });
    expect(idsOf(await store.getEvents(0))).toEqual([11]);
  });

  it("appends many in order or none, repeats answered with what is stored", async () => {
    const store = await filled(2);
    expect(idsOf(await store.storeEvents([tick(3), tick(1, "k1"), tick(4, "new"), tick(5, "new")]))).toEqual([
      3, 1, 4, 4,
    ]);
    const end = { type: "ssetarget:end", n: 0 };
    await expect(store.storeEvents([tick(6), end, tick(7)])).rejects.toMatchObject({ code: "stream-completed" });
    await expect(store.storeEvents([tick(6), { type: "x", n: 1n as unknown as number }])).rejects.toMatchObject({
      code: "unserializable-data",
    });
    expect(await store.getBounds()).toMatchObject({ lastId: 4, completed: false });
    await store.storeEvents([tick(6), end]);
    expect(await store.getBounds()).toMatchObject({ lastId: 6, completed: true });
    await expect(store.storeEvents([tick(7)])).rejects.toMatchObject({ code: "stream-completed" });
    expect(idsOf(await store.storeEvents([tick(1, "k1")]))).toEqual([1]);
  });

  it("tells followers what there is and then what comes, until they close", async () => {
    const store = await filled(3);
    const [early, late] = [new Follower(), new Follower()];
    const subscription = await store.subscribe(1, early);
    await store.storeEvents([tick(4), tick(5)]);
    await store.subscribe(5, late);
    await store.storeEvent(tick(6));
    subscription.close();
    subscription.close();
    await store.storeEvent(tick(7));
    expect([early.ids, late.ids]).toEqual([
      [2, 3, 4, 5, 6],
      [6, 7],
    ]);
    expect([early.interruptions, late.interruptions]).toEqual([0, 0]);
  });

  it("tells a follower that it cannot be given everything", async () => {
    const store = await filled(10, { maxEvents: 2 });
    const follower = new Follower();
    await store.subscribe(3, follower);
    expect([follower.interruptions, follower.ids]).toEqual([1, [9, 10]]);
  });

  it("keeps copies", async () => {
    const store = new MemoryEventStore<ServerSentEvent & { list: number[] }>();
    const event = { type: "x", list: [1] };
    await store.storeEvent(event);
    event.list.push(2);
    expect(await store.getEvents(0)).toEqual([{ type: "x", list: [1], id: 1 }]);
  });

  it.each([{ maxEvents: 0 }, { maxBytes: -1 }])("refuses %j in words", (options) => {
    expect(() => new MemoryEventStore(options)).toThrow(/must be a whole number of at least 1/);
  });
});
