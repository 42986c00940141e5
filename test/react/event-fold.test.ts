import { describe, expect, it, vi } from "vitest";
import type { ReceivedEvent } from "../../src/client/client-event.ts";
import { EventFold } from "../../src/react/event-fold.ts";

type Tick = ReceivedEvent<"tick", number>;

const frame = (id: number) => `id: ${id}.e\nevent: tick\ndata: ${id}\n\n`;
const stream = new Response(new Blob([[1, 2, 3].map(frame).join("")]).stream(), {
  headers: { "content-type": "text/event-stream", "ssetarget-stream": "run" },
});

describe("what events are folded into", () => {
  it("lacks only the event that the reducer does not take, and says so", async () => {
    const onError = vi.fn<(error: unknown) => void>();
    const refused = new Error("not that one");
    const sum = (data: number, { data: n }: Tick): number => {
      if (n === 2) throw refused;
      return data + n;
    };
    const fetch = vi.fn<() => Promise<Response>>(async () => stream);
    const events = new EventFold<Tick, number>(
      "http://h/",
      { fetch, onError, backoff: { minMs: 60_000, maxMs: 60_000 } },
      {
        maxEvents: 10,
        initialData: 0,
        reduce: sum,
      },
    );
    const before = events.snapshot;
    expect(events.snapshot).toBe(before);
    events.open();
    await vi.waitFor(() => expect(events.snapshot.data).toBe(4));
    expect(events.snapshot.events.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(events.snapshot.last?.id).toBe(3);
    expect(onError.mock.calls).toEqual([[refused]]);
    events.release();
    expect(events.state.lastEventId).toBe("3.e");
    expect(events.snapshot.state.status).not.toBe("closed");
  });
});
