import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServerClock } from "../../../src/trace/analysis/server-clock.ts";
import { at, msAt, started } from "../support/span-events.ts";

/** A viewer whose clock is ahead of the server's by so much. */
function newViewer(aheadMs: number) {
  let serverMs = 0;
  const clock = new ServerClock({ now: () => msAt(serverMs + aheadMs) });
  return {
    clock,
    /** An event arrives: it happened at `ms` on the server. */
    hear: (ms: number, arrivesAt: number, isLive?: boolean) => {
      serverMs = arrivesAt;
      clock.observe(started("a", { ms }), isLive);
    },
    pass: (ms: number) => {
      serverMs = ms;
    },
    errorMs: () => clock.now() - msAt(serverMs),
  };
}

describe("the server's clock", () => {
  it("is the viewer's until anything is known", () => {
    const viewer = newViewer(0);
    expect(viewer.errorMs()).toBe(0);
    expect(viewer.clock).toMatchObject({ offsetMs: 0, isKnown: false });
  });

  it.each([-7_200_000, -300, 0, 300, 7_200_000])("is told by live events, with a viewer ahead by %d ms", (aheadMs) => {
    const viewer = newViewer(aheadMs);
    viewer.hear(5000, 5020);
    viewer.hear(6000, 6400);
    viewer.pass(60_000);
    expect(viewer.errorMs()).toBe(-20);
    expect(viewer.clock).toMatchObject({ offsetMs: -aheadMs - 20, isKnown: true });
  });

  it("is not spoilt by history that is replayed", () => {
    const viewer = newViewer(3_600_000);
    viewer.hear(-9_000_000, 10);
    viewer.hear(-8_000_000, 20);
    expect(viewer.clock.isKnown).toBe(false);
    viewer.hear(5000, 5020);
    viewer.pass(6000);
    viewer.clock.connected();
    viewer.hear(-7_000_000, 6001);
    expect(viewer.errorMs()).toBe(-20);
  });

  it("is at least where history proves it to be", () => {
    const viewer = newViewer(-3_600_000);
    viewer.hear(-60_000, 0);
    expect(viewer.errorMs()).toBe(-60_000);
  });

  it("can be told what is live", () => {
    const viewer = newViewer(500);
    viewer.hear(0, 0, true);
    viewer.hear(-5000, 5000, false);
    expect(viewer.errorMs()).toBe(0);
  });

  it("comes right again after the viewer's clock was set", () => {
    let now = msAt(0);
    const clock = new ServerClock({ now: () => now });
    clock.observe({ timestamp: at(0) }, true);
    now = msAt(3_600_000);
    for (let second = 1; second <= 16; second += 1) {
      now += 1000;
      clock.observe({ timestamp: at(second * 1000) }, true);
    }
    expect(clock.now()).toBe(msAt(16_000));
  });

  it("passes over what has no time", () => {
    const clock = new ServerClock();
    const hostile = {
      get timestamp(): never {
        throw new Error("no");
      },
    };
    for (const event of [null, undefined, 5, {}, { timestamp: 5 }, { timestamp: "noon" }, hostile])
      clock.observe(event, true);
    expect(clock.isKnown).toBe(false);
  });

  it("is late by the shortest way of the newest live events, and never early", () => {
    const ways = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(ways, fc.integer({ min: -1e9, max: 1e9 }), (delays, aheadMs) => {
        const viewer = newViewer(aheadMs);
        for (const [index, delay] of delays.entries()) {
          const happened = 10_000 + index * 10_000;
          viewer.hear(happened, happened + delay);
        }
        expect(viewer.errorMs()).toBe(-Math.min(...delays.slice(-16)) + 0);
      }),
    );
  });
});
