import { MemoryEventStore } from "ssetarget";
import { describe, expect, it, vi } from "vitest";
import { frame, openStreamOf, ours, over, serve, streamOf } from "./support/scripted-server.ts";
import { serveTicks, type Tick } from "./support/tick-server.ts";
import { watch } from "./support/watched.ts";

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe("a connection to a target", () => {
  it("hands over what was and what comes, and ends with the stream", async () => {
    const server = await serveTicks();
    await server.tick(2);
    const { connection, events, statuses } = watch(server.url);
    await vi.waitFor(() => expect(events).toHaveLength(2));
    await server.tick(1);
    await server.target.complete();
    expect(await connection.closed).toMatchObject({ status: "ended" });
    const epoch = connection.lastEventId.split(".")[1];
    expect(events).toEqual([
      ...upTo(3).map((n) => ({ type: "tick", id: n, lastEventId: `${n}.${epoch}`, data: { n } })),
      { type: "ssetarget:end", id: 4, lastEventId: `4.${epoch}`, data: { key: "ssetarget:end" } },
    ]);
    expect(statuses).toEqual(["open", "ended"]);
    expect(server.requests).toHaveLength(1);
  });

  it("removes listeners after their first call with `once`, and when their `signal` aborts", async () => {
    const server = await serveTicks();
    const { connection, events } = watch(server.url);
    const controller = new AbortController();
    const heard: string[] = [];
    connection.addEventListener("tick", () => heard.push("once"), { once: true });
    connection.addEventListener("tick", () => heard.push("signal"), { signal: controller.signal });
    connection.addEventListener("tick", () => heard.push("aborted"), { signal: AbortSignal.abort() });
    await server.tick(2);
    await vi.waitFor(() => expect(events).toHaveLength(2));
    controller.abort();
    await server.tick(1);
    await vi.waitFor(() => expect(events).toHaveLength(3));
    expect(heard).toEqual(["once", "signal", "signal"]);
  });

  it("goes on from any cursor", async () => {
    const server = await serveTicks();
    await server.tick(9);
    await server.target.complete();
    const first = watch(server.url);
    await first.connection.closed;
    const epoch = first.connection.lastEventId.split(".")[1];
    for (let id = 0; id <= 9; id++) {
      for (const lastEventId of [`${id}`, `${id}.${epoch}`]) {
        const { connection, ids } = watch(server.url, { lastEventId });
        await connection.closed;
        expect(ids).toEqual(upTo(10, id + 1));
      }
    }
    const { connection, ids } = watch(server.url, { lastEventId: `10.${epoch}` });
    expect((await connection.closed).status).toBe("ended");
    expect(ids).toEqual([]);
  });

  it("misses nothing and repeats nothing, however often the network breaks", async () => {
    const server = await serveTicks();
    const { connection, ids } = watch(server.url);
    for (let round = 1; round <= 20; round++) {
      await server.tick(50);
      server.cut();
      if (round % 3 === 0) await vi.waitFor(() => expect(ids.length).toBeGreaterThan(round * 40));
    }
    await server.target.complete();
    await connection.closed;
    expect(ids).toEqual(upTo(1001));
    expect(server.requests.length).toBeGreaterThan(5);
  });

  it("is told of a reset where the server has begun anew, and begins anew", async () => {
    const server = await serveTicks();
    await server.tick(5);
    const { connection, events, ids } = watch(server.url);
    await vi.waitFor(() => expect(events).toHaveLength(5));
    server.restart();
    await server.tick(3);
    await vi.waitFor(() => expect(events).toHaveLength(9));
    expect(events[5]).toEqual({
      type: "ssetarget:gap",
      id: undefined,
      lastEventId: events[4]?.lastEventId,
      data: { reason: "reset", after: 5, resumesAt: 1 },
    });
    server.cut();
    await server.tick(1);
    await server.target.complete();
    await connection.closed;
    expect(ids).toEqual([...upTo(5), undefined, ...upTo(5)]);
  });

  it("is told once of a reset after which nothing has come yet", async () => {
    const server = await serveTicks();
    await server.tick(5);
    const { events } = watch(server.url);
    await vi.waitFor(() => expect(events).toHaveLength(5));
    server.restart();
    await vi.waitFor(() => expect(events).toHaveLength(6));
    for (let round = 0; round < 3; round++) {
      const before = server.requests.length;
      server.cut();
      await vi.waitFor(() => expect(server.open + server.requests.length).toBeGreaterThan(before + 1));
    }
    await server.tick(1);
    await vi.waitFor(() => expect(events).toHaveLength(7));
    expect(events.slice(5)).toMatchObject([
      { type: "ssetarget:gap", data: { reason: "reset", after: 5, resumesAt: 1 } },
      { type: "tick", data: { n: 1 }, id: 1 },
    ]);
  });

  it("is told of what was trimmed while it was away", async () => {
    const store = new MemoryEventStore<Tick>();
    const server = await serveTicks(store);
    await server.tick(5);
    const { events, connection } = watch(server.url);
    await vi.waitFor(() => expect(events).toHaveLength(5));
    for (let n = 6; n <= 10; n++) await store.storeEvent({ type: "tick", n });
    await store.trim(8);
    // Another process has no frames of what is gone.
    server.restart(store);
    await server.target.complete();
    await connection.closed;
    expect(events.slice(5)).toMatchObject([
      { type: "ssetarget:gap", data: { reason: "trimmed", after: 5, resumesAt: 8 } },
      { type: "tick", data: { n: 8 }, id: 8 },
      { type: "tick", data: { n: 9 }, id: 9 },
      { type: "tick", data: { n: 10 }, id: 10 },
      { type: "ssetarget:end", id: 11, data: { key: "ssetarget:end" } },
    ]);
  });

  it("is told where its cursor is none", async () => {
    const server = await serveTicks();
    await server.tick(1);
    await server.target.complete();
    const { connection, events } = watch(server.url, { lastEventId: "12abc" });
    await connection.closed;
    expect(events[0]).toMatchObject({
      type: "ssetarget:gap",
      data: { reason: "unknown-cursor", after: null, resumesAt: 1 },
    });
    expect(events).toHaveLength(3);
  });

  it("that only wants what is new misses nothing, though it was cut off before its first event", async () => {
    const server = await serveTicks(undefined, { startAt: "new" });
    await server.tick(3);
    const { connection, ids } = watch(server.url);
    await vi.waitFor(() => expect(connection.lastEventId).toMatch(/^3\./));
    server.cut();
    await server.tick(2);
    await server.target.complete();
    await connection.closed;
    expect(ids).toEqual([4, 5, 6]);
  });

  it("comes back to a server that is being closed and opened again, with its cursor", async () => {
    const store = new MemoryEventStore<Tick>();
    const server = await serveTicks(store);
    await server.tick(3);
    const { connection, ids } = watch(server.url);
    await vi.waitFor(() => expect(ids).toHaveLength(3));
    await server.target.close({ reconnectSpreadMs: 20 });
    server.restart(store);
    await server.tick(1);
    await server.target.complete();
    await connection.closed;
    expect(ids).toEqual(upTo(5));
  });

  it("is refused as the server says", async () => {
    const server = await serveTicks(undefined, {
      authorize: (request) => request.headers.get("authorization") === "Bearer let me in" || 401,
    });
    await server.target.complete();
    expect(await watch(server.url).connection.closed).toMatchObject({ status: "failed", error: { status: 401 } });
    expect(await watch(server.url, { token: "let me in" }).connection.closed).toMatchObject({ status: "ended" });
  });
});

describe("continuity", () => {
  it("holds wherever the network cuts the stream", async () => {
    const frames = upTo(5).map((id) => frame(`${id}.e`, { n: id, text: "é" }));
    const length = Buffer.byteLength(frames.join(""));
    for (let cutAt = 0; cutAt <= length; cutAt++) {
      let requests = 0;
      const { connection, ids } = watch("http://h/", {
        fetch: async (_url, { headers }) => {
          const after = Number.parseInt(headers.get("last-event-id") ?? "0", 10);
          if (after === 5) return new Response(null, { status: 204 });
          const bytes = Buffer.from(frames.slice(after).join(""));
          const body = new ReadableStream<Uint8Array>({
            start(controller) {
              controller.enqueue(requests++ === 0 ? bytes.subarray(0, cutAt) : bytes);
            },
            pull: (controller) => controller.error(new TypeError("the network is gone")),
          });
          return new Response(body, { headers: { "content-type": "text/event-stream" } });
        },
      });
      await connection.closed;
      expect(ids).toEqual(upTo(5));
    }
  });

  it("leaves out what the server sends again", async () => {
    const { url } = await serve(
      streamOf(frame("1.e"), frame("2.e"), frame("2.e"), frame("1.e")),
      streamOf(frame("2.e"), frame("3.e")),
      over,
    );
    const { connection, ids } = watch(url);
    await connection.closed;
    expect(ids).toEqual([1, 2, 3]);
  });

  it("does the same where ids name no history", async () => {
    const { url } = await serve(
      ours(streamOf(frame(1), frame(2), frame(2))),
      ours(streamOf(frame(1), frame(2), frame(5))),
      over,
    );
    const { connection, ids } = watch(url, { lastEventId: "1" });
    await connection.closed;
    expect(ids).toEqual([2, 5]);
  });

  it("takes a history's name when it comes, and ids without one to be of the same", async () => {
    const { url } = await serve(
      ours(streamOf(frame(1), frame(1), frame("2.e"), frame("3"), frame("3.e"), frame("4.e"))),
      over,
    );
    const { connection, ids } = watch(url);
    await connection.closed;
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  it("tells of another history that came without a word", async () => {
    const { url } = await serve(streamOf(frame("7.a")), streamOf(frame("1.b"), frame("2.b")), over);
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events).toMatchObject([
      { id: 7 },
      { type: "ssetarget:gap", lastEventId: "7.a", data: { reason: "reset", after: 7, resumesAt: 1 } },
      { id: 1 },
      { id: 2 },
    ]);
  });

  it("keeps the cursor where it was until something has followed a gap", async () => {
    const gap = 'event: ssetarget:gap\ndata: {"reason":"reset","after":7,"resumesAt":1}\n\n';
    const { url, requests } = await serve(streamOf(frame("7.a"), gap), streamOf(gap, frame("1.b")), over);
    const { connection, ids } = watch(url);
    await connection.closed;
    expect(ids).toEqual([7, undefined, 1]);
    expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "7.a", "1.b"]);
  });

  it("leaves a gap out that cannot be read", async () => {
    const errors: unknown[] = [];
    const { url } = await serve(streamOf("event: ssetarget:gap\ndata: {oops\n\n", frame(1)), over);
    const { connection, ids } = watch(url, { onError: (error) => errors.push(error) });
    await connection.closed;
    expect(ids).toEqual([1]);
    expect(errors).toHaveLength(1);
  });

  it("hands over what has no id, or one that is no place in an order, as it comes", async () => {
    const { url, requests } = await serve(
      streamOf("data: {}\n\ndata: {}\n\n", "id: 3f2a\ndata: {}\n\n", "id: 00f1\ndata: {}\n\n"),
      over,
    );
    const { connection, ids } = watch(url);
    await connection.closed;
    expect(ids).toEqual([undefined, undefined, undefined, undefined]);
    expect(requests[1]?.headers["last-event-id"]).toBe("00f1");
  });

  it("asks for nothing after the end, whatever the server does", async () => {
    const end = 'id: 2.e\nevent: ssetarget:end\ndata: {"key":"ssetarget:end"}\n\n';
    const { url, requests } = await serve(openStreamOf(frame("1.e"), end, frame("3.e")));
    const { connection, ids } = watch(url);
    expect((await connection.closed).status).toBe("ended");
    expect(connection.lastEventId).toBe("2.e");
    connection.reconnect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ids).toEqual([1, 2]);
    expect(requests).toHaveLength(1);
    await vi.waitFor(() => expect(requests[0]?.response.destroyed).toBe(true));
  });
});
