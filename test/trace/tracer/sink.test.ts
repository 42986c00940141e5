import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Tracer, type TracerOptions } from "../../../src/trace/tracer/tracer.ts";
import type { SpanHandle } from "../../../src/trace/tracer/handle.ts";
import type { SpanEvent } from "../../../src/trace/events.ts";

type ErrorSpy = ReturnType<typeof vi.fn<(error: unknown) => void>>;

let onError: ErrorSpy;

beforeEach(() => {
  vi.useFakeTimers();
  onError = vi.fn<(error: unknown) => void>();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A sink whose answers are given by hand. */
function newHeldSink() {
  const held: { readonly event: SpanEvent; settle(): void; fail(error: unknown): void }[] = [];
  const sink = (event: SpanEvent): Promise<void> =>
    new Promise((resolve, reject) => {
      held.push({ event, settle: resolve, fail: reject });
    });
  return { held, sink };
}

function newTracer(sink: (event: SpanEvent) => unknown, options?: TracerOptions): Tracer {
  return new Tracer(sink, "run", { onError, ...options });
}

/** Runs a span to its end and says how much time that took. */
async function timeOf(tracer: Tracer): Promise<number> {
  const begin = Date.now();
  const work = tracer.withSpan({ name: "a" }, () => "result");
  await vi.runAllTimersAsync();
  expect(await work).toBe("result");
  return Date.now() - begin;
}

describe("the work in a span", () => {
  it("begins only once its start is stored", async () => {
    const { held, sink } = newHeldSink();
    const fn = vi.fn<() => void>();
    const work = newTracer(sink).withSpan({ name: "a" }, fn);
    await vi.advanceTimersByTimeAsync(500);
    expect(fn).not.toHaveBeenCalled();
    held[0]?.settle();
    await vi.advanceTimersByTimeAsync(0);
    expect(fn).toHaveBeenCalledTimes(1);
    held[1]?.settle();
    await work;
  });

  it("is not reported as done before its end is stored", async () => {
    const { held, sink } = newHeldSink();
    const done = vi.fn<() => void>();
    const work = newTracer(sink)
      .withSpan({ name: "a" }, () => {})
      .then(done);
    held[0]?.settle();
    await vi.advanceTimersByTimeAsync(900);
    expect(done).not.toHaveBeenCalled();
    held[1]?.settle();
    await work;
    expect(done).toHaveBeenCalledTimes(1);
    expect(onError).not.toHaveBeenCalled();
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("down"))],
    [
      "answers with a thenable that throws",
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- the case
        then: () => {
          throw new Error("down");
        },
      }),
    ],
    [
      "answers with a thenable whose `then` cannot be read",
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- the case
        get then() {
          throw new Error("down");
        },
      }),
    ],
  ])("is not failed by a sink that %s, which is reported once", async (_what, sink) => {
    const tracer = newTracer(sink);
    for (let round = 0; round < 3; round += 1) expect(await timeOf(tracer)).toBe(0);
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ message: "down" })]]);
  });

  it("keeps its own error, and its span ends once, where the sink fails as well", async () => {
    const seen: string[] = [];
    const tracer = newTracer(async (event) => {
      seen.push(event.type);
      throw new Error("sink");
    });
    const work = tracer.withSpan({ name: "a" }, () => {
      throw new Error("work");
    });
    await expect(work).rejects.toThrow("work");
    expect(seen).toEqual(["started", "ended"]);
  });

  it("is told of each time a sink that had recovered fails again", async () => {
    let isDown = true;
    const tracer = newTracer(async () => {
      if (isDown) throw new Error("down");
    });
    await timeOf(tracer);
    isDown = false;
    await timeOf(tracer);
    isDown = true;
    await timeOf(tracer);
    expect(onError).toHaveBeenCalledTimes(2);
  });

  it("is not failed by an onError that throws", async () => {
    const tracer = newTracer(() => Promise.reject(new Error("down")), {
      onError: () => {
        throw new Error("listener");
      },
    });
    expect(await timeOf(tracer)).toBe(0);
  });

  it("is delayed by a hanging sink once, not once a span", async () => {
    const tracer = newTracer(() => new Promise(() => {}), { maxSinkDelayMs: 300 });
    expect(await timeOf(tracer)).toBe(300);
    expect(await timeOf(tracer)).toBe(0);
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "timeout" })]]);
  });

  it("shares one delay with the spans that began while it lasted", async () => {
    const tracer = newTracer(() => new Promise(() => {}), { maxSinkDelayMs: 1000 });
    const begin = Date.now();
    const early = tracer.withSpan({ name: "a" }, () => {});
    await vi.advanceTimersByTimeAsync(900);
    const late = tracer.withSpan({ name: "b" }, () => Date.now() - begin);
    await vi.advanceTimersByTimeAsync(100);
    expect(await late).toBe(1000);
    await early;
  });

  it("waits again once all calls have settled that were outstanding when the wait was given up", async () => {
    const { held, sink } = newHeldSink();
    const tracer = newTracer(sink, { maxSinkDelayMs: 100 });
    const span = tracer.startSpan({ name: "outer" });
    expect(await timeOf(tracer)).toBe(100);
    span.log("info", "a later call that settles proves nothing");
    held.at(-1)?.settle();
    held[1]?.settle();
    await vi.advanceTimersByTimeAsync(0);
    expect(await timeOf(tracer)).toBe(0);
    held[0]?.settle();
    await vi.advanceTimersByTimeAsync(0);
    expect(await timeOf(tracer)).toBe(100);
    expect(onError).toHaveBeenCalledTimes(2);
  });

  it("never waits with a bound of 0", async () => {
    expect(await timeOf(newTracer(() => new Promise(() => {}), { maxSinkDelayMs: 0 }))).toBe(0);
    expect(onError).not.toHaveBeenCalled();
  });

  it("is not delayed by the log and updates it writes", async () => {
    const { held, sink } = newHeldSink();
    const work = newTracer(sink).withSpan({ name: "a" }, (span) => {
      span.log("info", "one");
      span.progress(1);
      return "done";
    });
    held[0]?.settle();
    await vi.advanceTimersByTimeAsync(0);
    held.at(-1)?.settle();
    expect(await work).toBe("done");
  });
});

describe("spans within one another", () => {
  /** A sink that takes so long for each event. */
  const slowSink = (ms: number) => (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

  async function timeOfNested(tracer: Tracer): Promise<number> {
    const begin = Date.now();
    const work = tracer.withSpan({ name: "run" }, async (run) => {
      for (let step = 0; step < 10; step += 1) await run.withSpan({ name: "step" }, () => {});
    });
    await vi.runAllTimersAsync();
    await work;
    return Date.now() - begin;
  }

  it("are delayed by a slow sink at their start only, and once more at the end of all", async () => {
    expect(await timeOfNested(newTracer(slowSink(100)))).toBe(12 * 100);
    expect(onError).not.toHaveBeenCalled();
  });

  it("are not done before the ends of all are stored, whatever the sink stores first", async () => {
    const { held, sink } = newHeldSink();
    const done = vi.fn<() => void>();
    const work = newTracer(sink)
      .withSpan({ name: "outer" }, (outer) =>
        outer.withSpan({ name: "inner" }, (inner) => inner.withSpan({ name: "core" }, () => {})),
      )
      .then(done);
    for (let start = 0; start < 3; start += 1) {
      await vi.advanceTimersByTimeAsync(0);
      held[start]?.settle();
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(held.map(({ event }) => `${event.type} ${event.name}`)).toEqual([
      "started outer",
      "started inner",
      "started core",
      "ended core",
      "ended inner",
      "ended outer",
    ]);
    held[5]?.settle();
    held[4]?.settle();
    await vi.advanceTimersByTimeAsync(500);
    expect(done).not.toHaveBeenCalled();
    held[3]?.settle();
    await work;
    expect(done).toHaveBeenCalledTimes(1);
  });

  it("wait themselves where the outer one is ended by hand, or has not waited for them", async () => {
    const timeOfInner = async (outer: SpanHandle): Promise<number> => {
      const begin = Date.now();
      await outer.withSpan({ name: "inner" }, () => {});
      return Date.now() - begin;
    };
    const tracer = newTracer(slowSink(100));
    const byHand = timeOfInner(tracer.startSpan({ name: "outer" }));
    let left: Promise<number> | undefined;
    const outer = tracer.withSpan({ name: "outer" }, (span) => {
      left = timeOfInner(span);
    });
    await vi.runAllTimersAsync();
    await outer;
    expect([await byHand, await left]).toEqual([200, 200]);
  });

  it("keep their own errors, and the sink's are told once", async () => {
    const tracer = newTracer(() => Promise.reject(new Error("down")));
    const work = tracer.withSpan({ name: "outer" }, (outer) =>
      outer.withSpan({ name: "inner" }, () => {
        throw new Error("work");
      }),
    );
    await expect(work).rejects.toThrow("work");
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ message: "down" })]]);
  });
});

describe("the sink", () => {
  it("is called in the order of events, without waiting for its answers", async () => {
    const { held, sink } = newHeldSink();
    const span = newTracer(sink, { minUpdateIntervalMs: 0 }).startSpan({ name: "a" });
    span.log("info", "one");
    span.progress(1);
    span.log("warn", "two");
    void span.end();
    expect(held.map(({ event }) => event.type)).toEqual(["started", "log", "updated", "log", "ended"]);
    for (const call of held) call.settle();
    await vi.advanceTimersByTimeAsync(0);
  });

  it("is spared what exceeds its bound, which is reported once until it has caught up", async () => {
    const { held, sink } = newHeldSink();
    const tracer = newTracer(sink, { maxPendingEvents: 4, maxSinkDelayMs: 0 });
    const span = tracer.startSpan({ name: "a" });
    for (let line = 0; line < 10; line += 1) span.log("info", `line ${line}`);
    expect(held).toHaveLength(4);
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "too-many-pending" })]]);

    for (const call of held) call.settle();
    await vi.advanceTimersByTimeAsync(0);
    span.log("info", "heard");
    expect(held).toHaveLength(5);
    for (let line = 0; line < 10; line += 1) span.log("info", `more ${line}`);
    expect(onError).toHaveBeenCalledTimes(2);
  });
});
