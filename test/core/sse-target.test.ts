import { describe, expect, it } from "vitest";
import { SSETarget } from "ssetarget";
import { get, SSEReader } from "../support/sse-client.ts";

type Tick = { type: "tick"; n: number; key?: string };

function ticking(count: number): { target: SSETarget<Tick>; dispatched: Promise<unknown> } {
  const target = new SSETarget<Tick>("/sse");
  const dispatched = Promise.all(Array.from({ length: count }, (_, n) => target.dispatchEvent({ type: "tick", n: n + 1 })));
  return { target, dispatched };
}

describe("SSETarget", () => {
  it("sends what was dispatched before the client came, then what comes", async () => {
    const { target, dispatched } = ticking(3);
    await dispatched;
    const reader = new SSEReader(await target.fetch(get("/sse")));
    await reader.readCount(3);
    await target.dispatchEvent({ type: "tick", n: 4 });
    await reader.readCount(4);
    expect(reader.events.map(({ type, data }) => [type, data])).toEqual([1, 2, 3, 4].map((n) => ["tick", { n }]));
    expect(reader.ids).toEqual([1, 2, 3, 4]);
    await reader.close();
    expect(target.connectionCount).toBe(0);
  });

  it("closes clients at the end of the stream and answers 204 when they come back", async () => {
    const { target, dispatched } = ticking(2);
    await dispatched;
    await target.complete();
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readToEnd();
    expect(reader.events.map(({ type }) => type)).toEqual(["tick", "tick", "ssetarget:end"]);
    const again = await target.fetch(get("/sse", { "last-event-id": reader.lastCursor ?? "" }));
    expect(again.status).toBe(204);
  });
});
