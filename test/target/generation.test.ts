import { createServer } from "node:http";
import { EventSource } from "eventsource";
import { type EventStore, MemoryEventStore, SSEHub, SSETargetError } from "ssetarget";
import { type ChunkEvent, type GenerationEnd, Generations, type GenerationsOptions } from "ssetarget/generations";
import { toNodeHandler } from "ssetarget/node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeDoors, listen } from "../support/per-request.ts";
import { until } from "../support/until.ts";
import { get, SSEReader } from "../support/sse-client.ts";
import { turns } from "../support/test-client.ts";

const sources: EventSource[] = [];
afterEach(() => {
  for (const source of sources.splice(0)) source.close();
  closeDoors();
});

function scene<C = string>(options: GenerationsOptions<C> = {}, store?: EventStore<ChunkEvent<C>>) {
  const onError = vi.fn();
  const hub = new SSEHub<ChunkEvent<C>>("/chat/:id/sse", {
    retryMs: 20,
    ...(store === undefined ? {} : { store: () => store }),
  });
  return { hub, onError, generations: new Generations<C>(hub, { batchMs: 0, onError, ...options }) };
}

/** What one who comes afterwards, or now, reads to the end: the chunks, and how it ended. */
async function read(hub: { fetch(request: Request): Promise<Response> }, id = "g", headers = {}) {
  const reader = await new SSEReader(await hub.fetch(get(`/chat/${id}/sse`, headers))).readToEnd();
  const end = reader.events.at(-1);
  return {
    chunks: reader.events.slice(0, -1).map(({ data }) => data as unknown),
    end: end?.type === "ssetarget:end" ? end.data : undefined,
  };
}

/** A source in the test's hands. */
function handSource<T>() {
  let push: (value: T) => void = () => {};
  let finish: (error?: Error) => void = () => {};
  const stream = new ReadableStream<T>({
    start(controller) {
      push = (value) => controller.enqueue(value);
      finish = (error) => (error === undefined ? controller.close() : controller.error(error));
    },
  });
  return { stream, push, finish };
}

/** Counts what is asked of a store, and may fail. */
class WatchedStore<C> extends MemoryEventStore<ChunkEvent<C>> {
  batches: number[] = [];
  fail: ((events: readonly ChunkEvent<C>[]) => unknown) | undefined;

  override async append(events: readonly ChunkEvent<C>[]) {
    if ((events[0]?.type as string) === "ssetarget:end") return super.append(events);
    const stored = this.fail?.(events);
    if (stored !== undefined) throw stored as Error;
    this.batches.push(events.length);
    return super.append(events);
  }
}

describe("a generation", () => {
  it("stores what its source brings, and ends the stream, without anybody who listens", async () => {
    const { hub, generations, onError } = scene<unknown>();
    const { done, id } = generations.start("g", ["a", { type: "text-delta", id: "0" }, 3, null]);
    expect(id).toBe("g");
    expect(await done).toEqual({ reason: "completed" });
    expect(await read(hub)).toEqual({
      chunks: ["a", { type: "text-delta", id: "0" }, 3, null],
      end: { key: "ssetarget:end", reason: "completed" },
    });
    expect(generations.size).toBe(0);
    expect(generations.get("g")).toBeUndefined();
    expect(onError).not.toHaveBeenCalled();
  });

  it("is seen live, and resumed where a page was, by any number of pages", async () => {
    const { hub, generations } = scene();
    const port = await listen(createServer(toNodeHandler(hub)));
    const { stream, push, finish } = handSource<string>();
    const { done } = generations.start("g", stream);
    const open = (lastEventId?: string) => {
      const heard: [string, string][] = [];
      const query = lastEventId === undefined ? "" : `?lastEventId=${lastEventId}`;
      const source = new EventSource(`http://127.0.0.1:${port}/chat/g/sse${query}`);
      sources.push(source);
      for (const type of ["chunk", "ssetarget:gap"]) {
        source.addEventListener(type, (event) =>
          heard.push([event.lastEventId, JSON.parse(event.data as string) as string]),
        );
      }
      return { source, heard, text: () => heard.map(([, text]) => text).join("") };
    };
    const first = open();
    push("Hel");
    await until(() => first.text() === "Hel");
    push("lo ");
    await until(() => first.text() === "Hello ");
    first.source.close();
    push("wor");
    const second = open();
    await until(() => second.text() === "Hello wor");
    // The first page is loaded again, and remembers where it was.
    const resumed = open(first.heard.at(-1)?.[0]);
    await until(() => resumed.text() === "wor");
    push("ld");
    finish();
    await done;
    await until(
      () => second.source.readyState === EventSource.CLOSED && resumed.source.readyState === EventSource.CLOSED,
    );
    expect([second.text(), resumed.text()]).toEqual(["Hello world", "world"]);
  });

  it("stops: the source's signal is aborted, what was there is kept, and the end says so", async () => {
    const { hub, generations, onError } = scene();
    let given: AbortSignal | undefined;
    let isReturned = false;
    const generation = generations.start("g", async function* (signal) {
      given = signal;
      try {
        yield "kept";
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      } finally {
        isReturned = true;
      }
    });
    const reader = new SSEReader(await hub.fetch(get("/chat/g/sse")));
    await reader.readCount(1);
    expect(given?.aborted).toBe(false);
    const stopped = generations.get("g")?.stop("The user has heard enough.");
    expect(given?.aborted).toBe(true);
    expect(await stopped).toEqual({ reason: "stopped", message: "The user has heard enough." });
    expect(await generation.stop("again")).toEqual(await stopped);
    await until(() => isReturned);
    expect(await read(hub)).toEqual({
      chunks: ["kept"],
      end: { key: "ssetarget:end", reason: "stopped", message: "The user has heard enough." },
    });
    await reader.readToEnd();
    expect(reader.events.at(-1)?.type).toBe("ssetarget:end");
    expect(onError).not.toHaveBeenCalled();
  });

  it("stops at once, whatever its source does", async () => {
    const { hub, generations } = scene();
    const never = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => new Promise<never>(() => {}),
      }),
    };
    for (const source of [never, () => never, () => new Promise<never>(() => {})]) {
      const id = `never-${Math.random()}`;
      const generation = generations.start(id, source);
      await turns();
      expect(await generation.stop()).toEqual({ reason: "stopped" });
      expect((await read(hub, id)).end).toMatchObject({ reason: "stopped" });
    }
  });

  it("can be stopped when its source never waits", async () => {
    const { generations } = scene({ join: () => "x" });
    const generation = generations.start(
      "g",
      (function* () {
        for (;;) yield "x";
      })(),
    );
    await turns(5);
    expect(await generation.stop()).toEqual({ reason: "stopped" });
  });

  it("is stopped by whoever ends its stream, in another process too", async () => {
    const store = new MemoryEventStore<ChunkEvent<string>>();
    const { generations, onError } = scene({}, store);
    const { stream, push } = handSource<string>();
    let given: AbortSignal | undefined;
    const { done } = generations.start("g", (signal) => {
      given = signal;
      return stream;
    });
    push("a");
    await until(() => store.lastId === 1);
    const elsewhere = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", { store: () => store });
    await elsewhere.complete("g", { reason: "stopped" });
    push("b");
    expect(await done).toEqual({ reason: "stopped" });
    expect(given?.aborted).toBe(true);
    expect(await read(elsewhere)).toEqual({ chunks: ["a"], end: { key: "ssetarget:end", reason: "stopped" } });
    expect(onError).not.toHaveBeenCalled();
  });

  it("is stopped by that at once, while its source is silent", async () => {
    const { hub, generations } = scene();
    let given: AbortSignal | undefined;
    const { done } = generations.start("g", async function* (signal) {
      given = signal;
      yield "a";
      await new Promise(() => {});
    });
    const reader = new SSEReader(await hub.fetch(get("/chat/g/sse")));
    await reader.readCount(1);
    await hub.complete("g", { reason: "stopped", message: "from elsewhere" });
    expect(await done).toEqual({ reason: "stopped" });
    expect(given?.aborted).toBe(true);
    expect((await read(hub)).end).toMatchObject({ reason: "stopped", message: "from elsewhere" });
  });

  it("says what its stream says, where somebody else has ended that first", async () => {
    const { hub, generations } = scene();
    const { stream, push, finish } = handSource<string>();
    const { done } = generations.start("g", stream);
    push("a");
    await (await new SSEReader(await hub.fetch(get("/chat/g/sse"))).readCount(1)).close();
    await hub.complete("g", { reason: "stopped" });
    finish();
    expect([await done, (await read(hub)).end]).toMatchObject([{ reason: "stopped" }, { reason: "stopped" }]);
  });

  it("is not begun again where its stream has ended: the source is not touched", async () => {
    const { hub, generations } = scene();
    await generations.start("g", ["a"]).done;
    const source = vi.fn();
    const onCancel = vi.fn();
    expect(await generations.start("g", source).done).toEqual({ reason: "stopped" });
    expect(await generations.start("g", new ReadableStream<string>({ cancel: onCancel })).done).toMatchObject({
      reason: "stopped",
    });
    expect(source).not.toHaveBeenCalled();
    expect(onCancel).toHaveBeenCalledTimes(1);
    expect(await read(hub)).toMatchObject({ chunks: ["a"], end: { reason: "completed" } });
  });

  it("can be stopped however broken its source is", async () => {
    const locked = new ReadableStream<string>();
    locked.getReader();
    const { generations } = scene();
    expect(await generations.start("g", locked).stop()).toEqual({ reason: "stopped" });
  });

  it("fails where its store does not answer, and does not wait for ever", async () => {
    const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", {
      store: () => ({ storeEvent: () => new Promise(() => {}), getEvents: async () => [] }),
    });
    vi.useFakeTimers();
    try {
      const generations = new Generations<string>(hub, { retryForMs: 0 });
      const { done } = generations.start("g", ["a"]);
      await vi.advanceTimersByTimeAsync(120_000);
      expect(await done).toMatchObject({ reason: "failed", error: { code: "timeout" } });
      await generations.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("ends when its source fails, with what came before, and without what is not for clients", async () => {
    const { hub, generations, onError } = scene();
    const failure = new Error("401 from https://user:password@model");
    const { done } = generations.start("g", async function* () {
      yield "before ";
      yield "it";
      throw failure;
    });
    expect(await done).toEqual({ reason: "failed", message: "The server could not continue.", error: failure });
    expect(await read(hub)).toEqual({
      chunks: ["before ", "it"],
      end: { key: "ssetarget:end", reason: "failed", message: "The server could not continue." },
    });
    expect(onError.mock.calls).toEqual([[failure]]);
    const told = scene({ errorMessage: () => "The model is busy." });
    await told.generations.start("g", () => Promise.reject(failure)).done;
    expect((await read(told.hub)).end).toMatchObject({ reason: "failed", message: "The model is busy." });
  });

  it("fails when its source brings nothing for too long", async () => {
    const { hub, generations, onError } = scene({ idleTimeoutMs: 20 });
    let given: AbortSignal | undefined;
    const { done } = generations.start("g", async function* (signal) {
      given = signal;
      yield "a";
      await new Promise(() => {});
    });
    expect(await done).toMatchObject({ reason: "failed", error: { code: "timeout" } });
    expect(given?.aborted).toBe(true);
    expect(await read(hub)).toMatchObject({ chunks: ["a"], end: { reason: "failed" } });
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it("fails when it brings what cannot be stored", async () => {
    const { hub, generations } = scene<unknown>();
    expect(await generations.start("g", [1n]).done).toMatchObject({
      reason: "failed",
      error: { code: "unserializable-data" },
    });
    expect((await read(hub)).end).toMatchObject({ reason: "failed" });
  });

  it("is started once, however often that is asked", async () => {
    const { generations } = scene();
    const source = handSource<string>();
    const other = vi.fn();
    const generation = generations.start("g", source.stream);
    expect(generations.start("g", other)).toBe(generation);
    expect(generations.size).toBe(1);
    source.finish();
    await generation.done;
    expect(other).not.toHaveBeenCalled();
  });

  it("stores many chunks of a short while as one", async () => {
    const store = new WatchedStore<string>();
    const { generations } = scene({}, store);
    await generations.start(
      "g",
      Array.from({ length: 900 }, (_, n) => `${n}`),
    ).done;
    expect(store.batches).toEqual([500, 400]);
    expect((await store.getEvents(0)).length).toBe(901);
  });

  it("joins chunks where it is told how", async () => {
    const store = new WatchedStore<string>();
    const { hub, generations } = scene({ join: (a, b) => (b === "|" || a === "|" ? undefined : a + b) }, store);
    await generations.start("g", ["a", "b", "|", "c", "d"]).done;
    expect((await read(hub)).chunks).toEqual(["ab", "|", "cd"]);
  });

  it("stores what is too large or too much together in pieces", async () => {
    const words = Array.from({ length: 40 }, (_, n) => `${n},${"x".repeat(50)} `);
    for (const join of [undefined, (a: string, b: string) => a + b]) {
      for (const limits of [{ maxEventBytes: 200 }, { maxPendingEvents: 3 }, { maxPendingBytes: 500 }]) {
        const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", limits);
        const generation = new Generations<string>(hub, { batchMs: 0, join, retryForMs: 0 }).start("g", words);
        expect(await generation.done).toEqual({ reason: "completed" });
        expect((await read(hub)).chunks.join("")).toBe(words.join(""));
      }
    }
  });

  it("does not ask its source for more than the store can keep up with", async () => {
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    class SlowStore extends MemoryEventStore<ChunkEvent<string>> {
      override async append(events: readonly ChunkEvent<string>[]) {
        await gate;
        return super.append(events);
      }
    }
    const { hub, generations } = scene({ maxPendingChunks: 10, join: (a, b) => a + b }, new SlowStore());
    let asked = 0;
    const { done } = generations.start("g", async function* () {
      for (; asked < 100; asked++) yield "x";
    });
    await turns(20);
    expect(asked).toBeLessThanOrEqual(20);
    letGo();
    await done;
    expect((await read(hub)).chunks.join("")).toBe("x".repeat(100));
  });

  it("tries again where the store cannot be reached, and stores nothing twice", async () => {
    const store = new WatchedStore<string>();
    let failures = 0;
    store.fail = (events) => {
      if (++failures > 2) return undefined;
      // It was stored, but the answer was lost on its way.
      if (failures === 2) void MemoryEventStore.prototype.append.call(store, events);
      return failures === 1 ? new SSETargetError("store-unavailable", "down") : new Error("ECONNRESET");
    };
    const { hub, generations, onError } = scene({}, store);
    expect(await generations.start("g", ["a", "b", "c"]).done).toEqual({ reason: "completed" });
    expect(failures).toBe(3);
    expect((await read(hub)).chunks).toEqual(["a", "b", "c"]);
    expect(onError).not.toHaveBeenCalled();
  });

  it("fails where the store stays away, and stops its source", async () => {
    const store = new WatchedStore<string>();
    store.fail = () => new SSETargetError("store-unavailable", "down");
    const { generations, onError } = scene({ retryForMs: 0 }, store);
    let given: AbortSignal | undefined;
    const end = await generations.start("g", async function* (signal) {
      given = signal;
      for (let n = 0; ; n++) {
        yield `${n}`;
        await turns(1);
      }
    }).done;
    expect(end).toMatchObject({ reason: "failed", error: { code: "store-unavailable" } });
    expect(given?.aborted).toBe(true);
    expect(onError).toHaveBeenCalledTimes(1);
    // The end itself could be stored.
    expect(store.isCompleted).toBe(true);
  });

  it("answers the request that has started it, whatever its path and method", async () => {
    const { generations, hub } = scene();
    const { stream, push, finish } = handSource<string>();
    const generation = generations.start("g", stream);
    push("a");
    const posted = new SSEReader(
      await generation.fetch(new Request("http://localhost/chat", { method: "POST", body: "hello" })),
    );
    await posted.readCount(1);
    const port = await listen(createServer(toNodeHandler(generation)));
    const overNode = await fetch(`http://127.0.0.1:${port}/chat?x=1`, {
      method: "POST",
      body: "hello",
      headers: { "last-event-id": posted.lastCursor ?? "" },
    });
    push("b");
    finish();
    expect((await posted.readToEnd()).events.map(({ data }) => data)).toMatchObject([
      "a",
      "b",
      { reason: "completed" },
    ]);
    expect((await new SSEReader(overNode).readToEnd()).events.map(({ data }) => data)).toMatchObject([
      "b",
      { reason: "completed" },
    ]);
    expect(hub.connectionCount).toBe(0);
    const head = await generation.fetch(new Request("http://localhost/chat", { method: "HEAD" }));
    expect([head.status, head.body]).toEqual([200, null]);
  });

  it("is let in by the hub as any other request is", async () => {
    const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", {
      authorize: (request) => request.headers.get("x-token") === "t",
    });
    const generation = new Generations<string>(hub).start("g", ["a"]);
    expect((await generation.fetch(new Request("http://localhost/chat", { method: "POST" }))).status).toBe(403);
    const headers = { "x-token": "t" };
    expect((await generation.fetch(new Request("http://localhost/chat", { method: "POST", headers }))).status).toBe(
      200,
    );
    await generation.done;
  });
});

describe("generations", () => {
  it("are stopped when they are closed, so that no page waits for ever", async () => {
    const { hub, generations } = scene();
    const ends: Promise<GenerationEnd>[] = [];
    for (const id of ["a", "b", "c"]) ends.push(generations.start(id, handSource<string>().stream).done);
    await generations.close();
    expect(await Promise.all(ends)).toEqual(
      Array.from({ length: 3 }, () => ({ reason: "stopped", message: "The server is closing." })),
    );
    for (const id of ["a", "b", "c"]) expect((await read(hub, id)).end).toMatchObject({ reason: "stopped" });
    expect(() => generations.start("d", [])).toThrow("the generations have been closed");
    await generations.close();
  });

  it("leave no timer behind", async () => {
    const { generations } = scene({ idleTimeoutMs: 1_000_000, batchMs: 1_000 });
    vi.useFakeTimers();
    try {
      const { done } = generations.start("g", ["a"]);
      await done;
      await vi.advanceTimersByTimeAsync(10);
      expect(vi.getTimerCount()).toBe(1); // The hub's sweep.
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([undefined, null, {}, "hub"])("are not to be had from %j for a hub", (hub) => {
    expect(() => new Generations(hub as never)).toThrow("`hub` must be an SSEHub");
  });

  it.each([
    [{ batchMs: -1 }],
    [{ maxPendingChunks: 0 }],
    [{ retryForMs: 0.5 }],
    [{ idleTimeoutMs: 0 }],
    [{ join: 1 as never }],
    [{ onError: "x" as never }],
    [{ errorMessage: "x" as never }],
  ])("refuse %j", (options) => {
    expect(() => new Generations(new SSEHub("/chat/:id/sse"), options)).toThrow(SSETargetError);
  });

  it.each([undefined, null, 17, "text", {}])("cannot be started from %j", (source) => {
    expect(() => scene().generations.start("g", source as never)).toThrow("`source` must be something to iterate");
  });
});
