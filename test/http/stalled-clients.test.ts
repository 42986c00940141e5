import { SSEHub, SSETarget, sendEvents, type SSETargetOptions } from "ssetarget";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";
import { CreditSink, head, TestClient } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number; text?: string };

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function newTarget(options?: SSETargetOptions): SSETarget<Tick> {
  return new SSETarget<Tick>("/sse", undefined, options);
}

/** A client whose sink takes so many writes and is full from then on. */
async function connect(target: SSETarget<Tick> | SSEHub<Tick>, credit: number, path = "/sse"): Promise<TestClient> {
  const client = new TestClient(target, path);
  await client.connect(credit);
  return client;
}

describe("a client that does not read", () => {
  it("is let go after stallTimeoutMs, two minutes by default, and not before", async () => {
    const target = newTarget();
    const { sink } = await connect(target, 1);
    await vi.advanceTimersByTimeAsync(2 * MINUTE - 1);
    expect([sink.isDestroyed, target.connectionCount]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(1);
    expect([sink.isDestroyed, target.connectionCount]).toEqual([true, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stays as long as it takes something now and then", async () => {
    const target = newTarget({ stallTimeoutMs: 1_000 });
    for (let n = 1; n <= 50; n++) await target.dispatchEvent({ type: "tick", n, text: "x".repeat(300_000) });
    const { sink } = await connect(target, 1);
    for (let n = 0; n < 30; n++) {
      await vi.advanceTimersByTimeAsync(900);
      sink.drain(1);
    }
    expect(sink.isDestroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.isDestroyed).toBe(true);
  });

  it.each(["beginning", "new"] as const)("is let go whatever waits for it (%s)", async (startAt) => {
    const target = newTarget({ stallTimeoutMs: 1_000, keepAliveMs: null, startAt });
    const { sink } = await connect(target, 2);
    await target.dispatchEvent({ type: "tick", n: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.isDestroyed).toBe(true);
  });

  it("can stay forever if it may", async () => {
    const target = newTarget({ stallTimeoutMs: null });
    const { sink } = await connect(target, 1);
    await vi.advanceTimersByTimeAsync(1_000 * MINUTE);
    expect(sink.isDestroyed).toBe(false);
  });

  it("is let go when it does not even read the end of its stream", async () => {
    const target = newTarget({ stallTimeoutMs: 1_000 });
    const sink = new (class extends CreditSink {
      override end() {
        // The far end takes nothing, so the response is never over.
        this.isEnded = true;
      }
      override destroy() {
        this.isDestroyed = true;
        super.end();
      }
    })();
    const handled = await target.handle(head("/sse"));
    if (handled.kind === "stream") handled.connect(sink);
    await target.complete();
    await vi.advanceTimersByTimeAsync(900);
    expect([sink.isEnded, target.connectionCount]).toEqual([true, 1]);
    await vi.advanceTimersByTimeAsync(100);
    expect([sink.isDestroyed, target.connectionCount]).toEqual([true, 0]);
  });

  it("costs one timer for all clients, and none once they have left", async () => {
    const target = newTarget({ keepAliveMs: null });
    const readers = await Promise.all(Array.from({ length: 100 }, () => connect(target, 1_000)));
    const stalled = await Promise.all(Array.from({ length: 100 }, () => connect(target, 1)));
    expect(vi.getTimerCount()).toBe(1);
    for (const { sink } of stalled) sink.drain(10);
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect([...readers, ...stalled].every(({ isConnected }) => isConnected)).toBe(true);
    expect(vi.getTimerCount()).toBe(1);
    for (const client of [...readers, ...stalled]) client.disconnect();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not kept by a clock that is set", async () => {
    const target = newTarget();
    const { sink } = await connect(target, 1);
    await vi.advanceTimersByTimeAsync(MINUTE);
    vi.setSystemTime(0);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(sink.isDestroyed).toBe(true);
  });
});

describe("a response's body that nobody reads", () => {
  it("is let go of, with all that was given to it", async () => {
    const target = newTarget();
    for (let n = 1; n <= 20; n++) await target.dispatchEvent({ type: "tick", n, text: "x".repeat(100_000) });
    const { body } = await target.fetch(get("/sse"));
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(target.connectionCount).toBe(0);
    await expect(body?.getReader().read()).rejects.toThrow("it was not read");
  });

  it.each([undefined, null, 500])("is noticed however little waits in it (keepAliveMs: %s)", async (keepAliveMs) => {
    const target = newTarget(keepAliveMs === undefined ? {} : { keepAliveMs });
    await target.fetch(get("/sse"));
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(target.connectionCount).toBe(0);
  });

  it("is noticed when its client vanishes later, though nothing happens and there is no keep-alive", async () => {
    const target = newTarget({ keepAliveMs: null, stallTimeoutMs: 1_000 });
    const reader = new SSEReader(await target.fetch(get("/sse")));
    const reading = reader.readUntil(({ comments }) => comments.length === 2);
    await vi.advanceTimersByTimeAsync(2_500);
    await reading;
    expect(target.connectionCount).toBe(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(target.connectionCount).toBe(0);
  });

  it("stays while its reader takes a little of it at a time", async () => {
    const target = newTarget({ stallTimeoutMs: 1_000 });
    const reader = new SSEReader(await target.fetch(get("/sse")));
    for (let n = 1; n <= 30; n++) {
      await target.dispatchEvent({ type: "tick", n });
      await target.dispatchEvent({ type: "tick", n });
      await vi.advanceTimersByTimeAsync(700);
      await reader.readChunk();
    }
    expect(target.connectionCount).toBe(1);
    await vi.advanceTimersByTimeAsync(1_300);
    expect(target.connectionCount).toBe(0);
  });

  it("is let go of although its stream has ended", async () => {
    const target = newTarget();
    for (let n = 1; n <= 3; n++) await target.dispatchEvent({ type: "tick", n, text: "x".repeat(100_000) });
    await target.complete();
    const { body } = await target.fetch(get("/sse"));
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    await expect(body?.getReader().read()).rejects.toThrow("it was not read");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is let go of by sendEvents, which tells its source", async () => {
    // A fresh copy: all responses of a process share one timer, and those of other test files may still be watched.
    vi.resetModules();
    const { sendEvents: send } = await import("ssetarget");
    const onReturn = vi.fn();
    const source = async function* () {
      try {
        for (;;) yield "x".repeat(10_000);
      } finally {
        onReturn();
      }
    };
    const { response } = send(get("/sse"), source, { stallTimeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(900);
    expect(onReturn).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(onReturn).toHaveBeenCalledOnce();
    await expect(response.body?.getReader().read()).rejects.toThrow("it was not read");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("maxStalledBytes", () => {
  const EVENT = "x".repeat(100_000);

  it("bounds what waits for all slow clients of a hub together, whose streams are others", async () => {
    const hub = new SSEHub<Tick>("/:id", { maxStalledBytes: 350_000 });
    const clients: TestClient[] = [];
    for (let n = 1; n <= 10; n++) {
      await hub.dispatchEvent(`run-${n}`, { type: "tick", n, text: EVENT });
      clients.push(await connect(hub, 2, `/run-${n}`));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    // Each holds as much as the others, so those go first that have for the longest.
    expect(clients.map(({ sink }) => sink.isDestroyed)).toEqual([...Array(7).fill(true), false, false, false]);
    expect(hub.connectionCount).toBe(3);
  });

  it("counts what many clients wait for once", async () => {
    const target = newTarget({ maxStalledBytes: 350_000 });
    await target.dispatchEvent({ type: "tick", n: 1, text: EVENT });
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(target, 2)));
    expect(clients.filter(({ isConnected }) => isConnected)).toHaveLength(100);
  });

  it("lets the one go first that has held the most for the longest, and none that reads", async () => {
    const hub = new SSEHub<Tick>("/:id", { maxStalledBytes: 350_000 });
    await hub.dispatchEvent("small", { type: "tick", n: 1, text: "x".repeat(10_000) });
    for (const id of ["large", "other", "late"]) await hub.dispatchEvent(id, { type: "tick", n: 1, text: EVENT });
    await hub.dispatchEvent("large", { type: "tick", n: 2, text: EVENT });
    const small = await connect(hub, 2, "/small");
    const large = await connect(hub, 2, "/large");
    const reading = await connect(hub, 100, "/other");
    await vi.advanceTimersByTimeAsync(10_000);
    const other = await connect(hub, 2, "/other");
    await vi.advanceTimersByTimeAsync(10_000);
    const late = await connect(hub, 2, "/late");
    await vi.advanceTimersByTimeAsync(1);
    expect([small, large, reading, other, late].map(({ isConnected }) => isConnected)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it("is given back by clients that read on or leave", async () => {
    const hub = new SSEHub<Tick>("/:id", { maxStalledBytes: 250_000 });
    for (let n = 1; n <= 20; n++) {
      await hub.dispatchEvent(`run-${n}`, { type: "tick", n, text: EVENT });
      const client = await connect(hub, 2, `/run-${n}`);
      if (n % 2 === 0) client.disconnect();
      else client.sink.drain(10);
      expect(client.sink.isDestroyed).toBe(false);
    }
    expect(hub.connectionCount).toBe(10);
  });

  it("is given back by bodies that are read after their stream has ended", async () => {
    const hub = new SSEHub<Tick>("/:id", { maxStalledBytes: 250_000 });
    for (let n = 1; n <= 20; n++) {
      await hub.dispatchEvent(`run-${n}`, { type: "tick", n, text: EVENT });
      await hub.complete(`run-${n}`);
      const reader = await new SSEReader(await hub.fetch(get(`/run-${n}`))).readToEnd();
      expect(reader.ids).toEqual([1, 2]);
    }
    const unread = await Promise.all([1, 2, 3].map((n) => hub.fetch(get(`/run-${n}`))));
    const read = await Promise.allSettled(unread.map(async ({ body }) => body?.getReader().read()));
    expect(read.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected"]);
  });
});

describe("maxConnectionAgeMs", () => {
  it("ends a connection in good order at that age, with a moment of its own to reconnect", async () => {
    const target = newTarget({ maxConnectionAgeMs: MINUTE, keepAliveMs: null });
    const clients: TestClient[] = [];
    for (let n = 0; n < 20; n++) {
      clients.push(await connect(target, 100));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    // One for the ages, one for the stalls.
    expect(vi.getTimerCount()).toBe(2);
    await vi.advanceTimersByTimeAsync(MINUTE - 20_001);
    expect(target.connectionCount).toBe(20);
    await vi.advanceTimersByTimeAsync(1);
    expect(target.connectionCount).toBe(19);
    await vi.advanceTimersByTimeAsync(19_000);
    expect([target.connectionCount, vi.getTimerCount()]).toEqual([0, 0]);
    const delays = clients.map((client) => client.read().retries.at(-1) ?? -1);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...delays)).toBeLessThanOrEqual(3_500);
    expect(new Set(delays).size).toBeGreaterThan(10);
    expect(clients.every(({ sink }) => sink.isEnded && !sink.isDestroyed)).toBe(true);
  });

  it("loses nothing: the client goes on where it was", async () => {
    const target = newTarget({ maxConnectionAgeMs: 1_000 });
    const client = await connect(target, 100);
    for (let n = 1; n <= 30; n++) {
      await target.dispatchEvent({ type: "tick", n });
      await vi.advanceTimersByTimeAsync(300);
      if (!client.read().isConnected) await client.connect();
    }
    expect(client.ids).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    expect(client.gaps).toEqual([]);
  });

  it("ends one that does not read as well, by the stall timeout at the latest", async () => {
    const target = newTarget({ maxConnectionAgeMs: 1_500, stallTimeoutMs: 1_000 });
    const { sink } = await connect(target, 1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.isDestroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is any by default", async () => {
    const target = newTarget();
    const client = await connect(target, Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(1_000 * MINUTE);
    expect(client.isConnected).toBe(true);
  });
});

describe("the options", () => {
  it.each([
    { stallTimeoutMs: 0 },
    { stallTimeoutMs: 2 ** 31 },
    { stallTimeoutMs: "1000" },
    { maxStalledBytes: 0 },
    { maxStalledBytes: 1.5 },
    { maxStalledBytes: null },
    { maxConnectionAgeMs: -1 },
    { maxConnectionAgeMs: Number.NaN },
  ])("refuse %j by name", (options) => {
    const [name] = Object.keys(options) as [string];
    const refusal = expect.objectContaining({
      code: "invalid-option",
      message: expect.stringContaining(`\`${name}\``),
    });
    expect(() => new SSETarget("/sse", undefined, options as never)).toThrow(refusal as Error);
    expect(() => new SSEHub("/:id", options as never)).toThrow(refusal as Error);
    if (name === "stallTimeoutMs") expect(() => sendEvents(get("/sse"), options as never)).toThrow(refusal as Error);
  });
});
