import { describe, expect, it, vi } from "vitest";
import { EventFold } from "../../src/react/event-fold.ts";
import { CONNECTING } from "../../src/react/stream-state.ts";

type Tick = {
  readonly type: "tick";
  readonly id: number;
  readonly n: number;
};

const OPEN = { status: "open", attempt: 0 } as const;
const tick = (id: number): Tick => ({ type: "tick", id, n: id });

describe("what events are folded into", () => {
  it("lacks only the event that the reducer does not take, and says so", () => {
    const onThrow = vi.fn<(error: unknown) => void>();
    const refused = new Error("not that one");
    const sum = (data: number, { n }: Tick): number => {
      if (n === 2) throw refused;
      return data + n;
    };
    const fold = new EventFold<Tick, number>({ maxEvents: 10, initialData: 0, reduce: sum, onThrow }, CONNECTING);
    fold.take([1, 2, 3].map(tick), { ...OPEN, lastEventId: "3" });
    expect(fold.snapshot).toMatchObject({ data: 4, last: tick(3), events: [1, 2, 3].map(tick) });
    expect(fold.cursor).toBe("3");
    expect(onThrow.mock.calls).toEqual([[refused]]);
  });
});
