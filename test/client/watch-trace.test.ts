import { SSETarget } from "ssetarget";
import { watchTrace } from "ssetarget/client";
import { Tracer, type SpanEvent } from "ssetarget/workflows";
import { afterEach, describe, expect, it, vi } from "vitest";
import { frame, openStreamOf, serve } from "./support/scripted-server.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A target's `fetch` as a client's. */
const fetchOf =
  (target: SSETarget<SpanEvent>) => (url: string, init: { readonly headers: Headers; readonly signal: AbortSignal }) =>
    target.fetch(new Request(url, init));

const span = (id: number, type: string, more: object = {}) =>
  frame(
    id,
    {
      traceId: "t",
      spanId: "s",
      parentSpanId: null,
      name: "work",
      timestamp: new Date(id * 1000).toISOString(),
      attributes: {},
      ...more,
    },
    type,
  );

describe("a watched trace", () => {
  it("is the tree of everything that was told, and ends with it", async () => {
    const target = new SSETarget<SpanEvent>("/sse");
    const tracer = new Tracer(target, "run-1");
    await tracer.withSpan({ name: "import" }, async (run) => {
      await run.withSpan({ name: "download" }, async () => {});
    });
    const watch = watchTrace("http://h/sse", { fetch: fetchOf(target) });
    await vi.waitFor(() => expect(watch.tree.totals.done).toBe(2));
    await target.complete();
    expect((await watch.closed).status).toBe("ended");
    expect(watch.state.status).toBe("ended");
    expect(watch.tree.isCompleted).toBe(true);
    expect(watch.tree.roots[0]?.children[0]?.name).toBe("download");
  });

  it("is emptied where the server has begun anew", async () => {
    const gap = 'event: ssetarget:gap\ndata: {"reason":"reset","after":1,"resumesAt":1}\n\n';
    const { url } = await serve(openStreamOf(span(1, "started"), gap, span(1, "started", { spanId: "other" })));
    using watch = watchTrace(url);
    await vi.waitFor(() => expect(watch.tree.get("other")).toBeDefined());
    expect(watch.tree.get("s")).toBeUndefined();
    expect(watch.tree.gaps).toHaveLength(1);
  });

  it("goes on from a snapshot", async () => {
    const { url, requests } = await serve(openStreamOf(span(2, "ended", { status: { code: "OK" } })));
    const started = { type: "started", id: 1, traceId: "t", spanId: "s", parentSpanId: null, name: "work" };
    using watch = watchTrace(url, {
      snapshot: { events: [{ ...started, timestamp: "2026-01-01T00:00:00.000Z", attributes: {} }], lastEventId: "1.e" },
    });
    expect(watch.tree.roots[0]?.state).toBe("running");
    await vi.waitFor(() => expect(watch.tree.roots[0]?.state).toBe("done"));
    expect(requests[0]?.headers["last-event-id"]).toBe("1.e");
  });

  it("tells of changes at most once a frame, and counts them", async () => {
    vi.useFakeTimers();
    let feed: (text: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        feed = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const watch = watchTrace("http://h/", {
      fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    });
    await vi.advanceTimersByTimeAsync(20);
    const versions: number[] = [];
    watch.subscribe(() => versions.push(watch.version));
    const before = watch.version;
    for (let id = 1; id <= 160; id++) {
      feed(span(id, "started", { spanId: `s${id}` }));
      await vi.advanceTimersByTimeAsync(1);
    }
    await vi.advanceTimersByTimeAsync(20);
    expect(watch.tree.size).toBe(160);
    expect(versions.length).toBeGreaterThan(5);
    expect(versions.length).toBeLessThanOrEqual(12);
    expect(versions).toEqual(versions.map((_, index) => before + index + 1));
    vi.setSystemTime(Date.now() - 3_600_000);
    const told = versions.length;
    feed(span(161, "started", { spanId: "set back" }));
    await vi.advanceTimersByTimeAsync(20);
    expect(versions).toHaveLength(told + 1);
    // What changes nothing is not told.
    feed(span(162, "started", { spanId: "s1" }));
    await vi.advanceTimersByTimeAsync(50);
    expect(watch.version).toBe(versions.at(-1));
    const { version } = watch;
    watch.close();
    await vi.advanceTimersByTimeAsync(20);
    expect(watch.state.status).toBe("closed");
    expect(watch.version).toBe(version + 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on telling whatever a subscriber throws or subscribes", async () => {
    const { url } = await serve(openStreamOf(span(1, "started")));
    const onError = vi.fn<(error: unknown) => void>();
    const watch = watchTrace(url, { onError });
    const thrown = new Error("of a subscriber");
    watch.subscribe(() => {
      throw thrown;
    });
    const versions: number[] = [];
    let letGo = (): void => {};
    const listener = (): void => {
      versions.push(watch.version);
      if (versions.length > 10) throw new Error("told again and again");
      letGo();
      letGo = watch.subscribe(listener);
    };
    letGo = watch.subscribe(listener);
    await vi.waitFor(() => expect(watch.tree.size).toBe(1));
    await vi.waitFor(() => expect(versions.at(-1)).toBe(watch.version));
    watch.close();
    await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(watch.version));
    expect(onError).toHaveBeenCalledWith(thrown);
    expect(new Set(versions).size).toBe(versions.length);
  });

  it("lets time pass for leases", async () => {
    vi.useFakeTimers({ now: 1_000 });
    const watch = watchTrace("http://h/", {
      tree: { leaseMs: 10_000 },
      fetch: async () => new Response(span(1, "started"), { headers: { "content-type": "text/event-stream" } }),
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(watch.tree.roots[0]?.state).toBe("running");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(watch.tree.roots[0]?.state).toBe("abandoned");
    const { version } = watch;
    expect(version).toBeGreaterThan(1);
    watch.close();
    await vi.advanceTimersByTimeAsync(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has the server's clock, also for leases", async () => {
    vi.useFakeTimers({ now: 0 });
    const aheadMs = 3_600_000;
    let feed: (text: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        feed = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const watch = watchTrace("http://h/", {
      tree: { leaseMs: 10_000 },
      fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    });
    for (let id = 1; id <= 2; id++) {
      await vi.advanceTimersByTimeAsync(2_000);
      feed(span(id, "started", { timestamp: new Date(Date.now() + aheadMs).toISOString() }));
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(watch.clock.now()).toBeCloseTo(Date.now() + aheadMs, -1);
    expect(watch.tree.roots[0]?.state).toBe("running");
    await vi.advanceTimersByTimeAsync(12_600);
    expect(watch.tree.roots[0]?.state).toBe("abandoned");
    watch.close();
  });

  it("tells of changes in the next animation frame, and does not wait for one that does not come", async () => {
    vi.useFakeTimers();
    const frames = new Map<number, (timeMs: number) => void>();
    let lastFrame = 0;
    vi.stubGlobal("requestAnimationFrame", (callback: (timeMs: number) => void) => {
      frames.set(++lastFrame, callback);
      return lastFrame;
    });
    vi.stubGlobal("cancelAnimationFrame", (id: number) => frames.delete(id));
    const target = new SSETarget<SpanEvent>("/sse");
    const watch = watchTrace("http://h/sse", { fetch: fetchOf(target) });
    const told: (number | undefined)[] = [];
    watch.subscribe((frameMs) => told.push(frameMs));
    await vi.advanceTimersByTimeAsync(50);
    expect(watch.state.status).toBe("open");
    expect(told).toEqual([]);
    frames.get(lastFrame)?.(7);
    frames.delete(lastFrame);
    expect(told).toEqual([7]);
    watch.close();
    await vi.advanceTimersByTimeAsync(110);
    expect(told).toEqual([7, undefined]);
    expect(frames.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("refuses options that cannot work", () => {
    expect(() => watchTrace("http://h/", { tree: { maxSpans: 0 } })).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
    expect(() => watchTrace("no url")).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });
});
