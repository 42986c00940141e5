import { MemoryEventStore, SSETarget } from "ssetarget";
import type { AppendNotice, LogListener } from "ssetarget/store";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TestClient } from "../support/test-client.ts";

type Tick = { type: "tick"; n: number };
const tick = (n: number): Tick => ({ type: "tick", n });

/** A log that other processes append to as well, and whose notices the test may lose or change on their way. */
class RemoteLog extends MemoryEventStore<Tick> {
  override readonly isLocal = false as true;
  pass: (notice: AppendNotice<Tick>) => readonly (AppendNotice<Tick> | "changed")[] = (notice) => [notice];
  readonly missed = vi.fn();
  isDown = false;

  override async watch(listener: LogListener<Tick>) {
    const watch = await super.watch({
      appended: (given) => {
        for (const notice of this.pass(given)) {
          if (notice === "changed") listener.changed();
          else listener.appended(notice);
        }
      },
      changed: () => listener.changed(),
    });
    return { ...watch, missed: this.missed };
  }

  override async read(...args: Parameters<MemoryEventStore<Tick>["read"]>) {
    if (this.isDown) throw new Error("down");
    return super.read(...args);
  }
}

async function scene() {
  const log = new RemoteLog();
  const errors: unknown[] = [];
  const target = new SSETarget<Tick>("/sse", log, { onError: (error) => errors.push(error) });
  const client = new TestClient(target);
  await client.connect();
  const settle = async (ms = 10) => {
    await vi.advanceTimersByTimeAsync(ms);
    client.read();
  };
  return { log, target, client, errors, settle };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a feed over a log whose notices are not all there", () => {
  it("reads what a notice does not carry", async () => {
    const { log, client, settle } = await scene();
    log.pass = ({ events: _events, ...notice }) => [notice];
    for (let n = 1; n <= 3; n++) await log.storeEvent(tick(n));
    await settle();
    expect([client.ids, client.gaps]).toEqual([[1, 2, 3], []]);
  });

  it("reads what lies between its newest event and a notice", async () => {
    const { log, client, settle } = await scene();
    log.pass = () => [];
    await log.append([tick(1), tick(2)]);
    log.pass = (notice) => [notice];
    await log.storeEvent(tick(3));
    await settle();
    expect([client.ids, client.gaps]).toEqual([[1, 2, 3], []]);
  });

  it("takes no event twice, and none that is late", async () => {
    const { log, client, settle } = await scene();
    const earlier: AppendNotice<Tick>[] = [];
    log.pass = (notice) => {
      earlier.push(notice);
      return [notice, ...earlier];
    };
    for (let n = 1; n <= 4; n++) await log.storeEvent(tick(n));
    await settle();
    expect([client.ids, client.gaps]).toEqual([[1, 2, 3, 4], []]);
  });

  it("finds what it was not notified of within ten seconds, and says that it was missed", async () => {
    const { log, client, settle } = await scene();
    log.pass = () => [];
    await log.append([tick(1), tick(2)]);
    await settle();
    expect([client.ids, log.missed.mock.calls.length]).toEqual([[], 0]);
    await settle(20_000);
    expect([client.ids, client.gaps, log.missed.mock.calls.length]).toEqual([[1, 2], [], 1]);
  });

  it("shows the newest to a client that comes after a quiet time", async () => {
    const { log, client, settle } = await scene();
    client.disconnect();
    log.pass = () => [];
    await log.append([tick(1), tick(2)]);
    await settle(20_000);
    await client.connect();
    await settle();
    expect([client.ids, client.gaps]).toEqual([[1, 2], []]);
  });

  it("checks a log that could not be read again, and keeps its clients", async () => {
    const { log, client, errors, settle } = await scene();
    log.pass = () => [];
    await log.storeEvent(tick(1));
    log.isDown = true;
    await settle(12_000);
    log.isDown = false;
    await settle(20_000);
    expect(errors.length).toBeGreaterThan(0);
    expect([client.ids, client.isConnected]).toEqual([[1], true]);
  });

  it("sends clients away if what it was notified of cannot be read", async () => {
    const { log, client, settle } = await scene();
    log.isDown = true;
    log.pass = () => ["changed"];
    await log.storeEvent(tick(1));
    await settle();
    expect(client.isConnected).toBe(false);
    log.isDown = false;
    await client.connect();
    await settle();
    expect([client.ids, client.gaps]).toEqual([[1], []]);
  });

  it("tells of a gap if it was trimmed past its newest event", async () => {
    const { log, client, settle } = await scene();
    await log.storeEvent(tick(1));
    await settle();
    log.pass = () => [];
    await log.append([tick(2), tick(3), tick(4)]);
    await log.trim(4);
    await settle();
    expect(client.isConnected).toBe(false);
    await client.connect();
    await settle();
    expect([client.ids, client.gaps]).toMatchObject([[1, 4], [{ reason: "trimmed", after: 1, resumesAt: 4 }]]);
  });

  it("resets its clients when the stream is deleted", async () => {
    const { log, client, settle } = await scene();
    await log.append([tick(1), tick(2)]);
    await settle();
    await log.delete();
    await settle();
    expect(client.isConnected).toBe(false);
    await log.storeEvent(tick(3));
    await client.connect();
    await settle();
    expect(client.read().seen.slice(2)).toMatchObject([
      { kind: "gap", reason: "reset", after: 2 },
      { kind: "event", id: 1, data: { n: 3 } },
    ]);
  });

  it("serves nothing from memory of what was trimmed", async () => {
    const { log, target, client, settle } = await scene();
    await log.append([tick(1), tick(2), tick(3)]);
    await settle();
    await log.trim(3);
    await settle();
    expect(client.isConnected).toBe(true);
    const late = new TestClient(target);
    await late.connect();
    await settle();
    expect([late.read().ids, late.gaps]).toMatchObject([[3], [{ reason: "trimmed", after: 0, resumesAt: 3 }]]);
  });

  it("loses and repeats nothing, whatever becomes of the notices", async () => {
    const fate = fc.constantFrom("passed", "lost", "bare", "doubled", "changed", "late");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fate, fc.integer({ min: 1, max: 4 })), { maxLength: 30 }), async (fates) => {
        const { log, client, errors, settle } = await scene();
        let late: AppendNotice<Tick>[] = [];
        let n = 0;
        for (const [what, count] of fates) {
          log.pass = (notice) => {
            if (what === "lost") return [];
            if (what === "bare") return [{ ...notice, events: undefined }];
            if (what === "doubled") return [notice, notice];
            if (what === "changed") return ["changed"];
            if (what === "passed") return [notice, ...late.splice(0)];
            late.push(notice);
            return [];
          };
          await log.append(Array.from({ length: count }, () => tick(++n)));
          if (n % 3 === 0) await settle(1);
        }
        late = [];
        await settle(25_000);
        expect(client.ids).toEqual(Array.from({ length: n }, (_, index) => index + 1));
        expect([client.gaps, errors, client.isConnected]).toEqual([[], [], true]);
        client.disconnect();
      }),
      { numRuns: 60 },
    );
  });
});
