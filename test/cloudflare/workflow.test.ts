import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "./support/lab.ts";
import { sketch, unevenSpans } from "./support/sketch.ts";
import { about, Watch } from "./support/watch.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterAll(() => lab?.server.stop());

describe("a workflow in workerd", () => {
  it("is shown from its start to its end, and then its stream ends", async () => {
    await lab.create("whole", "tour");
    const watch = await lab.watch("whole");
    await watch.until(about("started", "signal"));
    await lab.post("whole", "event");
    await watch.closed;

    expect(sketch(watch.events)).toEqual([
      "workflow tour done",
      "  step first done",
      "    attempt 1 done",
      "  step left done",
      "    attempt 1 done",
      "  step right done",
      "    attempt 1 done",
      "  internal between steps done",
      "  sleep nap done",
      "  wait signal done",
      "  step last done",
      "    attempt 1 done",
      "      internal inside done",
    ]);
    expect(unevenSpans(watch.events)).toEqual([]);
    expect(watch.events.map(({ id }) => id)).toEqual(watch.events.map((_, index) => index + 1));
    expect(watch.events.at(-1)?.type).toBe("ssetarget:end");
    expect(watch.events.find(({ type }) => type === "log")).toMatchObject({ name: "tour", message: "setting out" });
    expect(watch.events.find(about("started", "nap"))?.["until"]).toBeTypeOf("string");
    expect(watch.events.find(about("started", "signal"))?.["waitingFor"]).toBe("go");
  });

  it("shows what runs while it runs, with its progress", async () => {
    await lab.create("live", "held");
    const watch = await lab.watch("live");
    const progress = await watch.until(about("updated", "held"));
    expect(progress["progress"]).toEqual({ current: 1, total: 2, unit: "halves" });
    expect(sketch(watch.events)).toEqual(["workflow held running", "  step held running", "    attempt 1 running"]);
    await lab.post("live", "turn-on", "held");
    await watch.closed;
    expect(unevenSpans(watch.events)).toEqual([]);
  });

  it("shows each retry as an attempt, and the step as what came of them", async () => {
    await lab.create("flaky", "flaky");
    expect(sketch(await Watch.all(lab.url("flaky", "sse")))).toEqual([
      "workflow flaky done",
      "  step flaky done",
      "    attempt 1 failed: no luck, attempt 1",
      "    attempt 2 failed: no luck, attempt 2",
      "    attempt 3 done",
    ]);
  });

  it("shows a failure with its message, and nothing private", async () => {
    const secret = "params and outputs";
    await lab.create("hopeless", "hopeless", secret);
    const response = await fetch(lab.url("hopeless", "sse"));
    const bytes = await response.text();
    const events = await Watch.all(lab.url("hopeless", "sse"));
    expect(sketch(events)).toEqual([
      "workflow hopeless failed: it cannot be done",
      "  step returns a secret done",
      "    attempt 1 done",
      "  step hopeless failed: it cannot be done",
      "    attempt 1 failed: it cannot be done",
      "    attempt 2 failed: it cannot be done",
    ]);
    expect(bytes).not.toContain(secret);
    expect(bytes).not.toMatch(/stack|\.ts:\d|\.js:\d|durableObjectId/);
  });

  it("ends an attempt that ran out of time as failed, even while its code runs on", async () => {
    await lab.create("slow", "slow");
    const events = await Watch.all(lab.url("slow", "sse"));
    expect(sketch(events)).toEqual([
      "workflow slow done",
      "  step slow done",
      "    attempt 1 failed: The attempt was given up for another one",
      "    attempt 2 done",
    ]);
    await lab.post("slow", "turn-on", "slow");
    expect(unevenSpans(await Watch.all(lab.url("slow", "sse")))).toEqual([]);
  });

  it("shows a wait that timed out as failed", async () => {
    await lab.create("impatient", "impatient");
    expect(sketch(await Watch.all(lab.url("impatient", "sse")))).toEqual([
      "workflow impatient failed: Execution timed out after 100ms",
      "  wait nobody comes failed: Execution timed out after 100ms",
    ]);
  });

  it("leaves out what `shouldDispatch` refuses, and what is below it", async () => {
    await lab.create("quiet", "quiet");
    expect(sketch(await Watch.all(lab.url("quiet", "sse")))).toEqual([
      "workflow quiet done",
      "  step shown step done",
      "    attempt 1 done",
    ]);
  });

  it("takes any instance id, `constructor` too", async () => {
    await lab.create("constructor", "flaky");
    expect(sketch(await Watch.all(lab.url("constructor", "sse")))[0]).toBe("workflow flaky done");
  });
});

describe("a pause", () => {
  it("during a sleep is no failure, and nothing is told twice afterwards", async () => {
    await lab.create("pause-sleep", "sleepy");
    const watch = await lab.watch("pause-sleep");
    await watch.until(about("started", "long nap"));
    await lab.post("pause-sleep", "pause");
    await lab.untilStatus("pause-sleep", "paused");
    expect(watch.events.filter(({ status }) => status?.code === "ERROR")).toEqual([]);
    expect(sketch(watch.events).at(-1)).toBe("  sleep long nap waiting");
    await lab.post("pause-sleep", "resume");
    await watch.closed;

    expect(unevenSpans(watch.events)).toEqual([]);
    expect(sketch(watch.events)).toEqual([
      "workflow sleepy done",
      "  step before done",
      "    attempt 1 done",
      "  sleep long nap done",
      "  step after done",
      "    attempt 1 done",
    ]);
  });

  it("during what comes last leaves the run to end, though no callback is called any more", async () => {
    await lab.create("pause-last", "dozing");
    const watch = await lab.watch("pause-last");
    await watch.until(about("started", "last nap"));
    await lab.post("pause-last", "pause");
    await lab.untilStatus("pause-last", "paused");
    await lab.post("pause-last", "resume");
    await watch.closed;
    expect(unevenSpans(watch.events)).toEqual([]);
    expect(sketch(watch.events)).toEqual([
      "workflow dozing done",
      "  step before done",
      "    attempt 1 done",
      "  sleep last nap done",
    ]);
  });

  it("during a wait is no failure, however often", async () => {
    await lab.create("pause-wait", "tour");
    const watch = await lab.watch("pause-wait");
    await watch.until(about("started", "signal"));
    for (let times = 0; times < 3; times++) {
      await lab.post("pause-wait", "pause");
      await lab.untilStatus("pause-wait", "paused");
      await lab.post("pause-wait", "resume");
      await lab.untilStatus("pause-wait", "running");
    }
    await lab.post("pause-wait", "event");
    await watch.closed;
    expect(unevenSpans(watch.events)).toEqual([]);
    expect(watch.events.filter(({ status }) => status?.code === "ERROR")).toEqual([]);
    // What is said between steps is said again with every replay.
    expect(watch.events.filter(({ type }) => type === "log")).toHaveLength(1);
  });

  it("during a step that returns nothing leaves the step done", async () => {
    await lab.create("pause-step", "held");
    const watch = await lab.watch("pause-step");
    await watch.until(about("started", "held", "attempt"));
    await lab.post("pause-step", "pause");
    await lab.post("pause-step", "turn-on", "held");
    await lab.untilStatus("pause-step", "paused");
    await lab.post("pause-step", "resume");
    await watch.closed;
    expect(unevenSpans(watch.events)).toEqual([]);
    expect(sketch(watch.events)).toEqual([
      "workflow held done",
      "  step held done",
      "    attempt 1 done",
      "  step after done",
      "    attempt 1 done",
    ]);
  });
});

describe("a restart", () => {
  it("in the middle is a new tree, and the old one is superseded", async () => {
    await lab.create("restart", "tour");
    const watch = await lab.watch("restart");
    const first = await watch.until(about("started", "tour"));
    await watch.until(about("started", "signal"));
    await lab.post("restart", "restart");
    await watch.until(
      (event) => about("started", "signal")(event) && watch.events.filter(about("started", "signal")).length === 2,
    );
    await lab.post("restart", "event");
    await watch.closed;

    const trees = sketch(watch.events);
    expect(trees[0]).toBe("workflow tour failed: superseded by a restart");
    expect(trees).toContain("  wait signal abandoned");
    expect(trees).toContain("workflow tour done");
    expect(watch.events.filter(about("started", "tour"))).toHaveLength(2);
    expect(watch.events.filter(about("ended", "tour"))[0]).toMatchObject({
      spanId: first.spanId,
      attributes: { "workflow.superseded": true },
    });
    expect(new Set(watch.events.filter(about("started", "tour")).map(({ traceId }) => traceId))).toEqual(
      new Set(["restart"]),
    );
  });

  it("after the end opens the stream again", async () => {
    await lab.create("again", "flaky");
    const first = await Watch.all(lab.url("again", "sse"));
    const end = first.at(-1);
    expect((await fetch(lab.url("again", "sse"), { headers: { "last-event-id": end?.cursor ?? "" } })).status).toBe(
      204,
    );

    await lab.post("again", "restart");
    const more = await (async () => {
      // 204 until the new tree has begun.
      for (;;) {
        const watch = await lab.watch("again", end?.cursor);
        if (watch.status === 204) continue;
        await watch.closed;
        return watch.events;
      }
    })();
    expect(sketch(more)[0]).toBe("workflow flaky done");
    expect(more.map(({ id }) => id)).toEqual(more.map((_, index) => (end?.id ?? 0) + 1 + index));
    const whole = await Watch.all(lab.url("again", "sse"));
    expect(whole.filter(({ type }) => type === "ssetarget:end")).toHaveLength(1);
    expect(sketch(whole).filter((line) => line.startsWith("workflow"))).toEqual([
      "workflow flaky done",
      "workflow flaky done",
    ]);
  });

  it("from a step goes on in the same tree, with what is done again as further attempts", async () => {
    await lab.create("from", "held");
    await lab.post("from", "turn-on", "held");
    const first = await Watch.all(lab.url("from", "sse"));
    await lab.post("from", "restart", { from: { name: "after" } });
    const cursor = first.at(-1)?.cursor ?? "";
    let watch = await lab.watch("from", cursor);
    while (watch.status === 204) watch = await lab.watch("from", cursor);
    await watch.closed;
    expect(sketch([...first, ...watch.events])).toEqual([
      "workflow held done",
      "  step held done",
      "    attempt 1 done",
      "  step after done",
      "    attempt 1 done",
      "    attempt 1 done",
    ]);
  });
});

describe("a rollback", () => {
  it("after a failure shows its handlers, newest first, and nothing that did not happen", async () => {
    await lab.create("rollback", "rollback");
    await lab.post("rollback", "turn-on", "car");
    const watch = await lab.watch("rollback");
    await watch.until(about("started", "signal"));
    await lab.post("rollback", "event");
    await watch.closed;
    expect(sketch(watch.events)).toEqual([
      "workflow rollback failed: no cars left",
      "  step book a flight done",
      "    attempt 1 done",
      "  step book a hotel done",
      "    attempt 1 done",
      "  wait signal done",
      "  sleep nap done",
      "  step book a car failed: no cars left",
      "    attempt 1 failed: no cars left",
      "  rollback book a hotel done",
      "  rollback book a flight done",
    ]);
    expect(unevenSpans(watch.events)).toEqual([]);
  });

  it("of a terminated run shows its handlers, and the stream ends for those who come then", async () => {
    await lab.create("terminated", "rollback");
    const watch = await lab.watch("terminated");
    await watch.until(about("started", "signal"));
    await lab.post("terminated", "terminate", { rollback: true });
    await watch.until(about("ended", "book a flight", "rollback"));
    watch.close();
    const events = await Watch.all(lab.url("terminated", "sse"));
    expect(sketch(events)).toEqual([
      "workflow rollback abandoned",
      "  step book a flight done",
      "    attempt 1 done",
      "  step book a hotel done",
      "    attempt 1 done",
      "  wait signal abandoned",
      "  rollback book a hotel done",
      "  rollback book a flight done",
    ]);
  });
});
