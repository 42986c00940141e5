import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_KEY_LENGTH } from "../../src/event/event.ts";
import { randomSpanId, spanEventKey } from "../../src/trace/ids.ts";

const log = { traceId: "run", spanId: "a", type: "log", sequence: 1, payload: { message: "hello" } } as const;

describe("a random span id", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("is 16 hex digits and different each time", () => {
    const ids = Array.from({ length: 1000 }, randomSpanId);
    expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1000);
  });

  it("is never all zero, whatever the dice say", () => {
    vi.spyOn(crypto, "getRandomValues")
      .mockImplementationOnce((bytes) => bytes)
      .mockImplementationOnce((bytes) => {
        (bytes as unknown as Uint8Array).fill(10);
        return bytes;
      });
    expect(randomSpanId()).toBe("0a0a0a0a0a0a0a0a");
  });
});

describe("a span event's key", () => {
  it("names trace, span, type and attempt", () => {
    expect(spanEventKey({ traceId: "run", spanId: "a", type: "started" })).toBe("run/a/started/1");
    expect(spanEventKey({ traceId: "run", spanId: "a", type: "ended", attempt: 3 })).toBe("run/a/ended/3");
  });

  it("is the same for a log line that is said again by replayed code", () => {
    expect(spanEventKey({ ...log, payload: { message: "hello" } })).toBe(spanEventKey(log));
  });

  it("does not depend on the order of the payload's fields", () => {
    const one = spanEventKey({ ...log, payload: { level: "info", message: "hello" } });
    expect(spanEventKey({ ...log, payload: { message: "hello", level: "info" } })).toBe(one);
  });

  it("is another for another content, another place in the log and another attempt", () => {
    const keys = [
      spanEventKey(log),
      spanEventKey({ ...log, payload: { message: "hellp" } }),
      spanEventKey({ ...log, sequence: 2 }),
      spanEventKey({ ...log, attempt: 2 }),
      spanEventKey({ ...log, type: "updated" }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("tells ids with slashes in them apart", () => {
    const left = spanEventKey({ traceId: "a/b", spanId: "c", type: "started" });
    const right = spanEventKey({ traceId: "a", spanId: "b/c", type: "started" });
    const escaped = spanEventKey({ traceId: "a%2Fb", spanId: "c", type: "started" });
    expect(new Set([left, right, escaped]).size).toBe(3);
  });

  it("is shortened to the longest that is allowed, and still tells long ids apart", () => {
    const keys = Array.from({ length: 500 }, (_, index) =>
      spanEventKey({ traceId: "t".repeat(600), spanId: `s${index}`, type: "started" }),
    );
    expect(new Set(keys).size).toBe(500);
    expect(keys.every((key) => key.length <= MAX_KEY_LENGTH)).toBe(true);
    expect(keys[0]?.startsWith("tttt")).toBe(true);
  });

  it("is well-formed Unicode for ids that are not, and tells them apart", () => {
    const keys = ["\uD83D", "\uD83E", "%uD83D", "%25uD83D"].map((spanId) =>
      spanEventKey({ traceId: "t", spanId, type: "started" }),
    );
    expect(new Set(keys).size).toBe(4);
    for (const key of keys) expect(key).not.toMatch(/\p{Surrogate}/u);
  });

  it("is not cut in the middle of a surrogate pair", () => {
    for (const padding of ["", "x"]) {
      const key = spanEventKey({ traceId: padding + "😀".repeat(400), spanId: "a", type: "started" });
      expect(key).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    }
  });
});
