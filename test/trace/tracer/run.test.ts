import { afterEach, describe, expect, it, vi } from "vitest";
import type { EndData } from "../../../src/event/event.ts";
import { MemoryEventStore } from "../../../src/store/memory-event-store.ts";
import { SSETarget } from "../../../src/hub/sse-target.ts";
import type { SpanEvent } from "../../../src/trace/events.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { Tracer, type TracerOptions } from "../../../src/trace/tracer/tracer.ts";

const fail = (): never => {
  throw new RangeError("too far");
};

/** A sink that notes what is done with it, in order; its answers may be given by hand. */
function newSink({ complete, dispatch }: { complete?: () => unknown; dispatch?: (event: SpanEvent) => unknown } = {}) {
  const calls: unknown[] = [];
  return {
    calls,
    dispatchEvent(event: SpanEvent) {
      calls.push(event.type);
      return dispatch?.(event);
    },
    complete(end: EndData) {
      calls.push(end);
      return complete?.();
    },
  };
}

function newRun(sink: ReturnType<typeof newSink>, options?: TracerOptions) {
  const onError = vi.fn<(error: unknown) => void>();
  return { onError, tracer: new Tracer(sink, "run", { onError, ...options }) };
}

describe("a run", () => {
  it("ends its stream for those who watch, and gives back what it returns", async () => {
    const store = new MemoryEventStore<SpanEvent>();
    const target = new SSETarget<SpanEvent>("/sse", store);
    expect(await new Tracer(target, "run").run({ name: "import" }, async () => 42)).toBe(42);
    const history = await store.getEvents(0);
    expect(history.map(({ type }) => type)).toEqual(["started", "ended", "ssetarget:end"]);
    expect(history.at(-1)).toMatchObject({ reason: "completed" });
  });

  it("ends its stream also if it throws, says why, and throws that on unchanged", async () => {
    const store = new MemoryEventStore<SpanEvent>();
    const target = new SSETarget<SpanEvent>("/sse", store);
    const error = new RangeError("too far");
    const run = new Tracer(target, "run").run({ name: "import" }, (span) =>
      span.withSpan({ name: "step" }, () => Promise.reject(error)),
    );
    await expect(run).rejects.toBe(error);
    const history = await store.getEvents(0);
    expect(history.at(-1)).toMatchObject({ type: "ssetarget:end", reason: "failed", message: "too far" });
    const tree = new SpanTree();
    tree.applyAll(history);
    expect(tree).toMatchObject({ isCompleted: true, totals: { failed: 2, running: 0, abandoned: 0 } });
  });

  it("says of its failure what its span says", async () => {
    const ends: unknown[] = [];
    const run = async (options: TracerOptions, work: Parameters<Tracer["run"]>[1]): Promise<void> => {
      const sink = newSink();
      await newRun(sink, options)
        .tracer.run({ name: "a" }, work)
        .catch(() => {});
      ends.push(sink.calls.at(-1));
    };
    await run({ errorMessage: () => "it did not work" }, fail);
    await run({ errorMessage: () => undefined, includeStacks: true }, fail);
    await run({ maxStringLength: 4 }, fail);
    await run({}, (span) => span.setStatus({ code: "ERROR", message: "half of it" }));
    await run({}, (span) => span.setStatus({ code: "OK" }));
    expect(ends).toEqual([
      { reason: "failed", message: "it did not work" },
      { reason: "failed" },
      { reason: "failed", message: "too…" },
      { reason: "failed", message: "half of it" },
      { reason: "completed" },
    ]);
  });

  it("leaves its stream open if an engine has only stopped it for now", async () => {
    const sink = newSink();
    const { tracer } = newRun(sink, { isInterruption: () => true });
    await expect(tracer.run({ name: "a" }, fail)).rejects.toThrow("too far");
    expect(sink.calls).toEqual(["started"]);
  });

  it("needs no sink that has an end", async () => {
    const types: string[] = [];
    expect(await new Tracer((event) => types.push(event.type), "run").run({ name: "a" }, () => 1)).toBe(1);
    expect(types).toEqual(["started", "ended"]);
  });

  it.each([
    ["throws", fail],
    ["rejects", () => Promise.reject(new RangeError("too far"))],
  ])("is not failed by an end that %s, and tells of it", async (_what, complete) => {
    const { tracer, onError } = newRun(newSink({ complete }));
    expect(await tracer.run({ name: "a" }, () => 1)).toBe(1);
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ message: "too far" })]]);
  });
});

describe("a run with a slow sink", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("ends its stream only once all that it said is stored", async () => {
    const answers: (() => void)[] = [];
    const sink = newSink({
      dispatch: (event) =>
        event.type === "log" || event.type === "ended"
          ? new Promise<void>((resolve) => {
              answers.push(resolve);
            })
          : undefined,
    });
    const run = newRun(sink).tracer.run({ name: "a" }, (span) => span.log("info", "on the way"));
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(sink.calls).toEqual(["started", "log", "ended"]);
    answers[0]?.();
    await run;
    expect(sink.calls.at(-1)).toEqual({ reason: "completed" });
  });

  it.each([
    ["its end", newSink({ complete: () => new Promise(() => {}) })],
    ["everything", newSink({ dispatch: () => new Promise(() => {}), complete: () => new Promise(() => {}) })],
  ])("is held up by the bound alone if the sink hangs at %s", async (_what, sink) => {
    vi.useFakeTimers();
    const { tracer, onError } = newRun(sink, { maxSinkDelayMs: 300 });
    const done = vi.fn<(result: number) => void>();
    void tracer.run({ name: "a" }, () => 1).then(done);
    await vi.advanceTimersByTimeAsync(299);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledWith(1);
    expect(sink.calls.at(-1)).toEqual({ reason: "completed" });
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "timeout" })]]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
