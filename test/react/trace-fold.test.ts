import { describe, expect, it } from "vitest";
import { CONNECTING } from "../../src/react/stream-state.ts";
import { TraceFold } from "../../src/react/trace-fold.ts";
import { msAt, started } from "../trace/support/span-events.ts";

const OPEN = { status: "open", attempt: 0 } as const;
const told = () => {
  const { type, ...data } = started("a");
  return [{ type, id: 1, lastEventId: "1.e", data }];
};

describe("what a trace is folded into", () => {
  it("is the same as long as nothing in it has changed, though the cursor moves", () => {
    const fold = new TraceFold(undefined, undefined, CONNECTING);
    fold.take(told(), { ...OPEN, lastEventId: "1.e" });
    const { snapshot } = fold;
    expect(fold.cursor).toBe("1.e");
    fold.take([{ type: "of another kind", id: 2, lastEventId: "2.e", data: {} }], { ...OPEN, lastEventId: "2.e" });
    expect(fold.snapshot).toBe(snapshot);
    expect(fold.cursor).toBe("2.e");
    fold.take([], { status: "waiting", attempt: 1, retryAtMs: 5, lastEventId: "2.e" });
    expect(fold.snapshot).toMatchObject({ roots: snapshot.roots, state: { status: "waiting" } });
    expect(fold.snapshot.roots).toBe(snapshot.roots);
  });

  it("sees time pass where there is a lease", () => {
    let now = msAt(0);
    const fold = new TraceFold(undefined, { leaseMs: 10_000, now: () => now }, CONNECTING);
    expect(fold.tickMs).toBe(2_500);
    fold.take(told(), OPEN);
    now = msAt(60_000);
    fold.take([], OPEN);
    expect(fold.snapshot.roots[0]?.state).toBe("abandoned");
    expect(new TraceFold(undefined, undefined, CONNECTING).tickMs).toBeUndefined();
    expect(new TraceFold(undefined, { leaseMs: null }, CONNECTING).tickMs).toBeUndefined();
    expect(new TraceFold(undefined, { leaseMs: 1 }, CONNECTING).tickMs).toBe(100);
  });
});
