import { type AnyEvent, MemoryEventStore, NullEventStore, SSEHub, SSETarget } from "ssetarget";
import { describe, expect, it } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";
import { TestClient, turns } from "../support/test-client.ts";

describe("a stream of a hub", () => {
  it("serves requests of any path", async () => {
    const hub = new SSEHub("/runs/:id/sse", { authorize: (_request, stream) => stream === "a" });
    await hub.dispatchEvent("a", { type: "x", n: 1 });
    const reader = await new SSEReader(await hub.stream("a").fetch(get("/elsewhere?lastEventId=0"))).readCount(1);
    expect(reader.text).toContain('data: {"n":1}');
    await reader.close();
    expect((await hub.stream("b").fetch(get("/runs/a/sse"))).status).toBe(403);
    await hub.close();
  });

  it("has listeners for its events only, which all handles of the name share", async () => {
    const hub = new SSEHub("/runs/:id/sse");
    const calls: string[] = [];
    const listener = ({ stream }: { stream: string }) => void calls.push(stream);
    hub.stream("a").addEventListener("x", listener);
    hub.addEventListener("x", ({ stream }) => void calls.push(`hub: ${stream}`));
    for (const name of ["a", "b"]) await hub.dispatchEvent(name, { type: "x" });
    hub.stream("a").removeEventListener("x", listener);
    await hub.dispatchEvent("a", { type: "x" });
    expect(calls).toEqual(["hub: a", "a", "hub: b", "hub: a"]);
    hub.stream("b").addEventListener("x", (event) => event.preventDefault());
    expect(await hub.stream("b").dispatchEvent({ type: "x" })).toBeUndefined();
  });

  it("is put away by close, and opened again when it is used", async () => {
    const stores = new Map<string, MemoryEventStore<AnyEvent>>();
    const store = (name: string) => {
      const made = stores.get(name) ?? new MemoryEventStore<AnyEvent>();
      stores.set(name, made);
      return made;
    };
    const hub = new SSEHub("/runs/:id/sse", { store });
    const stream = hub.stream("a");
    await stream.dispatchEvent({ type: "x", n: 1 });
    const client = new TestClient(hub, "/runs/a/sse");
    await client.connect();
    const stored = stream.dispatchEvent({ type: "x", n: 2 });
    await stream.close({ reconnectSpreadMs: 0 });
    expect([hub.streamCount, hub.connectionCount, client.isConnected]).toEqual([0, 0, false]);
    expect(await stored).toMatchObject({ id: 2 });
    await stream.close();
    await stream.dispatchEvent({ type: "x", n: 3 });
    await client.connect();
    await turns(5);
    expect(client.read().seen.map((each) => each.kind === "event" && each.data["n"])).toEqual([1, 2, 3]);
    await hub.close();
    await expect(stream.dispatchEvent({ type: "x" })).rejects.toMatchObject({ code: "closed" });
    await expect(stream.isCompleted()).rejects.toMatchObject({ code: "closed" });
  });
});

describe("a target", () => {
  it("takes its store as an option or by its place", async () => {
    const [option, place] = [new MemoryEventStore<AnyEvent>(), new MemoryEventStore<AnyEvent>()];
    await new SSETarget("/sse", { store: option, retryMs: null }).dispatchEvent({ type: "x" });
    await new SSETarget("/sse", place, { retryMs: null }).dispatchEvent({ type: "x" });
    await new SSETarget("/sse", new NullEventStore<AnyEvent>()).dispatchEvent({ type: "x" });
    expect([option.lastId, place.lastId]).toEqual([1, 1]);
    expect(() => new SSETarget("/sse", { retryMS: 1 } as never)).toThrow("retryMS");
  });

  it("knows whether it is completed", async () => {
    const target = new SSETarget("/sse");
    expect(await target.isCompleted()).toBe(false);
    await target.complete();
    expect(await target.isCompleted()).toBe(true);
  });
});
