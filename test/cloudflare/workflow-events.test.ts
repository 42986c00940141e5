import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "./support/lab.ts";
import { until } from "../support/until.ts";
import { Watch } from "./support/watch.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterAll(() => lab?.server.stop());

interface Extras {
  readonly key?: string;
  readonly kind?: string;
  readonly parentSpanId?: string | null;
  readonly [member: string]: unknown;
}

/** A span event as some dispatcher might send it. */
function event(type: string, spanId: string, extras: Extras = {}): object {
  const span = { traceId: "t", spanId, parentSpanId: "root", name: spanId, timestamp: new Date().toISOString() };
  const payload = type === "ended" ? { status: { code: "OK" }, attributes: {} } : { attributes: {} };
  return { type, key: `t/${spanId}/${type}`, ...span, ...payload, ...extras };
}

const root = { kind: "workflow", parentSpanId: null };

describe("the object that keeps a workflow's events", () => {
  it("stores an event with a known key once", async () => {
    const started = event("started", "a");
    await lab.post("keys", "dispatch", started);
    await lab.post("keys", "dispatch", [started, event("ended", "a"), started]);
    expect((await lab.report("keys")).rows).toBe(2);
  });

  it("stores all of a batch or nothing of it", async () => {
    await lab.post("atomic", "dispatch", [event("started", "a")]);
    const broken = [event("ended", "a"), event("started", "b"), event("line\nbreak", "c")];
    await expect(lab.post("atomic", "dispatch", broken)).rejects.toThrow("500");
    expect((await lab.report("atomic")).rows).toBe(1);
  });

  it("makes no tables for a batch that is refused, or for one who looks", async () => {
    await expect(lab.post("untouched", "dispatch", [event("", "a")])).rejects.toThrow("500");
    await fetch(lab.url("untouched", "sse-unvouched"), { method: "HEAD" });
    expect(await lab.report("untouched")).toEqual({ tables: [], rows: 0, alarm: null });
  });

  it("serves a long history and large events, whole and in order", async () => {
    const padding = "x".repeat(900 * 1024);
    await lab.post("long", "dispatch", event("started", "root", root));
    for (let batch = 0; batch < 10; batch++) {
      const events = Array.from({ length: 300 }, (_, index) => event("started", `${batch}-${index}`));
      await lab.post("long", "dispatch", events);
    }
    for (const large of ["one", "two", "three"]) {
      await lab.post("long", "dispatch", event("started", large, { attributes: { padding } }));
    }
    await lab.post("long", "dispatch", event("ended", "root", root));
    const events = await Watch.all(lab.url("long", "sse-unvouched"));
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: 3006 }, (_, index) => index + 1));
    expect(events.filter(({ attributes }) => (attributes as { padding?: string })?.padding === padding)).toHaveLength(
      3,
    );
  });

  it("refuses an event that is too large, and goes on", async () => {
    const padding = "x".repeat(1024 * 1024);
    const tooLarge = event("started", "large", { attributes: { padding } });
    await expect(lab.post("large", "dispatch", [event("started", "a"), tooLarge])).rejects.toThrow("500");
    await lab.post("large", "dispatch", event("started", "a"));
    expect((await lab.report("large")).rows).toBe(1);
  });

  it("ends a stream without a root when it is told to, once", async () => {
    await lab.post("rootless", "dispatch", event("started", "a"));
    await lab.post("rootless", "complete");
    await lab.post("rootless", "complete");
    const events = await Watch.all(lab.url("rootless", "sse-unvouched"));
    expect(events.map(({ type }) => type)).toEqual(["started", "ssetarget:end"]);
  });

  it("stores a straggler after the end, and ends again", async () => {
    await lab.post("straggler", "dispatch", [event("started", "root", root), event("ended", "root", root)]);
    await Watch.all(lab.url("straggler", "sse-unvouched"));
    await lab.post("straggler", "dispatch", event("log", "late", { level: "info", message: "last words" }));
    const events = await Watch.all(lab.url("straggler", "sse-unvouched"));
    expect(events.map(({ id, type }) => [id, type])).toEqual([
      [1, "started"],
      [2, "ended"],
      [4, "log"],
      [5, "ssetarget:end"],
    ]);
  });

  it("does not take a call that arrives twice for a run that goes on", async () => {
    const whole = [event("started", "root", root), event("ended", "root", root)];
    await lab.post("twice", "dispatch", whole);
    await lab.post("twice", "dispatch", whole);
    await lab.post("twice", "dispatch", whole.slice(0, 1));
    const events = await Watch.all(lab.url("twice", "sse-unvouched"));
    expect(events.map(({ id, type }) => [id, type])).toEqual([
      [1, "started"],
      [2, "ended"],
      [3, "ssetarget:end"],
    ]);
  });

  it("forgets a stream some time after its end, where it is told to", async () => {
    await lab.post("retained", "dispatch?forgetful", [event("started", "root", root), event("ended", "root", root)]);
    expect((await lab.report("retained", "?forgetful")).rows).toBe(3);
    await untilEmpty("retained");
    expect((await fetch(lab.url("retained", "sse-unvouched?forgetful"))).status).toBe(404);
    expect(await lab.report("retained", "?forgetful")).toEqual({ tables: [], rows: 0, alarm: null });
  });

  it("tells a client with a cursor of a forgotten history that there is a new one", async () => {
    await lab.post("reborn", "dispatch?forgetful", [event("started", "root", root), event("ended", "root", root)]);
    const [first] = await Watch.all(lab.url("reborn", "sse-unvouched?forgetful"));
    await untilEmpty("reborn");
    await lab.post("reborn", "dispatch?forgetful", [event("started", "root", root), event("ended", "root", root)]);
    const events = await Watch.all(lab.url("reborn", "sse-unvouched?forgetful"), first?.cursor);
    expect(events[0]).toMatchObject({ type: "ssetarget:gap", reason: "reset" });
    expect(events.slice(1).map(({ type }) => type)).toEqual(["started", "ended", "ssetarget:end"]);
  });

  it("forgets a stream that nobody ended, a long time after its last event", async () => {
    await lab.post("abandoned", "dispatch?forgetful", event("started", "root", root));
    await untilEmpty("abandoned");
    expect(await lab.report("abandoned", "?forgetful")).toEqual({ tables: [], rows: 0, alarm: null });
  });
});

/** An alarm tells nobody outside: the object has to be asked. */
async function untilEmpty(id: string): Promise<void> {
  await until(async () => (await lab.report(id, "?forgetful")).tables.length === 0, `${id} is forgotten`);
}
