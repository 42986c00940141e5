import { MemoryEventStore, NullEventStore, SSETarget, type EventStore } from "ssetarget";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TwoMethodStore } from "../support/stores.ts";
import { TestClient, turns, type Seen } from "../support/test-client.ts";

type Numbered = { type: "n"; n: number; filler?: string };

/** One thing that may happen in the life of a stream. Clients are numbered; one that does not exist is not touched. */
type Happening =
  | { readonly do: "dispatch"; readonly count: number; readonly isAwaited: boolean }
  | { readonly do: "connect"; readonly client: number; readonly credit: number }
  | { readonly do: "drain"; readonly client: number; readonly credit: number }
  | { readonly do: "disconnect"; readonly client: number }
  | { readonly do: "trim"; readonly keep: number }
  | { readonly do: "turn"; readonly count: number };

const CLIENTS = 4;

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("dispatch" as const),
      count: fc.integer({ min: 1, max: 12 }),
      isAwaited: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("connect" as const),
      client: fc.nat(CLIENTS - 1),
      credit: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("drain" as const),
      client: fc.nat(CLIENTS - 1),
      credit: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disconnect" as const), client: fc.nat(CLIENTS - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("trim" as const), keep: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("turn" as const), count: fc.integer({ min: 1, max: 3 }) }) },
);

/** Checks that what a client saw, together with the gaps it was told of, is exactly the log, in order, nothing twice. */
function expectContinuity(seen: readonly Seen[], lastId: number, beginsAfter = 0): void {
  let cursor = beginsAfter;
  let expected = beginsAfter + 1;
  for (const each of seen) {
    if (each.kind === "gap") {
      // A gap has no id: a client that is cut off right after one comes again with the cursor from before it.
      expect([cursor, expected - 1]).toContain(each.after);
      expect(each.resumesAt).toBeGreaterThan((each.after ?? 0) + 1);
      expect(each.resumesAt).toBeGreaterThanOrEqual(expected);
      expected = each.resumesAt;
      continue;
    }
    expect(each.id).toBe(expected);
    cursor = each.id;
    if (each.type === "n") expect(each.data["n"]).toBe(each.id);
    expected++;
  }
  expect(expected - 1, "the client has come to the end of the log").toBe(lastId);
}

/** How far a client has come: one that begins with what is new is told first where that is. */
function reached({ seen, cursor }: TestClient): number {
  const last = seen.at(-1);
  if (last?.kind === "gap") return last.resumesAt - 1;
  return Math.max(last?.id ?? 0, Number.parseInt(cursor ?? "0", 10));
}

/** Where a client began that was to see only what is new. */
function beginning({ seen, cursor }: TestClient): number {
  const [first] = seen;
  if (first === undefined) return Number.parseInt(cursor ?? "0", 10);
  return first.kind === "gap" ? (first.after ?? 0) : first.id - 1;
}

async function live(
  store: EventStore<Numbered>,
  schedule: readonly Happening[],
  options: {
    readonly window: number;
    readonly windowBytes: number;
    readonly fillerBytes: number;
    readonly isCompleted: boolean;
  },
): Promise<{ clients: TestClient[]; lastId: number }> {
  const errors: unknown[] = [];
  const target = new SSETarget<Numbered>("/sse", store, {
    maxWindowEvents: options.window,
    maxWindowBytes: options.windowBytes,
    onError: (error) => errors.push(error),
  });
  const clients = Array.from({ length: CLIENTS }, () => new TestClient(target));
  let dispatched = 0;
  const dispatches: Promise<unknown>[] = [];
  for (const each of schedule) {
    switch (each.do) {
      case "dispatch": {
        for (let i = 0; i < each.count; i++) {
          dispatches.push(
            target.dispatchEvent({ type: "n", n: ++dispatched, filler: "x".repeat(options.fillerBytes) }),
          );
        }
        if (each.isAwaited) await Promise.all(dispatches);
        break;
      }
      case "connect": {
        const client = clients[each.client];
        if (client?.isConnected === false) await client.connect(each.credit);
        break;
      }
      case "drain": {
        const client = clients[each.client];
        if (client?.isConnected) client.sink.drain(each.credit);
        break;
      }
      case "disconnect":
        clients[each.client]?.disconnect();
        break;
      case "trim":
        await (store as Partial<MemoryEventStore<Numbered>>).trim?.(dispatched - each.keep + 1);
        break;
      case "turn":
        await turns(each.count);
        break;
    }
  }
  await Promise.all(dispatches);
  if (options.isCompleted) await target.complete();
  // In the end everybody comes back and reads all there is.
  for (const client of clients) {
    client.read();
    if (client.status !== 204 && !client.isConnected) await client.connect();
    if (client.isConnected) client.sink.drain(1_000_000);
  }
  const lastId = dispatched + (options.isCompleted ? 1 : 0);
  const isAtEnd = (client: TestClient) => client.status === 204 || reached(client.read()) === lastId;
  for (let turn = 0; turn < 2_000 && !clients.every(isAtEnd); turn++) await turns(1);
  expect(errors).toEqual([]);
  if (options.isCompleted) expect(clients.map((client) => client.isConnected)).toEqual(clients.map(() => false));
  expect(target.connectionCount).toBe(clients.filter((client) => client.isConnected).length);
  return { clients, lastId };
}

const schedules = fc.array(happening, { minLength: 1, maxLength: 40 });
const shapes = fc.record({
  window: fc.integer({ min: 1, max: 10 }),
  windowBytes: fc.constantFrom(1, 500, 50_000, 1_000_000),
  fillerBytes: fc.constantFrom(0, 300, 40_000),
  isCompleted: fc.boolean(),
});

describe("continuity", () => {
  it("holds over a memory store that forgets, whatever clients and dispatchers do", async () => {
    await fc.assert(
      fc.asyncProperty(schedules, shapes, fc.integer({ min: 1, max: 30 }), async (schedule, shape, maxEvents) => {
        const { clients, lastId } = await live(new MemoryEventStore({ maxEvents }), schedule, shape);
        for (const client of clients) expectContinuity(client.seen, lastId);
      }),
      { numRuns: 300 },
    );
  });

  it("holds without any gap over a memory store that keeps everything", async () => {
    await fc.assert(
      fc.asyncProperty(schedules, shapes, async (schedule, shape) => {
        const kept = schedule.filter((each) => each.do !== "trim");
        const { clients, lastId } = await live(new MemoryEventStore(), kept, shape);
        for (const client of clients) {
          expectContinuity(client.seen, lastId);
          expect(client.gaps).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("holds over a store that keeps nothing, with the gaps it must have", async () => {
    await fc.assert(
      fc.asyncProperty(schedules, shapes, async (schedule, shape) => {
        const { clients, lastId } = await live(new NullEventStore(), schedule, shape);
        for (const client of clients) expectContinuity(client.seen, lastId, beginning(client));
      }),
      { numRuns: 200 },
    );
  });

  it("holds without any gap over a store of two slow methods whose calls overtake one another", async () => {
    await fc.assert(
      fc.asyncProperty(schedules, shapes, fc.array(fc.nat(3), { minLength: 1 }), async (schedule, shape, delays) => {
        let call = 0;
        const store = new TwoMethodStore<Numbered>(() => delays[call++ % delays.length] ?? 0);
        const { clients, lastId } = await live(store, schedule, shape);
        for (const client of clients) {
          expectContinuity(client.seen, lastId);
          expect(client.gaps).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
