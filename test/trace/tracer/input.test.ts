import { Tracer, type SpanEvent, type SpanOptions } from "ssetarget/workflows";
import { describe, expect, it } from "vitest";

/** Options as they come from code without types. */
const hostile = (options: unknown) => options as SpanOptions;

describe("a span's options that make no sense", () => {
  it.each([
    ["a number for an id", { name: "a", spanId: 42 }, { spanId: "42" }],
    ["a number for a parent", { name: "a", parentSpanId: 7 }, { parentSpanId: "7" }],
    ["a name that is no text", { name: 5 }, { name: "5" }],
    ["none", undefined, { name: "unnamed" }],
    ["null", null, { name: "unnamed" }],
    [
      "a name that throws",
      {
        get name() {
          throw new Error("no name");
        },
      },
      { name: "unnamed" },
    ],
  ])("do not keep the work from being done: %s", async (_what, options, expected) => {
    const events: SpanEvent[] = [];
    const tracer = new Tracer((event) => void events.push(event), "run");
    expect(await tracer.withSpan(hostile(options), () => "done")).toBe("done");
    expect(events.map(({ type }) => type)).toEqual(["started", "ended"]);
    expect(events[0]).toMatchObject(expected);
  });
});

describe("a sink that falls behind", () => {
  it("loses log lines before it loses spans", async () => {
    const kept: SpanEvent[] = [];
    const tracer = new Tracer(
      (event) => {
        kept.push(event);
        return new Promise(() => {});
      },
      "run",
      { maxPendingEvents: 10, maxSinkDelayMs: 0 },
    );
    await tracer.withSpan({ name: "root", spanId: "root" }, async (root) => {
      for (let line = 0; line < 100; line++) root.log("info", `line ${line}`);
      await root.withSpan({ name: "child", spanId: "child" }, () => {});
    });
    const shape = kept.filter(({ type }) => type !== "log").map(({ type, spanId }) => `${type} ${spanId}`);
    expect(shape).toEqual(["started root", "started child", "ended child", "ended root"]);
  });

  it("by opening spans of its own does not take the work with it", async () => {
    const errors: unknown[] = [];
    let calls = 0;
    const tracer: Tracer = new Tracer(
      () => {
        calls++;
        void tracer.startSpan({ name: "inner" });
      },
      "run",
      { onError: (error) => errors.push(error) },
    );
    expect(await tracer.withSpan({ name: "outer" }, () => "done")).toBe("done");
    expect(calls).toBeLessThan(100);
    expect(errors).toEqual([expect.objectContaining({ code: "too-many-pending" })]);
  });
});
