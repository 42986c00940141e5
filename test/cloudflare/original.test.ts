import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "./support/lab.ts";
import { sketch, unevenSpans } from "./support/sketch.ts";
import { about, Watch, type WireEvent } from "./support/watch.ts";

/** What `@oselvar/ssetarget` documents, and what it leaves behind. */
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterAll(() => lab?.server.stop());

const places = (events: readonly WireEvent[]) =>
  events
    .filter(({ type, kind }) => type === "started" && kind !== "attempt")
    .map(({ name, spanId, parentSpanId }) => ({ name, spanId, parentSpanId }));

describe("the root of a first run", () => {
  it("has the instance's id, which its steps have as their parent, through pauses and restarts of the server", async () => {
    await lab.create("rooted", "tour");
    let watch = await lab.watch("rooted");
    await watch.until(about("started", "signal"));
    await lab.post("rooted", "pause");
    await lab.untilStatus("rooted", "paused");
    await lab.post("rooted", "resume");
    watch.close();
    await lab.server.restart();
    await lab.post("rooted", "event");
    watch = await lab.watch("rooted");
    await watch.closed;
    const [root, ...below] = places(watch.events);
    expect(root).toEqual({ name: "tour", spanId: "rooted", parentSpanId: null });
    expect(below.filter(({ name }) => name !== "inside").map(({ parentSpanId }) => parentSpanId)).toEqual(
      Array.from({ length: 7 }, () => "rooted"),
    );
    expect(watch.events.filter(({ spanId }) => spanId === "rooted").map(({ type }) => type)).toEqual([
      "started",
      "log",
      "ended",
    ]);
    expect(unevenSpans(watch.events)).toEqual([]);
  });

  it("is not that of a restarted one, which has an id of its own", async () => {
    await lab.create("regrown", "tour");
    const watch = await lab.watch("regrown");
    await watch.until(about("started", "signal"));
    await lab.post("regrown", "restart");
    await watch.until(() => watch.events.filter(about("started", "signal")).length === 2);
    await lab.post("regrown", "event");
    await watch.closed;
    const [first, second] = places(watch.events).filter(({ parentSpanId }) => parentSpanId === null);
    expect(first).toMatchObject({ name: "tour", spanId: "regrown" });
    expect(second?.spanId).toMatch(/^[0-9a-f]{16}$/);
    const signals = watch.events.filter(about("started", "signal")).map(({ parentSpanId }) => parentSpanId);
    expect(signals).toEqual(["regrown", second?.spanId]);
    expect(watch.events.filter(about("ended", "tour")).map(({ spanId }) => spanId)).toEqual([
      "regrown",
      second?.spanId,
    ]);
    expect(unevenSpans(watch.events.filter(about("ended", "tour"))).length).toBe(2);
  });
});

describe("an instance that was just started", () => {
  it("is there at once without the Workflow's binding, however long its batches and its first step take", async () => {
    await lab.create("unhurried", "unhurried");
    const watch = await Watch.open(lab.url("unhurried", "sse-unvouched"));
    expect(watch.status).toBe(200);
    await watch.until(about("started", "unhurried"));
    await lab.post("unhurried", "turn-on", "held");
    await watch.closed;
    expect(sketch(watch.events)).toEqual(["workflow unhurried done", "  step held done", "    attempt 1 done"]);
  });
});

/** As the original writes a run of that name, of which the root has ended or not. */
function originalRun(traceId: string, isEnded: boolean): readonly object[] {
  const at = (second: number) => ({ timestamp: `2026-01-01T00:00:0${second}.000Z`, attributes: {} });
  const started = (spanId: string, parentSpanId: string | null, name: string) => ({
    type: "started",
    traceId,
    spanId,
    parentSpanId,
    name,
    ...at(1),
  });
  const ended = (spanId: string) => ({ type: "ended", traceId, spanId, status: { code: "OK" }, ...at(2) });
  const step = crypto.randomUUID();
  const whole = [started(traceId, null, "tour"), started(step, traceId, "charge"), ended(step), ended(traceId)];
  return isEnded ? whole : whole.slice(0, 3);
}

describe("an object with data of the original", () => {
  it("serves what is there, in order, ends the stream of a run that is over, and stores it once", async () => {
    await lab.post("over", "become-original", originalRun("over", true));
    for (let times = 0; times < 2; times++) {
      const events = await Watch.all(lab.url("over", "sse-unvouched"));
      expect(sketch(events)).toEqual(["workflow tour done", "  internal charge done"]);
      expect(events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    }
    expect(await lab.report("over")).toMatchObject({ rows: 5 });
  });

  it("tells a client with a cursor of the original of a gap", async () => {
    await lab.post("gap", "become-original", originalRun("gap", true));
    for (const cursor of ["1", "4", "5", "70"]) {
      const events = await Watch.all(lab.url("gap", "sse-unvouched"), cursor);
      expect(events.map(({ type }) => type)).toEqual([
        "ssetarget:gap",
        "started",
        "started",
        "ended",
        "ended",
        "ssetarget:end",
      ]);
      expect(events[0]).toMatchObject({ reason: "reset", after: Number(cursor) });
    }
  });

  it("shows a run that goes on as a new tree beside the old one", async () => {
    await lab.post("goes-on", "become-original", originalRun("goes-on", false));
    await lab.create("goes-on", "flaky");
    const events = await Watch.all(lab.url("goes-on", "sse"));
    expect(sketch(events).filter((line) => !line.startsWith(" "))).toEqual([
      "workflow tour failed: superseded by a restart",
      "workflow flaky done",
    ]);
  });

  it("is an empty one if there are no events, or if the table is somebody else's", async () => {
    await lab.post("empty", "become-original", []);
    await lab.post("foreign", "become-original", [{ some: "thing" }]);
    for (const id of ["empty", "foreign"]) {
      expect(await lab.report(id)).toEqual({ tables: [], rows: 0, alarm: null });
      await lab.create(id, "flaky");
      expect(sketch(await Watch.all(lab.url(id, "sse")))[0]).toBe("workflow flaky done");
    }
  });
});
