import { MemoryEventStore, SSEHub, SSETarget, type EventStore, type SSETargetOptions } from "ssetarget";
import type { EventLog } from "ssetarget/store";
import { SqliteEventStores } from "ssetarget/sqlite";
import { describe, expect, it } from "vitest";
import { get } from "../support/sse-client.ts";
import { TwoMethodStore } from "../support/stores.ts";

type Tick = { type: "tick"; n: number };
const tick: Tick = { type: "tick", n: 1 };

interface Door {
  fetch(request: Request): Promise<Response>;
}

async function nameOf(door: Door, path = "/sse"): Promise<string | null> {
  const response = await door.fetch(get(path));
  await response.body?.cancel();
  return response.headers.get("ssetarget-stream");
}

const target = (store?: EventStore<Tick> | EventLog<Tick>, options: SSETargetOptions = {}) =>
  new SSETarget<Tick>("/sse", store, options);

describe("the name of a stream", () => {
  it("is the same for everybody who is served the same history", async () => {
    const store = new MemoryEventStore<Tick>();
    const first = target(store);
    const name = await nameOf(first);
    expect(name).toMatch(/^[0-9a-f]{16}$/);
    await first.dispatchEvent(tick);
    expect(await nameOf(first)).toBe(name);
    // Another process over the same store, with another rule for who is let in.
    expect(await nameOf(target(store, { authorize: () => true }))).toBe(name);
  });

  it("differs between two targets at one path", async () => {
    expect(await nameOf(target())).not.toBe(await nameOf(target()));
  });

  it("differs where clients begin at another place", async () => {
    const store = new MemoryEventStore<Tick>();
    const names = await Promise.all([
      nameOf(target(store)),
      nameOf(target(store, { startAt: "new" })),
      nameOf(target(store, { startAt: { last: 5 } })),
    ]);
    expect(new Set(names).size).toBe(3);
  });

  it("differs between streams of a hub, and says nothing of what they are called", async () => {
    const hub = new SSEHub<Tick>("/of/:user/sse");
    await hub.stream("anna").dispatchEvent(tick);
    const [anna, ben] = await Promise.all([nameOf(hub, "/of/anna/sse"), nameOf(hub, "/of/ben/sse")]);
    expect(anna).not.toBe(ben);
    expect(anna).not.toContain("anna");
  });

  it.each([0, 1])("differs between streams of one SQLite file that hold %i events", async (count) => {
    await using stores = new SqliteEventStores<Tick>(":memory:");
    const names = await Promise.all(
      ["anna", "ben"].map(async (user) => {
        for (let n = 0; n < count; n++) await stores.stream(user).append([tick]);
        return nameOf(target(stores.stream(user)));
      }),
    );
    expect(names[0]).not.toBe(names[1]);
  });

  it("stays as it is when a store names its history with the first event", async () => {
    await using stores = new SqliteEventStores<Tick>(":memory:");
    const late = target(stores.stream("run"));
    const name = await nameOf(late);
    await late.dispatchEvent(tick);
    expect(await nameOf(late)).toBe(name);
  });

  it("is of this process alone where the store names no history", async () => {
    const store = new TwoMethodStore<Tick>();
    const first = target(store);
    expect(await nameOf(first)).toBe(await nameOf(first));
    expect(await nameOf(first)).not.toBe(await nameOf(target(store)));
  });

  it("is not told to who is refused, and can be read from another origin where that is let in", async () => {
    const refusing = target(undefined, { authorize: () => false });
    expect(await nameOf(refusing)).toBeNull();
    for (const cors of [true, { origin: "https://app.example" }]) {
      const request = new Request("http://localhost/sse", { headers: { origin: "https://app.example" } });
      const { headers, body } = await target(undefined, { cors }).fetch(request);
      await body?.cancel();
      expect(headers.get("access-control-expose-headers")).toBe("ssetarget-stream");
    }
  });
});
