import type { WorkflowStep } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WorkflowEventStep } from "../../../src/cloudflare/workflow-event-step.ts";
import type { SpanEvent } from "../../../src/trace/events.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Callback = (ctx: object) => Promise<unknown>;

/** An engine that does what it is told to: the real one neither breaks on demand nor answers out of order. */
class FakeEngine {
  /** What each engine call is to do after its callback, by the step's name. */
  readonly after = new Map<string, () => Promise<unknown>>();
  readonly calls: unknown[][] = [];

  async do(name: string, ...rest: unknown[]): Promise<unknown> {
    this.calls.push(["do", name, ...rest]);
    if (name === "ssetarget:epoch") {
      await this.after.get(name)?.();
      // The same every time, as after a replay, though it is asked for as at the first time.
      await (rest[0] as () => Promise<string>)();
      return "the epoch";
    }
    const callback = rest.find((arg) => typeof arg === "function") as Callback | undefined;
    if (callback === undefined) throw new TypeError("the engine wants a callback");
    const result = await callback({ step: { name, count: 1 }, attempt: 1, config: {} });
    await this.after.get(name)?.();
    return result;
  }

  async sleep(name: string): Promise<void> {
    this.calls.push(["sleep", name]);
    await this.after.get(name)?.();
  }

  async sleepUntil(name: string): Promise<void> {
    await this.sleep(name);
  }

  async newerThanAll(...args: unknown[]): Promise<unknown> {
    return [this === (this as unknown), ...args];
  }

  readonly version = 7;
}

function setUp(dispatch: (id: string, event: SpanEvent) => Promise<void> = async () => {}, options = {}) {
  const engine = new FakeEngine();
  const events: SpanEvent[] = [];
  const errors: unknown[] = [];
  const recording = Object.assign(
    (id: string, event: SpanEvent) => {
      events.push(event);
      return dispatch(id, event);
    },
    { flush: (dispatch as { flush?: (id: string) => Promise<void> }).flush },
  );
  const step = new WorkflowEventStep(engine as unknown as WorkflowStep, "run", recording, undefined, {
    onError: (error: unknown) => void errors.push(error),
    ...options,
  });
  return { engine, step, events, errors };
}

const named = (events: readonly SpanEvent[]) =>
  events.map(({ type, name, kind = "internal" }) => `${type} ${kind} ${name}`);

describe("WorkflowEventStep", () => {
  describe("where events cannot be dispatched", () => {
    it("does the work all the same, and reports it", async () => {
      const { step, errors } = setUp(() => Promise.reject(new Error("no way through")));
      const result = step.withWorkflow("w", async () => {
        await step.sleep("nap", 1);
        return step.do("s", async () => "result");
      });
      await expect(result).resolves.toBe("result");
      expect(errors).toEqual([new Error("no way through")]);
    });

    it("does the work where dispatching throws at once, and the error listener as well", async () => {
      const broken = Object.assign(
        () => {
          throw new Error("broken");
        },
        {
          flush: () => {
            throw new Error("broken too");
          },
        },
      );
      const log = vi.spyOn(console, "error").mockImplementation(() => {});
      const { step } = setUp(broken, { onError: broken });
      const result = step.withWorkflow("w", async () => {
        await step.sleep("nap", 1);
        return step.do("s", async () => "result");
      });
      await expect(result).resolves.toBe("result");
      log.mockRestore();
    });

    it("passes the work's own failure on, unchanged", async () => {
      const { step } = setUp(() => Promise.reject(new Error("no way through")));
      const failure = new RangeError("the work's own");
      const result = step.withWorkflow("w", () => step.do("s", () => Promise.reject(failure)));
      await expect(result).rejects.toBe(failure);
    });

    it("is not held up by a dispatch that hangs beyond `maxSinkDelayMs`, and then not again", async () => {
      const { step } = setUp(() => new Promise(() => {}), { maxSinkDelayMs: 50 });
      const result = step.withWorkflow("w", async () => {
        for (let count = 0; count < 10; count++) await step.do("s", async () => {});
        return "result";
      });
      await vi.advanceTimersByTimeAsync(50);
      expect(vi.getTimerCount()).toBe(0);
      await expect(result).resolves.toBe("result");
    });

    it("is not held up by a flush that hangs beyond `flushTimeoutMs`", async () => {
      const dispatch = Object.assign(async () => {}, { flush: () => new Promise<void>(() => {}) });
      const { step, engine } = setUp(dispatch, { flushTimeoutMs: 100 });
      const result = step.withWorkflow("w", () => step.sleep("nap", 1));
      await vi.advanceTimersByTimeAsync(99);
      expect(engine.calls.map(([call]) => call)).not.toContain("sleep");
      await vi.advanceTimersByTimeAsync(1);
      expect(engine.calls.map(([call]) => call)).toContain("sleep");
      await vi.advanceTimersByTimeAsync(100);
      await result;
    });

    it("runs steps even where `shouldDispatch` fails", async () => {
      const engine = new FakeEngine();
      const broken = () => {
        throw new Error("the filter is broken");
      };
      const errors: unknown[] = [];
      const step = new WorkflowEventStep(engine as unknown as WorkflowStep, "run", async () => {}, broken, {
        onError: (error) => void errors.push(error),
      });
      await expect(step.do("s", async () => "result")).resolves.toBe("result");
      expect(errors).toEqual([new Error("the filter is broken")]);
    });
  });

  it("has told of a step before the step's callback begins", async () => {
    let release = (): void => {};
    const stored = new Promise<void>((resolve) => (release = resolve));
    const { step, events } = setUp((_id, { kind }) => (kind === "attempt" ? stored : Promise.resolve()));
    const callback = vi.fn(async () => {});
    const result = step.do("s", callback);
    await vi.advanceTimersByTimeAsync(100);
    expect(callback).not.toHaveBeenCalled();
    expect(named(events)).toEqual(["started step s", "started attempt s"]);
    release();
    await result;
    expect(callback).toHaveBeenCalledOnce();
  });

  it("gives parallel steps the same ids, whichever the engine answers first", async () => {
    const idsWith = async (slow: string) => {
      const { step, engine, events } = setUp();
      engine.after.set("ssetarget:epoch", () => vi.advanceTimersByTimeAsync(5).then(() => {}));
      const wait = () => new Promise<void>((resolve) => void setTimeout(resolve, 50));
      engine.after.set(slow, wait);
      const result = step.withWorkflow("w", () =>
        Promise.all([
          step.do("same", async () => (slow === "first" ? wait() : undefined)),
          step.do("same", async () => (slow === "second" ? wait() : undefined)),
          step.do("other", async () => {}),
          step.sleep("same", 1),
        ]),
      );
      await vi.advanceTimersByTimeAsync(500);
      await result;
      return events
        .filter(({ type, kind }) => type === "started" && kind !== "attempt")
        .map(({ spanId, kind }) => `${kind} ${spanId}`);
    };
    const ids = await idsWith("first");
    expect(new Set(ids).size).toBe(5);
    expect(await idsWith("second")).toEqual(ids);
  });

  it("says until when a sleep lasts, in every form of a duration", async () => {
    vi.setSystemTime(0);
    const { step, events } = setUp();
    await step.sleep("a", 1_500);
    await step.sleep("b", "2 seconds");
    await step.sleep("c", "1 week");
    await step.sleepUntil("d", new Date(60_000));
    await step.sleep("e", "a while" as never);
    await step.sleepUntil("f", new Date(Number.NaN));
    const started = events.filter(({ type }) => type === "started");
    expect(started.map((event) => (event as { until?: string }).until)).toEqual([
      "1970-01-01T00:00:01.500Z",
      "1970-01-01T00:00:02.000Z",
      "1970-01-08T00:00:00.000Z",
      "1970-01-01T00:01:00.000Z",
      undefined,
      undefined,
    ]);
  });

  it("leaves open what the engine's going away interrupted", async () => {
    const { step, engine, events } = setUp();
    for (const message of ["Aborting engine: Grace period complete", "Network connection lost."]) {
      events.length = 0;
      engine.after.set("s", () => Promise.reject(new Error(message)));
      await expect(step.withWorkflow("w", () => step.do("s", async () => {}))).rejects.toThrow(message);
      expect(named(events)).toContain("ended attempt s");
      expect(named(events)).not.toContain("ended step s");
      expect(named(events)).not.toContain("ended workflow w");
    }
  });

  it("takes a callback that lost a connection of its own for a failure", async () => {
    const { step, events } = setUp();
    const lost = () => Promise.reject(new Error("Network connection lost."));
    await expect(step.withWorkflow("w", () => step.do("s", lost))).rejects.toThrow("connection lost");
    expect(named(events)).toEqual([
      "started workflow w",
      "started step s",
      "started attempt s",
      "ended attempt s",
      "ended step s",
      "ended workflow w",
    ]);
  });

  it("shows steps without a workflow around them", async () => {
    const { step, events } = setUp();
    await step.do("s", async () => {});
    expect(events.map(({ parentSpanId }) => parentSpanId)[0]).toBe(null);
    expect(named(events)).toEqual(["started step s", "started attempt s", "ended attempt s", "ended step s"]);
  });

  describe("passes on", () => {
    it("methods and properties that it does not know", async () => {
      const { step, engine } = setUp();
      const newer = step as unknown as FakeEngine;
      await expect(newer.newerThanAll(1, "two")).resolves.toEqual([true, 1, "two"]);
      expect(newer.version).toBe(7);
      expect((step as unknown as { then?: unknown }).then).toBeUndefined();
      expect(engine.calls).toEqual([]);
    });

    it("configuration and rollback options, and what else may come", async () => {
      const { step, engine } = setUp();
      const config = { retries: { limit: 2, delay: 10 } };
      const rollback = async (): Promise<void> => {};
      const rollbackConfig = { timeout: 10 };
      await step.do("s", config, async () => {}, { rollback, rollbackConfig });
      const [, , passedConfig, callback, options] = engine.calls.find(([, name]) => name === "s") ?? [];
      expect(passedConfig).toBe(config);
      expect(callback).toBeTypeOf("function");
      expect(options).toMatchObject({ rollbackConfig });
    });

    it("calls that make no sense, so that the engine can say so", async () => {
      const { step } = setUp();
      await expect((step as unknown as { do(name: string): Promise<void> }).do("s")).rejects.toThrow(
        "the engine wants a callback",
      );
    });
  });
});
