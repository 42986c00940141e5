import { beforeEach, describe, expect, it, vi } from "vitest";
import { SSETargetError } from "../../../src/util/errors.ts";
import type { SpanEndedEvent, SpanEvent } from "../../../src/trace/events.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { Tracer, type TracerOptions } from "../../../src/trace/tracer/tracer.ts";
import { at, msAt } from "../support/span-events.ts";

let events: SpanEvent[];

beforeEach(() => {
  events = [];
});

function newTracer(options?: TracerOptions): Tracer {
  return new Tracer((event) => events.push(event), "run", options);
}

function lastEnd(): SpanEndedEvent {
  return events.findLast((event) => event.type === "ended") as SpanEndedEvent;
}

function shape(): string[] {
  return events.map(({ type, name }) => `${type} ${name}`);
}

describe("a tracer", () => {
  it("tells of a span's start and end, each with all that places it in the tree", async () => {
    let time = msAt(0);
    const tracer = newTracer({ now: () => time });
    await tracer.withSpan(
      { name: "pack", spanId: "s1", kind: "step", attempt: 2, attributes: { order: 7 } },
      (span) => {
        span.setAttributes({ boxes: 3 });
        time = msAt(250);
      },
    );
    const place = { traceId: "run", spanId: "s1", parentSpanId: null, name: "pack", kind: "step", attempt: 2 };
    expect(events).toEqual([
      { type: "started", ...place, key: "run/s1/started/2", timestamp: at(0), attributes: { order: 7 } },
      {
        type: "ended",
        ...place,
        key: "run/s1/ended/2",
        timestamp: at(250),
        status: { code: "OK" },
        attributes: { order: 7, boxes: 3 },
      },
    ]);
  });

  it("leaves the kind and the attempt out where they are the defaults", async () => {
    await newTracer().withSpan({ name: "pack", kind: "internal" }, () => {});
    expect(events[0]).not.toHaveProperty("kind");
    expect(events[0]).not.toHaveProperty("attempt");
  });

  it("returns what the function returns, awaited or not", async () => {
    const tracer = newTracer();
    expect(await tracer.withSpan({ name: "a" }, () => 42)).toBe(42);
    expect(await tracer.withSpan({ name: "b" }, async () => "later")).toBe("later");
  });

  it("throws on what the function throws, unchanged", async () => {
    const error = new RangeError("too far");
    const thrown = await newTracer()
      .withSpan({ name: "a" }, () => {
        throw error;
      })
      .catch((caught: unknown) => caught);
    expect(thrown).toBe(error);
    expect(lastEnd().status).toEqual({ code: "ERROR", message: "too far" });
    expect(lastEnd().attributes).toEqual({ "error.type": "RangeError" });
  });

  it("places nested spans below the span they were opened on, without ids by hand", async () => {
    await newTracer().withSpan({ name: "outer" }, async (outer) => {
      await outer.withSpan({ name: "inner" }, async (inner) => {
        expect(inner.parentSpanId).toBe(outer.spanId);
        await inner.withSpan({ name: "aside", parentSpanId: null }, (aside) => {
          expect(aside.parentSpanId).toBeNull();
        });
      });
    });
    expect(shape()).toEqual([
      "started outer",
      "started inner",
      "started aside",
      "ended aside",
      "ended inner",
      "ended outer",
    ]);
    const tree = new SpanTree();
    tree.applyAll(events.map((event, index) => ({ ...event, id: index + 1 })));
    expect(tree.roots.map(({ name }) => name)).toEqual(["outer", "aside"]);
    expect(tree.roots[0]?.children.map(({ name }) => name)).toEqual(["inner"]);
  });

  it("gives concurrent children the parent they belong to", async () => {
    await newTracer().withSpan({ name: "all", spanId: "p" }, async (span) => {
      await Promise.all(["a", "b", "c"].map((name) => span.withSpan({ name }, async () => Promise.resolve())));
    });
    const children = events.filter(({ type, name }) => type === "started" && name !== "all");
    expect(children.map(({ parentSpanId }) => parentSpanId)).toEqual(["p", "p", "p"]);
  });

  it("keeps ids that are given by hand", async () => {
    await newTracer().withSpan({ name: "a", spanId: "mine", parentSpanId: "theirs" }, () => {});
    expect(events[0]).toMatchObject({ spanId: "mine", parentSpanId: "theirs" });
  });

  it("writes how long a sleep or wait may take, however that is given", async () => {
    const tracer = newTracer();
    await tracer.withSpan({ name: "a", kind: "sleep", until: msAt(5000) }, () => {});
    await tracer.withSpan({ name: "b", kind: "wait", until: new Date(msAt(6000)), waitingFor: "paid" }, () => {});
    await tracer.withSpan({ name: "c", kind: "sleep", until: "whenever", startTime: at(10) }, () => {});
    const starts = events.filter(({ type }) => type === "started");
    expect(starts[0]).toMatchObject({ until: at(5000) });
    expect(starts[1]).toMatchObject({ until: at(6000), waitingFor: "paid" });
    expect(starts[2]).not.toHaveProperty("until");
    expect(starts[2]?.timestamp).toBe(at(10));
  });

  it("writes the same keys when the same attempt runs again, so that a store keeps each event once", async () => {
    const run = async (): Promise<string[]> => {
      events = [];
      await newTracer({ minUpdateIntervalMs: 0, attempt: 1 }).withSpan({ name: "run", spanId: "r" }, async (span) => {
        span.log("info", "between steps");
        span.progress(1, 2);
        await span.withSpan({ name: "step", spanId: "s" }, () => {});
      });
      return events.map(({ key }) => key as string);
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(new Set(first).size).toBe(first.length);
  });

  it("hands events to anything with a dispatchEvent, as its method", async () => {
    const target = {
      seen: 0,
      async dispatchEvent(_event: SpanEvent) {
        this.seen += 1;
      },
    };
    await new Tracer(target, "run").withSpan({ name: "a" }, () => {});
    expect(target.seen).toBe(2);
  });

  it("keeps going by the system's clock where its own is broken", async () => {
    const onError = vi.fn<(error: unknown) => void>();
    const tracer = newTracer({ now: () => NaN, onError });
    await tracer.withSpan({ name: "a" }, () => {});
    expect(Number.isNaN(Date.parse(events[0]?.timestamp ?? ""))).toBe(false);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["traceId", () => new Tracer(() => {}, "")],
    ["traceId", () => new Tracer(() => {}, 5 as never)],
    ["sink", () => new Tracer({} as never, "run")],
    ["maxSinkDelayMs", () => new Tracer(() => {}, "run", { maxSinkDelayMs: -1 })],
    ["maxSinkDelayMs", () => new Tracer(() => {}, "run", { maxSinkDelayMs: Infinity })],
    ["minUpdateIntervalMs", () => new Tracer(() => {}, "run", { minUpdateIntervalMs: NaN })],
    ["maxPendingEvents", () => new Tracer(() => {}, "run", { maxPendingEvents: 0 })],
    ["maxStringLength", () => new Tracer(() => {}, "run", { maxStringLength: 1.5 })],
    ["maxAttributesSize", () => new Tracer(() => {}, "run", { maxAttributesSize: 0 })],
  ])("refuses a bad %s and names it", (name, create) => {
    expect(create).toThrow(SSETargetError);
    expect(create).toThrow(expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(name) }));
  });
});

describe("a failed span", () => {
  async function failWith(error: unknown, options?: TracerOptions): Promise<SpanEndedEvent> {
    const thrown = await newTracer(options)
      .withSpan({ name: "a" }, () => {
        throw error;
      })
      .catch((caught: unknown) => caught);
    expect(thrown).toBe(error);
    return lastEnd();
  }

  it("never tells of stacks by default", async () => {
    const error = new Error("boom");
    const end = await failWith(error);
    expect(JSON.stringify(end)).not.toContain("tracer.test");
    expect(end.attributes).toEqual({ "error.type": "Error" });
  });

  it("tells of the stack where that is asked for, by OpenTelemetry's names", async () => {
    const error = new TypeError("boom");
    const end = await failWith(error, { includeStacks: true });
    expect(end.attributes).toEqual({
      "error.type": "TypeError",
      "exception.type": "TypeError",
      "exception.message": "boom",
      "exception.stacktrace": error.stack,
    });
  });

  it("prefers an error's code to its name as the type", async () => {
    const end = await failWith(Object.assign(new Error("gone"), { code: "ECONNRESET" }));
    expect(end.attributes).toEqual({ "error.type": "ECONNRESET" });
  });

  it("keeps the error type that the user has set", async () => {
    const tracer = newTracer();
    const work = tracer.withSpan({ name: "a" }, (span) => {
      span.setAttributes({ "error.type": "declined" });
      throw new Error("card");
    });
    await expect(work).rejects.toThrow("card");
    expect(lastEnd().attributes).toEqual({ "error.type": "declined" });
  });

  it("says what `errorMessage` makes of the error, and nothing where that is nothing or throws", async () => {
    const secret = new Error("password is hunter2");
    expect((await failWith(secret, { errorMessage: () => "login failed" })).status).toEqual({
      code: "ERROR",
      message: "login failed",
    });
    expect((await failWith(secret, { errorMessage: () => undefined })).status).toEqual({ code: "ERROR" });
    const broken = (): never => {
      throw new Error("redactor");
    };
    expect((await failWith(secret, { errorMessage: broken })).status).toEqual({ code: "ERROR" });
  });

  it.each([
    ["a text", "plain", "plain"],
    ["a number", 404, "404"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["nothing", undefined, undefined],
    ["null", null, undefined],
    ["a bare object", { message: "like an error" }, "like an error"],
    ["an object without a message", { toString: () => "hidden" }, undefined],
  ])("copes with a throw of %s", async (_what, error, message) => {
    const end = await failWith(error);
    expect(end.status).toEqual(message === undefined ? { code: "ERROR" } : { code: "ERROR", message });
    expect(end.attributes).toEqual({ "error.type": "_OTHER" });
  });

  it("copes with errors whose getters throw", async () => {
    const hostile = Object.defineProperties(new Error("x"), {
      message: {
        get: () => {
          throw new Error("message");
        },
      },
      name: {
        get: () => {
          throw new Error("name");
        },
      },
    });
    expect((await failWith(hostile, { includeStacks: true })).status).toEqual({ code: "ERROR" });
  });

  it("stays open where the error only means that the engine has stopped the run", async () => {
    const pause = new Error("Aborting engine: paused");
    const isInterruption = (error: unknown): boolean => error === pause;
    const work = newTracer({ isInterruption }).withSpan({ name: "a" }, () => {
      throw pause;
    });
    await expect(work).rejects.toBe(pause);
    expect(shape()).toEqual(["started a"]);
  });
});

describe("a span's status", () => {
  it("can be ERROR although the function returned", async () => {
    await newTracer().withSpan({ name: "a" }, (span) => span.setStatus({ code: "ERROR", message: "declined" }));
    expect(lastEnd().status).toEqual({ code: "ERROR", message: "declined" });
  });

  it("says what was set instead of what was thrown, but never OK of a throw", async () => {
    for (const [status, message] of [
      [{ code: "ERROR", message: "for people" } as const, "for people"],
      [{ code: "OK" } as const, "for programs"],
    ] as const) {
      const work = newTracer().withSpan({ name: "a" }, (span) => {
        span.setStatus(status);
        throw new Error("for programs");
      });
      await expect(work).rejects.toThrow("for programs");
      expect(lastEnd().status).toEqual({ code: "ERROR", message });
    }
  });
});

describe("a span that is ended by hand", () => {
  it("ends once, with the status it is given", async () => {
    const span = newTracer().startSpan({ name: "a" });
    await span.end({ code: "ERROR", message: "late" });
    await span.end();
    await span.fail(new Error("later"));
    expect(shape()).toEqual(["started a", "ended a"]);
    expect(lastEnd().status).toEqual({ code: "ERROR", message: "late" });
  });

  it("fails as a throw does", async () => {
    const span = newTracer().startSpan({ name: "a" });
    await span.fail(new RangeError("far"));
    expect(lastEnd()).toMatchObject({
      status: { code: "ERROR", message: "far" },
      attributes: { "error.type": "RangeError" },
    });
  });

  it("opens children of both sorts", async () => {
    const span = newTracer().startSpan({ name: "a", spanId: "p" });
    const child = span.startSpan({ name: "b" });
    await child.end();
    await span.withSpan({ name: "c" }, () => {});
    await span.end();
    expect(shape()).toEqual(["started a", "started b", "ended b", "started c", "ended c", "ended a"]);
    expect(child.parentSpanId).toBe("p");
  });

  it("ignores what comes after its end, and says so once", async () => {
    const onError = vi.fn<(error: unknown) => void>();
    const span = newTracer({ onError }).startSpan({ name: "a" });
    await span.end();
    span.log("info", "too late");
    span.update({ attributes: { a: 1 } });
    span.progress(1);
    span.setAttributes({ b: 1 });
    span.setStatus({ code: "OK" });
    expect(shape()).toEqual(["started a", "ended a"]);
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "closed" })]]);
  });
});
