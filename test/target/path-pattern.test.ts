import { MemoryEventStore, SSEHub, SSETarget } from "ssetarget";
import { describe, expect, it } from "vitest";
import { TestClient, turns } from "../support/test-client.ts";

const refusal = (code: string, words: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(words) as string });

describe("the path of a target", () => {
  it.each(["/runs/:id/sse", "/sse/*", "/*", "/:id", "/runs/{id}", "/runs/[id]/sse"])(
    "is one path, and not the pattern %s, which a hub takes",
    (path) => {
      expect(() => new SSETarget(path)).toThrow(refusal("invalid-option", "a hub takes patterns"));
    },
  );

  it("may have a colon within a part", () => {
    expect(new SSETarget("/a:b/sse")).toBeInstanceOf(SSETarget);
  });
});

describe("the pattern of a hub", () => {
  it.each([
    "/sse",
    "/sse/*",
    "/:id/*",
    "/a:id",
    "/:id/:id",
    "/:",
    "/:a-b",
    "runs/:id",
    "/ü/:id",
    "/:id?x",
    "/{id}",
    "",
    3,
  ])("is not %s", (path) => {
    expect(() => new SSEHub(path as string)).toThrow(refusal("invalid-option", '"/orgs/:org/runs/:id/sse"'));
  });

  it("may have several parts, whose streams never are one another's", async () => {
    const hub = new SSEHub("/orgs/:org/runs/:id/sse");
    const stream = hub.stream({ org: "acme", id: "r/1 é" });
    expect([stream.name, hub.pathOf(stream.name)]).toEqual([
      "acme/r%2F1%20%C3%A9",
      "/orgs/acme/runs/r%2F1%20%C3%A9/sse",
    ]);
    await stream.dispatchEvent({ type: "tick", n: 1 });
    await hub.dispatchEvent({ org: "acme/r", id: "1 é" }, { type: "tick", n: 2 });
    const client = new TestClient(hub, hub.pathOf(stream.name));
    await client.connect();
    await hub.stream(stream.name).dispatchEvent({ type: "tick", n: 3 });
    await turns(5);
    expect(client.read().seen.map((each) => each.kind === "event" && each.data["n"])).toEqual([1, 3]);
    for (const path of ["/orgs/acme/sse", "/orgs//runs/1/sse", "/orgs/a/runs/1/sse/", "/orgs/a/runs/%zz/sse"]) {
      expect(await new TestClient(hub, path).connect()).toBe(404);
    }
  });

  it("may have one, which then is the stream's name as it is", () => {
    const hub = new SSEHub("/runs/:id/sse");
    expect([hub.stream({ id: "a b" }).name, hub.pathOf({ id: "a b" })]).toEqual(["a b", "/runs/a%20b/sse"]);
  });

  it.each([
    [{ org: "a" }],
    [{ org: "a", id: "" }],
    [{ org: "a", id: ".." }],
    [{ org: "a", id: 3 }],
    [{ org: "a", id: "b", run: "c" }],
    ["a"],
    ["a/"],
    ["a/b/c"],
    ["a/b c"],
    ["a/%2e"],
  ])("makes no stream of %j", (name) => {
    const hub = new SSEHub("/orgs/:org/runs/:id/sse");
    expect(() => hub.stream(name as never)).toThrow(refusal("invalid-stream-name", ""));
  });

  it("gives its parts their names in types too", () => {
    const hub = new SSEHub("/orgs/:org/runs/:id/sse");
    // @ts-expect-error -- A part is missing.
    expect(() => hub.stream({ org: "a" })).toThrow(refusal("invalid-stream-name", "`id`"));
  });
});

describe("a worker that only writes", () => {
  type Tick = { type: "tick"; n: number };

  it("has a target of a store alone, which serves nothing and says so", async () => {
    const store = new MemoryEventStore<Tick>();
    const target = new SSETarget({ store, maxEventBytes: 100 });
    await target.dispatchEvent({ type: "tick", n: 1 });
    await target.complete();
    expect(await store.getEvents(0)).toMatchObject([{ n: 1 }, { type: "ssetarget:end" }]);
    await expect(target.fetch(new Request("http://localhost/sse"))).rejects.toEqual(
      refusal("invalid-option", "was made without a path"),
    );
    await target.close();
  });

  it("has a hub of stores alone", async () => {
    const stores = new Map<string, MemoryEventStore<Tick>>();
    const store = (name: string) => {
      const made = new MemoryEventStore<Tick>();
      stores.set(name, made);
      return made;
    };
    const hub = new SSEHub({ store });
    await hub.stream("a/b").dispatchEvent({ type: "tick", n: 1 });
    expect(await stores.get("a/b")?.getEvents(0)).toMatchObject([{ n: 1 }]);
    expect(() => hub.pathOf("a")).toThrow(refusal("invalid-option", "was made without a path"));
    await expect(hub.fetch(new Request("http://localhost/a"))).rejects.toEqual(
      refusal("invalid-option", "without a path"),
    );
  });

  it("is refused without either, and with options that there are none of", () => {
    expect(() => new SSETarget({} as never)).toThrow(refusal("invalid-option", "needs a path to serve, or a `store`"));
    expect(() => new SSEHub({} as never)).toThrow(refusal("invalid-option", "needs a path to serve, or a `store`"));
    expect(() => new SSETarget({ stor: 1 } as never)).toThrow(refusal("invalid-option", "did you mean `store`?"));
    expect(() => new SSETarget(null as never)).toThrow(refusal("invalid-option", "got"));
    expect(() => new SSEHub(null as never)).toThrow(refusal("invalid-option", "got"));
  });
});

describe("events that are not typed", () => {
  it("may have any fields, for targets, hubs and their listeners", async () => {
    const target = new SSETarget("/sse");
    let heard: unknown;
    target.addEventListener("tick", ({ event }) => (heard = event["n"]));
    expect(await target.dispatchEvent({ type: "tick", n: 1 })).toMatchObject({ n: 1 });
    expect(heard).toBe(1);
    expect(await new SSEHub("/:id").dispatchEvent("a", { type: "tick", n: 1 })).toMatchObject({ n: 1 });
  });
});
