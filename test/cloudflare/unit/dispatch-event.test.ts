import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  batchedDispatchEvent,
  synchronousDispatchEvent,
  type DispatchEventOptions,
} from "../../../src/cloudflare/dispatch-event.ts";
import { FakeNamespace, fail, hang, spanEvent } from "./fake-namespace.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(batchMs?: number, options: DispatchEventOptions = {}) {
  const namespace = new FakeNamespace();
  const kept: Promise<unknown>[] = [];
  const errors: unknown[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void kept.push(promise) };
  const all = { onError: (error: unknown) => void errors.push(error), ...options };
  const batched = batchedDispatchEvent(ctx, namespace.binding, batchMs, all);
  const synchronous = synchronousDispatchEvent(ctx, namespace.binding, all);
  return { namespace, kept, errors, batched, synchronous };
}

const codeOf = (error: unknown) => (error as { code?: string }).code;

describe("batchedDispatchEvent", () => {
  it("gathers what comes within the delay into one call", async () => {
    const { namespace, batched } = setUp(100);
    await batched("run", spanEvent("a"));
    await vi.advanceTimersByTimeAsync(60);
    await batched("run", spanEvent("b"));
    expect(namespace.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(40);
    expect(namespace.calls.map(({ names }) => names)).toEqual([["a", "b"]]);
  });

  it("lets the first events out within a tenth of a second by default", async () => {
    const { namespace, batched } = setUp();
    await batched("run", spanEvent("a"));
    await vi.advanceTimersByTimeAsync(100);
    expect(namespace.stored).toEqual(["a"]);
  });

  it("loses nothing and keeps the order when calls fail, each time on a new stub", async () => {
    const { namespace, batched, errors } = setUp(10);
    namespace.next.push(fail, fail);
    await batched("run", spanEvent("a"));
    await vi.advanceTimersByTimeAsync(15);
    await batched("run", spanEvent("b"));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(namespace.stored).toEqual(["a", "b"]);
    expect(namespace.calls.map(({ names }) => names)).toEqual([["a"], ["a"], ["a"], ["b"]]);
    expect(new Set(namespace.calls.map(({ stub }) => stub)).size).toBe(4);
    expect(namespace.mostCallsUnderWay).toBe(1);
    expect(errors).toEqual([]);
  });

  it("does not wait for ever for a call that hangs", async () => {
    const { namespace, batched } = setUp(10, { callTimeoutMs: 500 });
    namespace.next.push(hang);
    await batched("run", spanEvent("a"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(namespace.stored).toEqual(["a"]);
    expect(namespace.calls).toHaveLength(2);
  });

  it("gives up after `retryForMs`, says so once, and delivers with the next event", async () => {
    const { namespace, batched, errors } = setUp(10, { retryForMs: 3_000 });
    namespace.next.push(...Array.from({ length: 50 }, () => fail));
    await batched("run", spanEvent("a"));
    await vi.advanceTimersByTimeAsync(10_000);
    const calls = namespace.calls.length;
    expect(calls).toBeGreaterThan(3);
    expect(calls).toBeLessThan(15);
    expect(errors.map(codeOf)).toEqual(["timeout"]);
    namespace.next.length = 0;
    await batched("run", spanEvent("b"));
    await vi.advanceTimersByTimeAsync(100);
    expect(namespace.stored).toEqual(["a", "b"]);
  });

  it("tries what had been given up once more when it is flushed", async () => {
    const { namespace, batched } = setUp(10, { retryForMs: 0 });
    namespace.next.push(fail);
    await batched("run", spanEvent("a"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(namespace.stored).toEqual([]);
    await batched.flush?.("run");
    expect(namespace.stored).toEqual(["a"]);
  });

  it("bounds a batch in events and in bytes, and does not delay a full one", async () => {
    const { namespace, batched } = setUp(60_000, { maxBatchEvents: 2, maxBatchBytes: 2_000 });
    await batched("run", spanEvent("a"));
    await batched("run", spanEvent("b"));
    await vi.advanceTimersByTimeAsync(0);
    expect(namespace.calls.map(({ names }) => names)).toEqual([["a", "b"]]);
    await batched("run", spanEvent("c", "started", "x".repeat(1_500)));
    await batched("run", spanEvent("d", "started", "x".repeat(1_500)));
    await batched.flush?.("run");
    expect(namespace.calls.map(({ names }) => names)).toEqual([["a", "b"], ["c"], ["d"]]);
  });

  it("refuses what says little first when too much is pending, and says so", async () => {
    const { namespace, batched, errors } = setUp(60_000, { maxPendingEvents: 3 });
    await batched("run", spanEvent("start"));
    await batched("run", spanEvent("line", "log"));
    await batched("run", spanEvent("progress", "updated"));
    await expect(batched("run", spanEvent("more progress", "updated"))).rejects.toMatchObject({
      code: "too-many-pending",
    });
    await batched("run", spanEvent("second start"));
    await batched("run", spanEvent("third start"));
    await expect(batched("run", spanEvent("fourth start"))).rejects.toMatchObject({ code: "too-many-pending" });
    await batched.flush?.("run");
    expect(namespace.stored).toEqual(["start", "second start", "third start"]);
    expect(errors.map(codeOf)).toEqual(["too-many-pending", "too-many-pending"]);
  });

  it("bounds the bytes that are pending", async () => {
    const { batched } = setUp(60_000, { maxPendingBytes: 1_000 });
    await batched("run", spanEvent("a", "started", "x".repeat(700)));
    await expect(batched("run", spanEvent("b", "started", "x".repeat(700)))).rejects.toMatchObject({
      code: "too-many-pending",
    });
  });

  it("refuses an event that could never be delivered, and holds up nothing for it", async () => {
    const { namespace, batched } = setUp(10, { maxEventBytes: 1_000 });
    await expect(batched("run", spanEvent("large", "started", "x".repeat(2_000)))).rejects.toMatchObject({
      code: "event-too-large",
    });
    const cyclic = { ...spanEvent("cyclic") } as unknown as { self: unknown };
    cyclic.self = cyclic;
    await expect(batched("run", cyclic as never)).rejects.toMatchObject({ code: "unserializable-data" });
    await batched("run", spanEvent("a"));
    await batched.flush?.("run");
    expect(namespace.stored).toEqual(["a"]);
  });

  it("says what was true when it was said", async () => {
    const { namespace, batched } = setUp(10);
    const event = spanEvent("before") as { name: string };
    await batched("run", event as never);
    event.name = "after";
    await batched.flush?.("run");
    expect(namespace.stored).toEqual(["before"]);
  });

  it("flushes at once, and waits until everything has arrived", async () => {
    const { namespace, batched } = setUp(60_000);
    await batched("run", spanEvent("a"));
    await batched("run", spanEvent("b"));
    await batched.flush?.("run");
    expect(namespace.stored).toEqual(["a", "b"]);
    await batched.flush?.("run");
    await batched.flush?.("nobody");
    expect(namespace.calls).toHaveLength(1);
  });

  it("keeps instances apart, whatever they are called", async () => {
    const { namespace, batched } = setUp(10);
    const ids = ["constructor", "__proto__", "toString", "run"];
    for (const id of ids) await batched(id, spanEvent(`of ${id}`));
    await vi.advanceTimersByTimeAsync(10);
    expect(namespace.calls.map(({ instanceId, names }) => [instanceId, ...names])).toEqual(
      ids.map((id) => [id, `of ${id}`]),
    );
  });

  it("keeps the isolate alive until all has been delivered", async () => {
    const { namespace, batched, kept } = setUp(10);
    namespace.next.push(fail);
    await batched("run", spanEvent("a"));
    expect(kept).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(kept);
    expect(namespace.stored).toEqual(["a"]);
  });

  it("refuses options that cannot work", () => {
    expect(() => setUp(-1)).toThrow("batchMs");
    expect(() => setUp(10, { maxBatchEvents: 0 })).toThrow("maxBatchEvents");
  });
});

describe("synchronousDispatchEvent", () => {
  it("resolves when the event has been stored", async () => {
    const { namespace, synchronous } = setUp();
    await synchronous("run", spanEvent("a"));
    expect(namespace.stored).toEqual(["a"]);
  });

  it("keeps the order of what is dispatched at the same time, even when a call fails", async () => {
    const { namespace, synchronous } = setUp();
    namespace.next.push(fail);
    const all = Promise.all([
      synchronous("run", spanEvent("a")),
      synchronous("run", spanEvent("b")),
      synchronous("run", spanEvent("c")),
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    await all;
    expect(namespace.stored).toEqual(["a", "b", "c"]);
    expect(namespace.mostCallsUnderWay).toBe(1);
  });

  it("rejects when the event could not be stored in time", async () => {
    const { namespace, synchronous } = setUp(undefined, { retryForMs: 0 });
    namespace.next.push(fail);
    await expect(synchronous("run", spanEvent("a"))).rejects.toMatchObject({ code: "timeout" });
  });
});
