import { describe, expect, it } from "vitest";
import { MemoryEventStore } from "../../src/store/memory-event-store.ts";
import { SSETarget } from "../../src/hub/sse-target.ts";
import type { SpanEvent } from "../../src/trace/events.ts";
import { SpanTree } from "../../src/trace/tree/tree.ts";
import { Tracer } from "../../src/trace/tracer/tracer.ts";

/** A run whose ids are given by hand, as a workflow engine's bridge does. */
async function run(target: SSETarget<SpanEvent>): Promise<void> {
  const tracer = new Tracer(target, "run-1", { minUpdateIntervalMs: 0, attempt: 1 });
  await tracer.withSpan({ name: "order", spanId: "order", kind: "workflow" }, async (order) => {
    order.log("info", "between the steps");
    await order.withSpan({ name: "pack", spanId: "pack", kind: "step" }, (pack) => pack.progress(2, 2));
    await order
      .withSpan({ name: "ship", spanId: "ship", kind: "step" }, () => {
        throw new Error("no lorry");
      })
      .catch(() => {});
  });
}

describe("spans on their way from a tracer through a target to a tree", () => {
  it("arrive whole, and once, however often the same attempt is run", async () => {
    const store = new MemoryEventStore<SpanEvent>();
    const target = new SSETarget<SpanEvent>("/sse", store);
    await run(target);
    const history = await store.getEvents(0);
    await run(target);
    expect(await store.getEvents(0)).toEqual(history);
    await target.complete();

    const tree = new SpanTree();
    tree.applyAll(await store.getEvents(0));
    expect(tree.isCompleted).toBe(true);
    expect(tree.ignored).toEqual({ unknownType: 0, malformed: 0, overLimit: 0 });
    expect(tree.roots).toMatchObject([
      {
        name: "order",
        state: "done",
        rollup: "failed",
        logs: [{ message: "between the steps" }],
        children: [
          { name: "pack", state: "done", progress: { current: 2, total: 2 } },
          { name: "ship", state: "failed", error: "no lorry" },
        ],
      },
    ]);
    await target.close();
  });
});
