import { MemoryEventStore, type StreamEvent } from "ssetarget";
import type { AppendNotice, LogListener } from "ssetarget/store";
import { describe, expect, it } from "vitest";

type Tick = StreamEvent & { n: number };

const tick = (n: number, key?: string): Tick => ({ type: "tick", n, ...(key === undefined ? {} : { key }) });
const idsOf = (events: readonly { readonly id?: number }[]) => events.map(({ id }) => id);
const PAGE = { maxEvents: 100, maxBytes: 1_000_000 };

async function filled(count: number, options?: ConstructorParameters<typeof MemoryEventStore>[0]) {
  const store = new MemoryEventStore<Tick>(options);
  for (let n = 1; n <= count; n++) await store.storeEvent(tick(n, `k${n}`));
  return store;
}

class Listener implements LogListener<Tick> {
  readonly notices: (readonly [afterId: number, ids: readonly number[]])[] = [];
  changes = 0;
  appended({ afterId, events = [] }: AppendNotice<Tick>): void {
    this.notices.push([afterId, events.map(({ id }) => id)]);
  }
  changed(): void {
    this.changes++;
  }
}

describe("MemoryEventStore", () => {
  it("numbers events 1, 2, 3 … and tells its bounds", async () => {
    const store = await filled(3);
    expect(idsOf(await store.getEvents(0))).toEqual([1, 2, 3]);
    expect(idsOf(await store.getEvents(2))).toEqual([3]);
    expect(idsOf(await store.getEvents(9))).toEqual([]);
    expect(await store.bounds()).toMatchObject({ firstId: 1, lastId: 3, completed: false });
    expect(await new MemoryEventStore().bounds()).toMatchObject({ firstId: 1, lastId: 0 });
  });

  it("has another epoch each time, because its history is another", async () => {
    const epochs = await Promise.all([0, 1, 2].map(async () => (await new MemoryEventStore().bounds()).epoch));
    expect(new Set(epochs).size).toBe(3);
  });

  it("forgets the oldest beyond maxEvents, and their keys", async () => {
    const store = await filled(5_000, { maxEvents: 3 });
    expect(idsOf(await store.getEvents(0))).toEqual([4_998, 4_999, 5_000]);
    expect(await store.bounds()).toMatchObject({ firstId: 4_998, lastId: 5_000 });
    expect(await store.storeEvent(tick(1, "k4998"))).toMatchObject({ id: 4_998 });
    expect(await store.storeEvent(tick(1, "k4997"))).toMatchObject({ id: 5_001 });
  });

  it("forgets the oldest beyond maxBytes, but never the newest", async () => {
    const store = await filled(10, { maxBytes: 1 });
    expect(idsOf(await store.getEvents(0))).toEqual([10]);
  });

  it("reads pages by count and by bytes, at least one event each", async () => {
    const store = await filled(10);
    expect(idsOf(await store.read(3, { ...PAGE, maxEvents: 4 }))).toEqual([4, 5, 6, 7]);
    expect(idsOf(await store.read(3, { ...PAGE, maxBytes: 1 }))).toEqual([4]);
    expect(idsOf(await store.read(3, { ...PAGE, maxBytes: 40 }))).toEqual([4, 5]);
    expect(idsOf(await store.read(10, PAGE))).toEqual([]);
  });

  it("trims, also everything", async () => {
    const store = await filled(10);
    await store.trim(4);
    expect(await store.bounds()).toMatchObject({ firstId: 4, lastId: 10 });
    await store.trim(99);
    expect(await store.bounds()).toMatchObject({ firstId: 11, lastId: 10 });
    expect(await store.storeEvent(tick(11))).toMatchObject({ id: 11 });
    expect(idsOf(await store.getEvents(0))).toEqual([11]);
  });

  it("appends many in order or none, repeats answered with what is stored", async () => {
    const store = await filled(2);
    expect(idsOf(await store.append([tick(3), tick(1, "k1"), tick(4, "new"), tick(5, "new")]))).toEqual([3, 1, 4, 4]);
    const end = { type: "ssetarget:end", n: 0 };
    await expect(store.append([tick(6), end, tick(7)])).rejects.toMatchObject({ code: "stream-completed" });
    await expect(store.append([tick(6), { type: "x", n: 1n as unknown as number }])).rejects.toMatchObject({
      code: "unserializable-data",
    });
    expect(await store.bounds()).toMatchObject({ lastId: 4, completed: false });
    await store.append([tick(6), end]);
    expect(await store.bounds()).toMatchObject({ lastId: 6, completed: true });
    await expect(store.append([tick(7)])).rejects.toMatchObject({ code: "stream-completed" });
    expect(idsOf(await store.append([tick(1, "k1")]))).toEqual([1]);
  });

  it("notifies of what is appended, without repeats of known keys, until the watch is closed", async () => {
    const store = await filled(3);
    const [early, late] = [new Listener(), new Listener()];
    const watch = await store.watch(early);
    await store.append([tick(4), tick(5, "k5"), tick(1, "k1"), tick(6, "k5"), tick(7)]);
    await store.watch(late);
    await store.storeEvent(tick(2, "k2"));
    await store.storeEvent(tick(8));
    watch.close();
    watch.close();
    await store.storeEvent(tick(9));
    expect(early.notices).toEqual([
      [3, [4, 5, 6]],
      [6, [7]],
    ]);
    expect(late.notices).toEqual([
      [6, [7]],
      [7, [8]],
    ]);
    expect([early.changes, late.changes]).toEqual([0, 0]);
  });

  it("notifies that it was trimmed or deleted", async () => {
    const store = await filled(10);
    const listener = new Listener();
    await store.watch(listener);
    await store.trim(4);
    expect(listener.changes).toBe(1);
    const { epoch } = await store.bounds();
    await store.delete();
    expect(listener.changes).toBe(2);
    expect(await store.bounds()).toMatchObject({ firstId: 1, lastId: 0 });
    expect((await store.bounds()).epoch).not.toBe(epoch);
    expect(await store.storeEvent(tick(1, "k5"))).toMatchObject({ id: 1, n: 1 });
  });

  it("keeps copies", async () => {
    const store = new MemoryEventStore<StreamEvent & { list: number[] }>();
    const event = { type: "x", list: [1] };
    await store.storeEvent(event);
    event.list.push(2);
    expect(await store.getEvents(0)).toEqual([{ type: "x", list: [1], id: 1 }]);
  });

  it.each([{ maxEvents: 0 }, { maxBytes: -1 }])("refuses %j in words", (options) => {
    expect(() => new MemoryEventStore(options)).toThrow(/must be a whole number of at least 1/);
  });
});
