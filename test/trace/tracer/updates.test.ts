import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SpanEvent, SpanUpdatedEvent } from "../../../src/trace/events.ts";
import { Tracer, type TracerOptions } from "../../../src/trace/tracer/tracer.ts";

let events: SpanEvent[];

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function newSpan(options?: TracerOptions) {
  return new Tracer((event) => events.push(event), "run", options).startSpan({ name: "a", spanId: "s" });
}

function updates(): SpanUpdatedEvent[] {
  return events.filter((event) => event.type === "updated");
}

function currents(): (number | undefined)[] {
  return updates().map(({ progress }) => progress?.current);
}

describe("a running span's updates", () => {
  it("are told while it runs", () => {
    newSpan().update({ attributes: { file: "a.txt" }, progress: { current: 1, total: 3, unit: "files" } });
    expect(updates()).toMatchObject([
      { spanId: "s", attributes: { file: "a.txt" }, progress: { current: 1, total: 3, unit: "files" } },
    ]);
  });

  it("go out at most once per interval, with the last values", () => {
    const span = newSpan();
    for (let current = 1; current <= 50; current += 1) {
      span.progress(current, 50);
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(1000);
    expect(currents()).toEqual([1, 10, 20, 30, 40, 50]);
  });

  it("go out at once after a quiet time", () => {
    const span = newSpan();
    span.progress(1);
    vi.advanceTimersByTime(500);
    span.progress(2);
    expect(currents()).toEqual([1, 2]);
  });

  it("join attributes and keep the last progress", () => {
    const span = newSpan();
    span.progress(0);
    span.update({ attributes: { a: 1, b: 1 } });
    span.progress(1);
    span.update({ attributes: { b: 2 }, progress: { current: 2 } });
    vi.advanceTimersByTime(100);
    expect(updates()[1]).toMatchObject({ attributes: { a: 1, b: 2 }, progress: { current: 2 } });
  });

  it("are all told by the end, and leave no timer behind", async () => {
    const span = newSpan();
    span.progress(1);
    span.progress(99, 100);
    await span.end();
    expect(events.map(({ type }) => type)).toEqual(["started", "updated", "updated", "ended"]);
    expect(currents()).toEqual([1, 99]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("show their attributes at the end as well", async () => {
    const span = newSpan();
    span.update({ attributes: { file: "b.txt" } });
    await span.end();
    expect(events.at(-1)).toMatchObject({ type: "ended", attributes: { file: "b.txt" } });
  });

  it("are not held back with an interval of 0", () => {
    const span = newSpan({ minUpdateIntervalMs: 0 });
    for (let current = 0; current < 5; current += 1) span.progress(current);
    expect(currents()).toEqual([0, 1, 2, 3, 4]);
  });

  it("never hold back or drop log lines", () => {
    const span = newSpan();
    span.progress(1);
    for (let line = 0; line < 20; line += 1) span.log("info", `line ${line}`);
    expect(events.filter(({ type }) => type === "log")).toHaveLength(20);
  });

  it("say nothing where there is nothing to say", () => {
    const onError = vi.fn<(error: unknown) => void>();
    const span = newSpan({ onError });
    span.update({});
    span.update({ attributes: {} });
    span.progress(NaN);
    expect(updates()).toEqual([]);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it("leave out a total that is no number", () => {
    newSpan().progress(1, Infinity, { unit: "bytes" });
    expect(updates()[0]?.progress).toEqual({ current: 1, unit: "bytes" });
  });
});

describe("a span's log", () => {
  it("carries level, text and attributes", () => {
    newSpan().log("warn", "slow disk", { ms: 250 });
    expect(events[1]).toMatchObject({ type: "log", level: "warn", message: "slow disk", attributes: { ms: 250 } });
  });

  it("keeps equal lines apart", () => {
    const span = newSpan();
    span.log("info", "again");
    span.log("info", "again");
    expect(events[1]?.key).not.toBe(events[2]?.key);
  });

  it("copes with what is no text and no level", () => {
    const span = newSpan();
    span.log("shout" as never, { toString: () => "said" } as never);
    span.log("info", { toString: null, valueOf: null } as never);
    expect(events.slice(1)).toMatchObject([{ level: "info", message: "said" }, { message: "unreadable" }]);
  });
});
