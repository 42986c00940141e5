import { beforeEach, describe, expect, it, vi } from "vitest";
import type { JsonObject, SpanEvent } from "../../../src/trace/events.ts";
import { Tracer, type TracerOptions } from "../../../src/trace/tracer/tracer.ts";

type ErrorSpy = ReturnType<typeof vi.fn<(error: unknown) => void>>;

let events: SpanEvent[];
let onError: ErrorSpy;

beforeEach(() => {
  events = [];
  onError = vi.fn<(error: unknown) => void>();
});

function newSpan(attributes?: Record<string, unknown>, options?: TracerOptions) {
  const tracer = new Tracer((event) => events.push(event), "run", { onError, ...options });
  return tracer.startSpan({ name: "a", attributes });
}

function startWith(attributes: Record<string, unknown>, options?: TracerOptions): JsonObject | undefined {
  newSpan(attributes, options);
  return events.at(-1)?.type === "started" ? (events.at(-1) as { attributes: JsonObject }).attributes : undefined;
}

describe("attributes", () => {
  it("are copied when they are given: later changes have no effect", async () => {
    const list = [1];
    const span = newSpan({ list });
    const more = { deep: { list } };
    span.setAttributes(more);
    list.push(2);
    more.deep = { list: [] };
    await span.end();
    expect(events[0]).toMatchObject({ attributes: { list: [1] } });
    expect(events[1]).toMatchObject({ attributes: { list: [1], deep: { list: [1] } } });
  });

  it("become what JSON can carry where something can stand in", () => {
    const date = new Date(0);
    const url = new URL("https://example.com/");
    const given = { big: 12n ** 20n, nan: NaN, inf: -Infinity, date, url, list: [1n, undefined], none: undefined };
    expect(startWith(given)).toEqual({
      big: "3833759992447475122176",
      nan: "NaN",
      inf: "-Infinity",
      date: "1970-01-01T00:00:00.000Z",
      url: "https://example.com/",
      list: ["1", null],
    });
    expect(onError).not.toHaveBeenCalled();
  });

  it("are dropped one by one where nothing can, and reported once", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const thrower = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    const hole = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 1);
    const given = { cycle, fn: () => 1, symbol: Symbol("s"), thrower, hole, kept: 1 };
    expect(startWith(given)).toEqual({ kept: 1 });
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "unserializable-data" })]]);
  });

  it("may name one object twice, for that is no cycle", () => {
    const shared = { x: 1 };
    expect(startWith({ pair: [shared, shared] })).toEqual({ pair: [{ x: 1 }, { x: 1 }] });
    expect(onError).not.toHaveBeenCalled();
  });

  it("never fail the work, whatever is given for them", async () => {
    const throwing = Object.defineProperty({}, "bad", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    const span = newSpan();
    for (const bad of [throwing, proxy, 5, "text", [1], null, undefined]) {
      span.setAttributes(bad as never);
      span.update({ attributes: bad as never });
      span.log("info", "line", bad as never);
    }
    span.update(null as never);
    await span.end();
    expect(events.at(-1)).toMatchObject({ type: "ended", attributes: {} });
  });

  it("are bounded in the length of a text, with an ellipsis", () => {
    expect(startWith({ long: "x".repeat(10_000) })).toEqual({ long: `${"x".repeat(8191)}…` });
    expect(startWith({ emoji: "😀😀😀" }, { maxStringLength: 4 })).toEqual({ emoji: "😀…" });
  });

  it("are bounded in all: what there is no room for is dropped and reported", async () => {
    const span = newSpan({ first: "x".repeat(60) }, { maxAttributesSize: 100 });
    span.setAttributes({ second: "y".repeat(60), third: 3 });
    await span.end();
    expect(events[1]).toMatchObject({ attributes: { first: "x".repeat(60), third: 3 } });
    expect(JSON.stringify((events[1] as { attributes: JsonObject }).attributes).length).toBeLessThanOrEqual(100);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it("may be set again and again within their bound", async () => {
    const span = newSpan({}, { maxAttributesSize: 100 });
    for (let round = 0; round < 20; round += 1) span.setAttributes({ text: "x".repeat(40), round });
    await span.end();
    expect(events[1]).toMatchObject({ attributes: { round: 19 } });
    expect(onError).not.toHaveBeenCalled();
  });

  it("are not walked beyond their bound", () => {
    expect(startWith({ huge: Array.from({ length: 70_000 }, () => 0), sparse: Array(2 ** 32 - 1), ok: 1 })).toEqual({
      ok: 1,
    });
  });

  it("may have any name, `__proto__` among them", () => {
    const given = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as Record<string, unknown>;
    const attributes = startWith(given) as object;
    expect(Object.keys(attributes)).toEqual(["__proto__", "constructor"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
