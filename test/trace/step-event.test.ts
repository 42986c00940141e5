import { describe, expect, it } from "vitest";
import type { SpanKind } from "../../src/trace/events.ts";
import { toStepEvent } from "../../src/trace/step-event.ts";
import { at, ended, failed, logged, started, updated } from "./support/span-events.ts";

describe("toStepEvent", () => {
  it("maps a step's start and end", () => {
    expect(toStepEvent(started("a", { kind: "step", name: "pack", id: 7, ms: 5 }))).toEqual({
      type: "started",
      step: "pack",
      timestamp: at(5),
      id: 7,
    });
    expect(toStepEvent(ended("a", { kind: "step", name: "pack", ms: 9 }))).toEqual({
      type: "completed",
      step: "pack",
      timestamp: at(9),
    });
  });

  it("maps a failure to its message", () => {
    expect(toStepEvent(failed("a", "no paper", { name: "print" }))).toEqual({
      type: "failed",
      step: "print",
      timestamp: at(0),
      error: "no paper",
    });
  });

  it("leaves the error out where the span says nothing of it", () => {
    expect(toStepEvent(ended("a", { status: { code: "ERROR" } }))).not.toHaveProperty("error");
  });

  it("has none for an end that does not say the span's name", () => {
    const { name: _, ...nameless } = ended("a", { kind: "step" });
    expect(toStepEvent(nameless)).toBeUndefined();
  });

  it.each<SpanKind>(["step", "sleep", "wait", "rollback", "internal"])("maps spans of the kind %s", (kind) => {
    expect(toStepEvent(started("a", { kind }))?.type).toBe("started");
  });

  it("has no step event for workflows, attempts, updates and log lines", () => {
    const events = [
      started("a", { kind: "workflow" }),
      ended("a", { kind: "workflow" }),
      started("a", { kind: "attempt" }),
      failed("a", "once", { kind: "attempt" }),
      updated("a", { progress: { current: 1 } }),
      logged("a", "hello"),
    ];
    expect(events.map(toStepEvent)).toEqual(events.map(() => undefined));
  });
});
