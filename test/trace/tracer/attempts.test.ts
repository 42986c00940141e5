import { describe, expect, it } from "vitest";
import { dehydrateTrace } from "../../../src/trace/view/snapshot.ts";
import { MemoryEventStore } from "../../../src/store/memory-event-store.ts";
import { SSETarget } from "../../../src/hub/sse-target.ts";
import type { SpanEvent } from "../../../src/trace/events.ts";
import type { SpanHandle } from "../../../src/trace/tracer/handle.ts";
import type { SpanNode } from "../../../src/trace/tree/node.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";
import { Tracer, type TracerOptions } from "../../../src/trace/tracer/tracer.ts";

/** A stream that outlives the processes that write to it. */
function newStream() {
  const store = new MemoryEventStore<SpanEvent>();
  const target = new SSETarget<SpanEvent>("/sse", store);
  return {
    history: () => store.getEvents(0),
    /** What a new process has. */
    tracer: (options?: TracerOptions) => new Tracer(target, "job-7", { minUpdateIntervalMs: 0, ...options }),
    async job(): Promise<SpanNode> {
      const tree = new SpanTree();
      tree.applyAll(await store.getEvents(0));
      return tree.get("job") as SpanNode;
    },
  };
}

/** A job with ids that are the same in every try, as a queue's worker has it. */
function runJob(tracer: Tracer, fetchOrder: (span: SpanHandle) => unknown): Promise<unknown> {
  return tracer
    .withSpan({ name: "job", spanId: "job" }, (job) => job.withSpan({ name: "fetch", spanId: "fetch" }, fetchOrder))
    .catch(() => {});
}

const flaky = (span: SpanHandle): never => {
  span.update({ attributes: { mirror: "a" }, progress: { current: 3, total: 4 } });
  throw new Error("flaky");
};

describe("a job that is tried again", () => {
  it.each([
    ["is told its attempts", [{ attempt: 1 }, { attempt: 2 }]],
    ["is told them from the second on", [{}, { attempt: 2 }]],
    ["is told none", [{}, {}]],
  ])("shows its last attempt if it %s", async (_what, [first, second]) => {
    const stream = newStream();
    await runJob(stream.tracer(first), flaky);
    const failed = { state: "failed", error: "flaky", attempt: 1 };
    expect(await stream.job()).toMatchObject({ ...failed, children: [failed] });

    let during: SpanNode | undefined;
    await runJob(stream.tracer(second), async (span) => {
      span.progress(1, 4);
      during = await stream.job();
    });
    expect(during).toMatchObject({ state: "running", error: undefined, attempt: 2 });
    expect(during?.children).toMatchObject([
      { state: "running", attempt: 2, progress: { current: 1, total: 4 }, attributes: {} },
    ]);
    const done = { state: "done", rollup: "done", error: undefined, attempt: 2 };
    expect(await stream.job()).toMatchObject({ ...done, children: [done] });
  });

  it("counts its attempts over processes, also those within one", async () => {
    const stream = newStream();
    for (let process = 0; process < 2; process += 1) {
      const tracer = stream.tracer();
      await runJob(tracer, flaky);
      await runJob(tracer, flaky);
    }
    expect(await stream.job()).toMatchObject({ state: "failed", attempt: 4 });
    await runJob(stream.tracer(), () => {});
    expect(await stream.job()).toMatchObject({ state: "done", attempt: 5, children: [{ state: "done", attempt: 5 }] });
  });

  it("is what the process that began last says, whatever one that was given up says afterwards", async () => {
    const stream = newStream();
    const stalled = stream.tracer().startSpan({ name: "job", spanId: "job" });
    const second = stream.tracer().startSpan({ name: "job", spanId: "job" });
    await stalled.fail(new Error("lost the lock"));
    expect(await stream.job()).toMatchObject({ state: "running", attempt: 2 });
    await second.end();
    expect(await stream.job()).toMatchObject({ state: "done", attempt: 2 });
  });

  it("is the second attempt if it is opened again within one process, ended or not", async () => {
    const stream = newStream();
    const tracer = stream.tracer();
    const first = tracer.startSpan({ name: "job", spanId: "job" });
    const second = tracer.startSpan({ name: "job", spanId: "job" });
    await first.fail(new Error("took too long"));
    await second.end();
    expect(await stream.job()).toMatchObject({ state: "done", attempt: 2 });
    expect((await stream.history()).map(({ attempt }) => attempt)).toEqual([undefined, 2, undefined, 2]);
  });

  it("survives a page that was rendered in between", async () => {
    const stream = newStream();
    await runJob(stream.tracer(), flaky);
    const second = stream.tracer().startSpan({ name: "job", spanId: "job" });
    const snapshot = JSON.parse(JSON.stringify(dehydrateTrace(await stream.history()))) as { events: object[] };
    await second.end();
    const tree = new SpanTree();
    tree.applyAll(snapshot.events);
    expect(tree.get("job")).toMatchObject({ state: "running", attempt: 2 });
    tree.applyAll((await stream.history()).slice(-1));
    expect(tree.get("job")).toMatchObject({ state: "done", attempt: 2 });
  });

  it("stays where it is among the jobs of a stream", async () => {
    const stream = newStream();
    await runJob(stream.tracer(), flaky);
    await stream.tracer().withSpan({ name: "other", spanId: "other" }, () => {});
    await runJob(stream.tracer(), () => {});
    const tree = new SpanTree();
    tree.applyAll(await stream.history());
    expect(tree.roots.map(({ name }) => name)).toEqual(["job", "other"]);
  });
});

describe("a tracer that is told its attempt", () => {
  it("hands it to all spans below, also to those with ids of their own", async () => {
    const stream = newStream();
    await stream.tracer({ attempt: 3 }).withSpan({ name: "job" }, (job) => job.withSpan({ name: "step" }, () => {}));
    expect((await stream.history()).map(({ attempt }) => attempt)).toEqual([3, 3, 3, 3]);
  });

  it("lets a span have its own, and those below have that", async () => {
    const stream = newStream();
    await stream
      .tracer({ attempt: 3 })
      .withSpan({ name: "job" }, (job) =>
        job.withSpan({ name: "step", attempt: 5 }, (step) => step.withSpan({ name: "below" }, () => {})),
      );
    const starts = (await stream.history()).filter(({ type }) => type === "started");
    expect(starts.map(({ attempt }) => attempt)).toEqual([3, 5, 5]);
  });

  it("does not take the number of one try for that of what is below it", async () => {
    const stream = newStream();
    await stream
      .tracer()
      .withSpan({ name: "step", spanId: "job" }, (step) =>
        step.withSpan({ name: "step", kind: "attempt", attempt: 2 }, (attempt) =>
          attempt.withSpan({ name: "below" }, () => {}),
        ),
      );
    const starts = (await stream.history()).filter(({ type }) => type === "started");
    expect(starts.map(({ attempt }) => attempt)).toEqual([undefined, 2, undefined]);
  });

  it("has each event stored once when it is run again", async () => {
    const stream = newStream();
    await runJob(stream.tracer({ attempt: 2 }), (span) => span.log("info", "on it"));
    const history = await stream.history();
    await runJob(stream.tracer({ attempt: 2 }), (span) => span.log("info", "on it"));
    expect(await stream.history()).toEqual(history);
  });

  it.each([0, -1, 1.5, NaN, "2", null])("must be told a number of at least 1, not %j", (attempt) => {
    expect(() => new Tracer(() => {}, "job-7", { attempt: attempt as number })).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining("`attempt`") }),
    );
  });
});

describe("a tracer that runs for long", () => {
  it("holds no more span ids than it must, and still tells openings apart", () => {
    const keys = new Set<unknown>();
    const tracer = new Tracer((event) => void keys.add(event.key), "job-7");
    for (let round = 0; round < 2; round += 1) {
      for (let span = 0; span < 10_050; span += 1) void tracer.startSpan({ name: "s", spanId: `${span}` });
    }
    expect(keys.size).toBe(20_100);
  });
});
