import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "./support/lab.ts";
import { sketch, unevenSpans } from "./support/sketch.ts";
import { about, Watch, within, type WireEvent } from "./support/watch.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterAll(() => lab?.server.stop());

/** Has the instance wait for its signal, with everything told. */
async function untilWaiting(id: string): Promise<void> {
  const watch = await lab.watch(id);
  await watch.until(about("started", "signal"));
  watch.close();
}

describe("a server that is restarted in the middle of a run", () => {
  it("goes on with the same spans, and its clients resume without a gap", async () => {
    await lab.create("survivor", "tour");
    const events: WireEvent[] = [];
    // A browser's client: it comes back by itself, with its cursor.
    const source = new EventSource(lab.url("survivor", "sse"));
    let disconnections = 0;
    source.addEventListener("error", () => disconnections++);
    const ended = new Promise<void>((resolve) => {
      for (const type of ["started", "updated", "log", "ended", "ssetarget:gap", "ssetarget:end"]) {
        source.addEventListener(type, ({ data, lastEventId }) => {
          events.push({ ...JSON.parse(data), type, id: Number.parseInt(lastEventId, 10), cursor: lastEventId });
          if (type === "ssetarget:end") resolve();
        });
      }
    });
    await untilWaiting("survivor");
    await lab.server.restart();
    await lab.post("survivor", "event");
    await within(ended, () => "the end of the stream");
    source.close();

    expect(disconnections).toBeGreaterThan(0);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    expect(unevenSpans(events)).toEqual([]);
    expect(sketch(events).at(0)).toBe("workflow tour done");
    expect(events).toEqual(await Watch.all(lab.url("survivor", "sse")));
  });

  it("shows no step that did not happen when the run is then rolled back", async () => {
    await lab.create("dry", "rollback");
    await untilWaiting("dry");
    await lab.server.restart();
    // The engine has lost the handlers and executes `run()` dry to find them again.
    await lab.post("dry", "terminate", { rollback: true });
    expect(sketch(await Watch.all(lab.url("dry", "sse")))).toEqual([
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

  it("ends the stream for those who were not there when the run was terminated", async () => {
    await lab.create("gone", "tour");
    await untilWaiting("gone");
    await lab.post("gone", "terminate");
    await lab.server.restart();
    const events = await Watch.all(lab.url("gone", "sse"));
    expect(events.at(-1)?.type).toBe("ssetarget:end");
    expect(sketch(events)[0]).toBe("workflow tour abandoned");
  });
});
