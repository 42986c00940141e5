import { describe, expect, it, vi } from "vitest";
import type { ReceivedEvent } from "../../src/client/client-event.ts";
import { EventFold } from "../../src/react/event-fold.ts";
import { CONNECTING } from "../../src/react/stream-state.ts";

type Tick = ReceivedEvent<"tick", number>;

const OPEN = { status: "open", attempt: 0 } as const;
const tick = (id: number): Tick => ({ type: "tick", id, lastEventId: String(id), data: id });

describe("what events are folded into", () => {
  it("lacks only the event that the reducer does not take, and says so", () => {
    const onThrow = vi.fn<(error: unknown) => void>();
    const refused = new Error("not that one");
    const sum = (data: number, { data: n }: Tick): number => {
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
