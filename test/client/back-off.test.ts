import { connect, type ConnectOptions } from "ssetarget/client";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Exchange } from "./support/exchange.ts";

const streaming = { headers: { "content-type": "text/event-stream" } };
let exchange: Exchange;

beforeEach(() => {
  vi.useFakeTimers();
  exchange = new Exchange();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Connects until the test is over. */
function open(options: ConnectOptions = {}) {
  const connection = connect("http://h/sse", { fetch: exchange.fetch, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

describe("back-off", () => {
  it("doubles from `backoff.minMs` up to `backoff.maxMs`, each delay between half of it and all of it", async () => {
    const delays: number[][] = [];
    for (const random of [0, 0.5, 0.999]) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      exchange = new Exchange();
      open();
      await vi.advanceTimersByTimeAsync(200_000);
      delays.push(exchange.delaysMs.slice(0, 7));
    }
    expect(delays[0]).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    expect(delays[1]).toEqual([1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
    expect(delays[2]?.map((ms) => Math.round(ms / 100) * 100)).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it("begins anew after a connection that has delivered something, not after one that was merely opened", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    let text = ": nothing\n\n";
    exchange.answer = () => new Response(text, streaming);
    open();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(exchange.delaysMs).toEqual([1_000, 2_000, 4_000]);
    text = "id: 1\ndata: {}\n\n";
    await vi.advanceTimersByTimeAsync(8_000 + 1_000 + 1_000);
    expect(exchange.delaysMs.slice(3)).toEqual([8_000, 1_000, 1_000]);
  });

  it("goes by the server's `retry:`, shorter or longer than its own, up to `backoff.maxMs`", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    for (const [retryMs, delayMs] of [
      [50, 50],
      [7_000, 7_000],
      [99_000, 30_000],
    ] as const) {
      exchange = new Exchange();
      exchange.answer = () => new Response(`retry: ${retryMs}\nid: 1\ndata: {}\n\n`, streaming);
      open();
      await vi.advanceTimersByTimeAsync(delayMs);
      expect(exchange.delaysMs).toEqual([delayMs]);
    }
  });

  it("waits at least as long as `Retry-After` says, in seconds or until a date, however long", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const inTwoMinutes = () => new Date(Date.now() + 120_000).toUTCString();
    for (const [status, header, atLeastMs] of [
      [429, () => "7", 7_000],
      [503, () => "120", 120_000],
      [503, inTwoMinutes, 119_000],
      [429, () => "nonsense", 0],
      [429, () => "-5", 0],
      [503, () => new Date(0).toUTCString(), 0],
    ] as const) {
      exchange = new Exchange();
      exchange.answer = () => new Response("", { status, headers: { "retry-after": header() } });
      const connection = open();
      await vi.advanceTimersByTimeAsync(atLeastMs);
      expect(exchange.askedAtMs).toHaveLength(1);
      expect(connection.state.error?.retryAfterMs).toBeGreaterThanOrEqual(atLeastMs);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(exchange.askedAtMs).toHaveLength(2);
      connection.close();
    }
  });

  it("takes a `Retry-After` beyond what timers take for the longest that they do", async () => {
    exchange.answer = () => new Response("", { status: 503, headers: { "retry-after": "99999999999" } });
    open();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(exchange.askedAtMs).toHaveLength(1);
  });

  it("is cut short by `reconnect`, even where the server has asked for it", async () => {
    exchange.answer = () => new Response("", { status: 503, headers: { "retry-after": "600" } });
    using connection = open();
    await vi.advanceTimersByTimeAsync(1_000);
    connection.reconnect();
    await vi.advanceTimersByTimeAsync(0);
    expect(exchange.askedAtMs).toEqual([0, 1_000]);
  });

  it("is over at once when the connection is closed, and leaves no timer", async () => {
    const connection = open();
    await vi.advanceTimersByTimeAsync(5_000);
    const { length } = exchange.askedAtMs;
    connection.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(exchange.askedAtMs).toHaveLength(length);
  });
});

describe("the watchdog", () => {
  const encoder = new TextEncoder();
  let feed: (text: string) => void = () => {};
  const hanging = () => {
    exchange.answer = () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            feed = (text) => controller.enqueue(encoder.encode(text));
          },
        }),
        streaming,
      );
  };

  it("gives a connection up that has been silent for 45 s, and makes another", async () => {
    hanging();
    using connection = open();
    await vi.advanceTimersByTimeAsync(44_900);
    expect(connection.state.status).toBe("open");
    await vi.advanceTimersByTimeAsync(200);
    expect(connection.state).toMatchObject({ status: "waiting", error: { code: "connection-lost" } });
    expect(connection.state.error?.message).toContain("45000 ms");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(exchange.askedAtMs).toHaveLength(2);
  });

  it.each([-3_600_000, 3_600_000])("does not go by a system clock that is set by %d ms", async (byMs) => {
    hanging();
    using connection = open();
    await vi.advanceTimersByTimeAsync(1_000);
    vi.setSystemTime(Date.now() + byMs);
    await vi.advanceTimersByTimeAsync(43_900);
    expect(connection.state.status).toBe("open");
    await vi.advanceTimersByTimeAsync(200);
    expect(connection.state.status).toBe("waiting");
  });

  it("takes comments, events and half events for life", async () => {
    hanging();
    using connection = open({ idleTimeoutMs: 10_000 });
    await vi.advanceTimersByTimeAsync(0);
    for (const text of [": keepalive\n\n", "id: 1\nda", "ta: {}\n\n", ":", "\n\n"]) {
      await vi.advanceTimersByTimeAsync(9_000);
      feed(text);
    }
    await vi.advanceTimersByTimeAsync(9_000);
    expect(connection.state.status).toBe("open");
    await vi.advanceTimersByTimeAsync(1_100);
    expect(connection.state.status).toBe("waiting");
  });

  it("can be turned off", async () => {
    hanging();
    using connection = open({ idleTimeoutMs: null });
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(connection.state.status).toBe("open");
    expect(exchange.askedAtMs).toHaveLength(1);
  });

  it("does not count while the application is busy with what has arrived", async () => {
    hanging();
    using connection = open({ idleTimeoutMs: 10_000 });
    const events = connection[Symbol.asyncIterator]();
    const first = events.next();
    await vi.advanceTimersByTimeAsync(0);
    feed("id: 1\ndata: {}\n\nid: 2\ndata: {}\n\n");
    await first;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.state.status).toBe("open");
    await events.next();
    void events.next();
    await vi.advanceTimersByTimeAsync(10_100);
    expect(connection.state.status).toBe("waiting");
  });

  it("leaves nothing behind when the connection is closed", async () => {
    hanging();
    const connection = open();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connection.state.status).toBe("open");
    connection.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
