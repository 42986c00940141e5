import { MemoryEventStore, NullEventStore, SSETarget, SSETargetError, type StreamEvent } from "ssetarget";
import { afterEach, describe, expect, it, vi } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";
import { TestClient, turns } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number; key?: string };
type Tock = { type: "tock"; text: string; key?: string };

const code = (expected: string) => expect.objectContaining({ name: "SSETargetError", code: expected });

async function dispatch(target: SSETarget<Tick>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await target.dispatchEvent({ type: "tick", n });
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a stream", () => {
  it("sends what was dispatched before the client came, then what comes", async () => {
    const target = new SSETarget<Tick>("/sse");
    await dispatch(target, 1, 3);
    const reader = new SSEReader(await target.fetch(get("/sse")));
    await reader.readCount(3);
    await dispatch(target, 4, 4);
    await reader.readCount(4);
    expect(reader.events.map(({ type, data }) => [type, data])).toEqual([1, 2, 3, 4].map((n) => ["tick", { n }]));
    expect(reader.ids).toEqual([1, 2, 3, 4]);
    await reader.close();
    expect(target.connectionCount).toBe(0);
  });

  it("writes an event as id with epoch, type and one line of JSON", async () => {
    const target = new SSETarget<Tock>("/sse");
    await target.dispatchEvent({ type: "tock", text: "line one\nline two\r\u2028\u{1F600}" });
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readCount(1);
    expect(reader.text).toMatch(
      /^retry: 2000\n\nid: 1\.[0-9a-z]{8}\nevent: tock\ndata: \{"text":"line one\\nline two\\r\u2028\u{1F600}"\}\n\n$/u,
    );
    await reader.close();
  });

  it("resumes after every possible id without a gap or a repeat", async () => {
    const target = new SSETarget<Tick>("/sse", undefined, { maxWindowEvents: 4 });
    await dispatch(target, 1, 10);
    const first = new TestClient(target);
    await first.connect();
    await turns();
    const epoch = first.read().cursor?.split(".")[1];
    for (let id = 0; id <= 10; id++) {
      for (const cursor of [`${id}`, `${id}.${epoch}`]) {
        const client = new TestClient(target, "/sse", cursor);
        await client.connect();
        await turns();
        expect(client.read().seen.map((each) => each.kind === "event" && each.id)).toEqual(
          Array.from({ length: 10 - id }, (_, index) => id + 1 + index),
        );
      }
    }
  });

  it("prefers the Last-Event-ID header to the lastEventId of the URL", async () => {
    const target = new SSETarget<Tick>("/sse");
    await dispatch(target, 1, 5);
    const byQuery = await new SSEReader(await target.fetch(get("/sse?lastEventId=3"))).readCount(2);
    const byHeader = await new SSEReader(
      await target.fetch(get("/sse?lastEventId=1", { "last-event-id": "4" })),
    ).readCount(1);
    const byEmptyHeader = await new SSEReader(
      await target.fetch(get("/sse?lastEventId=3", { "last-event-id": "" })),
    ).readCount(2);
    expect([byQuery.ids, byHeader.ids, byEmptyHeader.ids]).toEqual([[4, 5], [5], [4, 5]]);
  });

  it("closes clients at its end and answers 204 when they come back", async () => {
    const target = new SSETarget<Tick>("/sse");
    await dispatch(target, 1, 2);
    const live = new SSEReader(await target.fetch(get("/sse")));
    await live.readCount(2);
    await Promise.all([target.complete(), target.complete()]);
    const late = new SSEReader(await target.fetch(get("/sse")));
    for (const reader of [live, late]) {
      await reader.readToEnd();
      expect(reader.events.map(({ type }) => type)).toEqual(["tick", "tick", "ssetarget:end"]);
      const again = await target.fetch(get("/sse", { "last-event-id": reader.lastCursor ?? "" }));
      expect([again.status, again.body]).toEqual([204, null]);
    }
    expect(target.connectionCount).toBe(0);
    await expect(target.dispatchEvent({ type: "tick", n: 3 })).rejects.toEqual(code("stream-completed"));
  });

  it("tells a client that only wants what is new about the end, too", async () => {
    const target = new SSETarget<Tick>("/sse", undefined, { startAt: "new" });
    await dispatch(target, 1, 5);
    await target.complete();
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readToEnd();
    expect(reader.events.map(({ type }) => type)).toEqual(["ssetarget:end"]);
  });

  it.each([
    ["the newest events", { last: 2 }, [4, 5, 6]],
    ["what is new", "new", [6]],
    ["more than there are", { last: 99 }, [1, 2, 3, 4, 5, 6]],
  ] as const)("starts with %s where told to, and calls that no gap", async (_name, startAt, ids) => {
    const target = new SSETarget<Tick>("/sse", undefined, { startAt });
    await dispatch(target, 1, 5);
    const client = new TestClient(target);
    await client.connect();
    await dispatch(target, 6, 6);
    await turns();
    expect(client.read().seen.map((each) => each.kind === "event" && each.id)).toEqual(ids);
  });

  it("tells one who only wants what is new where it stands, so that it misses nothing while it is cut off", async () => {
    const target = new SSETarget<Tick>("/sse", undefined, { startAt: "new" });
    await dispatch(target, 1, 5);
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readUntil(({ text }) => text.includes("id:"));
    expect(reader.text).toMatch(/^retry: 2000\n\nid: 5\.\w+\n\n$/);
    await reader.close();
    await dispatch(target, 6, 6);
    const cursor = /id: (\S+)/.exec(reader.text)?.[1] ?? "";
    const again = await new SSEReader(await target.fetch(get("/sse", { "last-event-id": cursor }))).readCount(1);
    expect(again.ids).toEqual([6]);
    await again.close();
  });

  it("joins all events of one turn into one write, made once for all clients", async () => {
    const target = new SSETarget<Tick>("/sse");
    const clients = [new TestClient(target), new TestClient(target)];
    for (const client of clients) await client.connect();
    await Promise.all(Array.from({ length: 10 }, (_, n) => target.dispatchEvent({ type: "tick", n })));
    await turns();
    const [one, other] = clients.map((client) => client.sink.bytes);
    expect(one).toHaveLength(2);
    expect(one?.[1]).toBe(other?.[1]);
    expect(clients[0]?.ids).toHaveLength(10);
  });

  it("turns an event into JSON once, however many clients and however often it is replayed", async () => {
    const target = new SSETarget<StreamEvent & { value: unknown }>("/sse");
    const toJSON = vi.fn(() => "made once");
    const early = new TestClient(target);
    await early.connect();
    await target.dispatchEvent({ type: "x", value: { toJSON } });
    await turns();
    const late = new TestClient(target);
    await late.connect();
    await turns();
    expect([early.ids, late.ids]).toEqual([[1], [1]]);
    expect(toJSON).toHaveBeenCalledTimes(1);
  });

  it("is not changed by what the caller does with the event afterwards", async () => {
    const target = new SSETarget<StreamEvent & { list: number[] }>("/sse");
    const event = { type: "x", list: [1] };
    const stored = target.dispatchEvent(event);
    event.list.push(2);
    await stored;
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readCount(1);
    expect(reader.events[0]?.data).toEqual({ list: [1] });
  });
});

describe("dispatchEvent", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  it.each([
    ["no object", null, "invalid-event"],
    ["an array", [], "invalid-event"],
    ["no type", {}, "invalid-type"],
    ["an empty type", { type: "" }, "invalid-type"],
    ["a type with LF", { type: "a\nb" }, "invalid-type"],
    ["a type with CR", { type: "a\rb" }, "invalid-type"],
    ["a type with NUL", { type: "a\0b" }, "invalid-type"],
    ["a type with half a surrogate pair", { type: "a\uD83D" }, "invalid-type"],
    ["a type of the protocol's own", { type: "ssetarget:end" }, "reserved-type"],
    ["an id with LF", { type: "a", id: "1\n2" }, "invalid-id"],
    ["an id that is no whole number", { type: "a", id: 1.5 }, "invalid-id"],
    ["an empty key", { type: "a", key: "" }, "invalid-key"],
    ["a key that is no string", { type: "a", key: 7 }, "invalid-key"],
    ["a key with half a surrogate pair", { type: "a", key: "\uDE00k" }, "invalid-key"],
    ["a key of the protocol's own", { type: "a", key: "ssetarget:end" }, "invalid-key"],
    ["a BigInt", { type: "a", value: 1n }, "unserializable-data"],
    ["a cycle", { type: "a", cycle }, "unserializable-data"],
    [
      "a toJSON that throws",
      {
        type: "a",
        x: {
          toJSON: () => {
            throw new Error("no");
          },
        },
      },
      "unserializable-data",
    ],
    ["a toJSON of its own that makes it a string", { type: "a", toJSON: () => "s" }, "unserializable-data"],
    ["more than maxEventBytes", { type: "a", text: "é".repeat(60) }, "event-too-large"],
  ])("refuses %s, stores nothing and disturbs nobody", async (_name, bad, expected) => {
    const target = new SSETarget<StreamEvent>("/sse", undefined, { maxEventBytes: 100 });
    const client = new TestClient(target);
    await client.connect();
    await expect(target.dispatchEvent(bad as unknown as StreamEvent)).rejects.toEqual(code(expected));
    await expect(target.dispatchEvents([{ type: "good" }, bad as unknown as StreamEvent])).rejects.toEqual(
      code(expected),
    );
    await target.dispatchEvent({ type: "after" });
    await turns();
    expect(client.read().seen).toEqual([{ kind: "event", id: 1, type: "after", data: {} }]);
  });

  it("sends the type that was checked, whatever getter it comes from", async () => {
    const target = new SSETarget<StreamEvent>("/sse");
    let reads = 0;
    class Shifty {
      get type() {
        return reads++ === 0 ? "a" : "a\nid: 99\n\n";
      }
    }
    await target.dispatchEvent(new Shifty());
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readCount(1);
    expect(reader.events).toEqual([expect.objectContaining({ type: "a", data: {} })]);
    expect(reader.ids).toEqual([1]);
  });

  it("names the field, the value and the fix", async () => {
    const target = new SSETarget<StreamEvent>("/sse");
    const error = await target.dispatchEvent({ type: "a\nb" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SSETargetError);
    expect((error as SSETargetError).message).toBe(
      'an event\'s `type` must be a string of 1 to 256 characters without CR, LF or NUL, got "a\\nb"',
    );
  });

  it("takes types that other libraries keep for themselves", async () => {
    const target = new SSETarget<StreamEvent>("/sse");
    for (const type of ["ping", "message", "error", "open", "constructor", "__proto__"]) {
      await target.dispatchEvent({ type });
    }
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readCount(6);
    expect(reader.events.map(({ type }) => type)).toEqual([
      "ping",
      "message",
      "error",
      "open",
      "constructor",
      "__proto__",
    ]);
  });

  it("stores an event with a known key once and answers with the stored one", async () => {
    const target = new SSETarget<Tick>("/sse");
    const first = await target.dispatchEvent({ type: "tick", n: 1, key: "k" });
    const second = await target.dispatchEvent({ type: "tick", n: 2, key: "k" });
    await target.complete();
    const third = await target.dispatchEvent({ type: "tick", n: 3, key: "k" });
    expect([first, second, third]).toEqual([1, 2, 3].map(() => ({ type: "tick", n: 1, key: "k", id: 1 })));
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readToEnd();
    expect(reader.ids).toEqual([1, 2]);
  });

  it("rejects when the store falls behind further than allowed, and takes events again once it has caught up", async () => {
    let release = () => {};
    const store = new (class extends NullEventStore<Tick> {
      override async append(events: readonly Tick[]) {
        await new Promise<void>((resolve) => (release = resolve));
        return super.append(events);
      }
    })();
    const target = new SSETarget<Tick>("/sse", store, { maxPendingEvents: 1 });
    const first = target.dispatchEvent({ type: "tick", n: 1 });
    await expect(target.dispatchEvent({ type: "tick", n: 2 })).rejects.toEqual(code("too-many-pending"));
    release();
    expect(await first).toMatchObject({ id: 1 });
    const third = target.dispatchEvent({ type: "tick", n: 3 });
    await turns(1);
    release();
    expect(await third).toMatchObject({ id: 2 });
  });

  it("refuses what a broken store made of it, rather than sending it", async () => {
    const store = { storeEvent: async (event: Tick) => event as Tick & { id: number }, getEvents: async () => [] };
    const target = new SSETarget<Tick>("/sse", store);
    await expect(target.dispatchEvent({ type: "tick", n: 1 })).rejects.toEqual(code("store-contract"));
  });
});

describe("listeners on the server's side", () => {
  it.each([undefined, null, 7, {}])("cannot be %j", (listener) => {
    const target = new SSETarget<Tick>("/sse");
    expect(() => target.addEventListener("tick", listener as never)).toThrow(code("invalid-option"));
  });

  it("see events of their type first, and keep them from being stored and sent with preventDefault", async () => {
    const errors: unknown[] = [];
    const target = new SSETarget<Tick | Tock>("/sse", undefined, { onError: (error) => errors.push(error) });
    const heard: unknown[] = [];
    target.addEventListener("tick", (dispatched) => {
      heard.push(dispatched.event.n);
      if (dispatched.event.n % 2 === 0) dispatched.preventDefault();
    });
    target.addEventListener("tick", () => {
      throw new Error("a listener of somebody's");
    });
    target.addEventListener(
      "tock",
      { handleEvent: ({ event, stream }) => void heard.push(event.text, stream) },
      { once: true },
    );
    expect(await target.dispatchEvent({ type: "tick", n: 1 })).toMatchObject({ id: 1 });
    expect(await target.dispatchEvent({ type: "tick", n: 2 })).toBeUndefined();
    await target.dispatchEvent({ type: "tock", text: "a" });
    await target.dispatchEvent({ type: "tock", text: "b" });
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readCount(3);
    expect(reader.events.map(({ data }) => data)).toEqual([{ n: 1 }, { text: "a" }, { text: "b" }]);
    expect(heard).toEqual([1, 2, "a", "/sse"]);
    expect(errors.map(String)).toEqual(["Error: a listener of somebody's", "Error: a listener of somebody's"]);
  });

  it("may be async, and their rejections go to onError", async () => {
    const errors: unknown[] = [];
    const target = new SSETarget<Tick>("/sse", undefined, { onError: (error) => errors.push(error) });
    target.addEventListener("tick", () => Promise.reject(new Error("later")) as unknown as void);
    await dispatch(target, 1, 1);
    await turns();
    expect(errors.map(String)).toEqual(["Error: later"]);
  });

  it("are removed after their first call with `once`, and when their `signal` aborts", async () => {
    const target = new SSETarget<Tick>("/sse");
    const controller = new AbortController();
    const heard: string[] = [];
    target.addEventListener("tick", () => heard.push("once"), { once: true });
    target.addEventListener("tick", () => heard.push("signal"), { signal: controller.signal });
    target.addEventListener("tick", () => heard.push("aborted"), { signal: AbortSignal.abort() });
    await dispatch(target, 1, 2);
    controller.abort();
    await dispatch(target, 3, 3);
    expect(heard).toEqual(["once", "signal", "signal"]);
  });

  it("can be taken away", async () => {
    const target = new SSETarget<Tick>("/sse");
    const listener = vi.fn();
    target.addEventListener("tick", listener);
    target.removeEventListener("tick", listener);
    await dispatch(target, 1, 1);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe("a gap", () => {
  const gapOf = async (target: SSETarget<Tick>, cursor?: string) => {
    const client = new TestClient(target, "/sse", cursor);
    await client.connect();
    await turns();
    return client.read().seen.map((each) => (each.kind === "gap" ? each : each.id));
  };

  it.each(["abc", "12abc", "-1", "01", "1.5.2", " 1", "1e3", "9007199254740993", "1.é"])(
    "is told to a client whose cursor is %j, which is none, before the history",
    async (cursor) => {
      const target = new SSETarget<Tick>("/sse");
      await dispatch(target, 1, 2);
      expect(await gapOf(target, cursor)).toEqual([
        { kind: "gap", reason: "unknown-cursor", after: null, resumesAt: 1 },
        1,
        2,
      ]);
    },
  );

  it("is told to a client from before a restart, whose ids are of another history", async () => {
    const before = new SSETarget<Tick>("/sse");
    await dispatch(before, 1, 5);
    const client = new TestClient(before);
    await client.connect();
    await turns();
    client.disconnect();
    const after = new SSETarget<Tick>("/sse");
    await dispatch(after, 1, 7);
    expect(await gapOf(after, client.cursor)).toEqual([
      { kind: "gap", reason: "reset", after: 5, resumesAt: 1 },
      1,
      2,
      3,
      4,
      5,
      6,
      7,
    ]);
  });

  it("is told to a client that is ahead of the log, even where nothing has been dispatched yet", async () => {
    const target = new SSETarget<Tick>("/sse");
    const client = new TestClient(target, "/sse", "500");
    await client.connect();
    await dispatch(target, 1, 1);
    await turns();
    expect(client.read().seen).toEqual([
      { kind: "gap", reason: "reset", after: 500, resumesAt: 1 },
      { kind: "event", id: 1, type: "tick", data: { n: 1 } },
    ]);
  });

  it("is told where history was trimmed, to those who resume and to those who begin", async () => {
    const target = new SSETarget<Tick>("/sse", new MemoryEventStore({ maxEvents: 3 }), { maxWindowEvents: 1 });
    await dispatch(target, 1, 10);
    const trimmed = (after: number) => ({ kind: "gap", reason: "trimmed", after, resumesAt: 8 });
    expect(await gapOf(target, "4")).toEqual([trimmed(4), 8, 9, 10]);
    expect(await gapOf(target)).toEqual([trimmed(0), 8, 9, 10]);
    expect(await gapOf(target, "7")).toEqual([8, 9, 10]);
  });

  it("is told to a slow client for which the history ran away, as an overflow", async () => {
    const target = new SSETarget<Tick>("/sse", new MemoryEventStore({ maxEvents: 3 }), { maxWindowEvents: 1 });
    const client = new TestClient(target);
    await client.connect(2);
    await dispatch(target, 1, 1);
    await turns();
    await dispatch(target, 2, 10);
    await turns();
    expect(client.ids).toEqual([1]);
    client.sink.drain(100);
    await turns();
    expect(client.read().seen.slice(1)).toEqual([
      { kind: "gap", reason: "overflow", after: 1, resumesAt: 8 },
      ...[8, 9, 10].map((n) => ({ kind: "event", id: n, type: "tick", data: { n } })),
    ]);
  });

  it("has no id, so that the browser's cursor stays where it was", async () => {
    const target = new SSETarget<Tick>("/sse");
    const reader = await new SSEReader(await target.fetch(get("/sse", { "last-event-id": "abc" }))).readCount(1);
    expect(reader.text).toContain(
      'event: ssetarget:gap\ndata: {"reason":"unknown-cursor","after":null,"resumesAt":1}\n\n',
    );
    expect(reader.text).not.toContain("id:");
    await reader.close();
  });
});

describe("a slow client", () => {
  it("holds no events of its own, and gets all of them once it reads", async () => {
    const target = new SSETarget<Tock>("/sse", undefined, { maxWindowBytes: 1000 });
    const slow = new TestClient(target);
    await slow.connect(1);
    const quick = new TestClient(target);
    await quick.connect();
    for (let n = 0; n < 1_100; n++) {
      await target.dispatchEvent({ type: "tock", text: "x".repeat(1000) });
      if (n % 10 === 0) await turns(1);
    }
    await turns();
    expect(slow.sink.bytes, "the head and nothing else").toHaveLength(1);
    expect(quick.ids).toHaveLength(1_100);
    slow.sink.drain(1000);
    await turns(30);
    expect(slow.ids).toEqual(quick.ids);
    expect(slow.gaps).toEqual([]);
    expect(Math.max(...slow.sink.bytes.map(({ length }) => length)), "history comes in pieces").toBeLessThan(560_000);
  });

  it("stops being written to when its web stream is full, and goes on when it is read", async () => {
    const target = new SSETarget<Tock>("/sse");
    const reader = new SSEReader(await target.fetch(get("/sse")));
    for (let n = 0; n < 100; n++) await target.dispatchEvent({ type: "tock", text: "x".repeat(10_000) });
    await turns();
    await reader.readChunk();
    expect(reader.text.length).toBeLessThan(400_000);
    await reader.readCount(100);
    expect(reader.ids).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    await reader.close();
  });
});

describe("keep-alive", () => {
  it("is a comment every 15 s on connections that were quiet, from one timer", async () => {
    vi.useFakeTimers();
    const target = new SSETarget<Tick>("/sse", undefined, { stallTimeoutMs: null });
    const clients = [new TestClient(target), new TestClient(target), new TestClient(target)];
    for (const client of clients) await client.connect();
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(30_000);
    const counts = () => clients.map((client) => client.read().comments.length);
    expect(counts()).toEqual([2, 2, 2]);
    expect(clients[0]?.comments).toEqual(["keepalive", "keepalive"]);
    await vi.advanceTimersByTimeAsync(14_000);
    await target.dispatchEvent({ type: "tick", n: 1 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(counts(), "a connection that was just written to needs none").toEqual([2, 2, 2]);
    await vi.advanceTimersByTimeAsync(14_000);
    expect(counts(), "silence never lasts longer").toEqual([3, 3, 3]);
    for (const client of clients) client.disconnect();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not pile up behind a client that does not read", async () => {
    vi.useFakeTimers();
    const target = new SSETarget<Tick>("/sse");
    const client = new TestClient(target);
    await client.connect(1);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(client.sink.bytes).toHaveLength(1);
  });

  it("can be turned off", async () => {
    vi.useFakeTimers();
    const target = new SSETarget<Tick>("/sse", undefined, { keepAliveMs: null, stallTimeoutMs: null });
    await new TestClient(target).connect();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("close", () => {
  it("tells clients to come back within a spread, ends them after what they were sent, and takes no more", async () => {
    const target = new SSETarget<Tick>("/sse");
    const clients = Array.from({ length: 20 }, () => new TestClient(target));
    for (const client of clients) await client.connect();
    void target.dispatchEvent({ type: "tick", n: 1 });
    await Promise.all([target.close({ reconnectSpreadMs: 10_000 }), target.close()]);
    for (const client of clients) expect([client.ids, client.isConnected]).toEqual([[1], false]);
    const delays = clients.map((client) => client.retries.at(-1) ?? -1);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10_500);
    expect(new Set(delays).size).toBeGreaterThan(10);
    await expect(target.dispatchEvent({ type: "tick", n: 2 })).rejects.toEqual(code("closed"));
    // Not a 503, on which a browser's EventSource would give up for ever.
    const late = await new SSEReader(await target.fetch(get("/sse"))).readToEnd();
    expect([late.retries.length, late.events]).toEqual([1, []]);
  });

  it("has half of the clients back within two seconds by default, those included that come while it closes", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    for (const retryMs of [null, 50, 2_000, 60_000]) {
      const target = new SSETarget<Tick>("/sse", undefined, { retryMs });
      const client = new TestClient(target);
      await client.connect();
      await target.close();
      const late = new TestClient(target);
      await late.connect();
      expect([client.read().retries.at(-1), late.read().retries]).toEqual([2_000, [2_000]]);
    }
    vi.restoreAllMocks();
  });

  it.for(["closeTimeoutMs", "reconnectSpreadMs"] as const)(
    "refuses a %s that timers cannot wait for, and closes nothing",
    async (name) => {
      const target = new SSETarget("/sse");
      await expect(target.close({ [name]: 2 ** 31 })).rejects.toMatchObject({
        code: "invalid-option",
        message: expect.stringContaining("from 0 to 2147483647"),
      });
      await target.dispatchEvent({ type: "still open" });
      await target.close();
    },
  );

  it("is what `await using` does", async () => {
    let kept: SSETarget<Tick>;
    {
      await using target = new SSETarget<Tick>("/sse");
      kept = target;
    }
    await expect(kept.dispatchEvent({ type: "tick", n: 1 })).rejects.toEqual(code("closed"));
  });
});

describe("options", () => {
  it.each([
    [
      { keepAliveMs: 0 },
      "`keepAliveMs` must be a positive number of milliseconds up to 2147483647, got 0; pass null to turn it off",
    ],
    [
      { maxEventBytes: 1.5 },
      "`maxEventBytes` must be a whole number of at least 1, got 1.5; leave it out for the default, 1048576",
    ],
    [{ startAt: "end" }, '`startAt` must be "beginning", "new" or { last: <number of events> }, got "end"'],
    [{ authorize: true }, "`authorize` must be a function, got true"],
    [
      { cors: { credentials: true } },
      '`cors.origin` must name origins when `cors.credentials` is on, got "*"; browsers refuse the two together',
    ],
  ])("are refused in words where they cannot work: %j", (options, message) => {
    expect(() => new SSETarget("/sse", undefined, options as object)).toThrow(
      new SSETargetError("invalid-option", message),
    );
  });
});
