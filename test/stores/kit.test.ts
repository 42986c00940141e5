import { MemoryEventStore, type EventFollower, type StoredEvent } from "ssetarget";
import { ConformanceError, storeCases, type KitEvent, type MakeStore, type StoreCapability } from "ssetarget/testing";
import { describe, expect, it, vi } from "vitest";

const CAPABILITIES = [
  "append",
  "page",
  "follow",
  "bounds",
  "trim",
  "keys",
  "history",
  "dense-ids",
  "retention",
  "streams",
] as const satisfies readonly StoreCapability[];

/** Stores with one fault each, and what the kit says of it. */
class Store extends MemoryEventStore<KitEvent> {}

class RepeatsIds extends Store {
  override async storeEvent(event: KitEvent) {
    const stored = await super.storeEvent(event);
    return { ...stored, id: Math.max(1, stored.id - 1) };
  }
}

class LeavesHoles extends Store {
  override async storeEvent(event: KitEvent) {
    if (event["n"] === 3) await super.storeEvent({ type: "hole" });
    return super.storeEvent(event);
  }
}

/** As a sorted set does that is scored by time: equal members are one. */
class CollapsesEqualEvents extends Store {
  override async storeEvent(event: KitEvent) {
    return super.storeEvent({ ...event, key: event.key ?? JSON.stringify(event) });
  }
}

class ShowsLate extends Store {
  override async getEvents(afterId: number) {
    return (await super.getEvents(afterId)).slice(0, -1);
  }
}

class IncludesTheCursor extends Store {
  override async getEvents(afterId: number) {
    return super.getEvents(Math.max(0, afterId - 1));
  }
}

class IgnoresPageLimits extends Store {
  override async getEventsPage(afterId: number) {
    return super.getEvents(afterId);
  }
}

class SkipsTooLargeEvents extends Store {
  override async getEventsPage(afterId: number, limits: { maxEvents: number; maxBytes: number }) {
    const page = await super.getEventsPage(afterId, limits);
    return page.filter((event) => JSON.stringify(event).length <= limits.maxBytes);
  }
}

class ForgetsKeys extends Store {
  override async storeEvent({ key: _key, ...event }: KitEvent) {
    return super.storeEvent(event as KitEvent);
  }
}

class StoresHalfABatch extends Store {
  override async storeEvents(events: readonly KitEvent[]) {
    const stored = [];
    for (const event of events) stored.push(await super.storeEvent(event));
    return stored;
  }
}

class BeginsWithWhatComes extends Store {
  override async subscribe(_afterId: number, follower: EventFollower<KitEvent>) {
    return super.subscribe(this.bounds.lastId, follower);
  }
}

class TellsTwice extends Store {
  override async subscribe(afterId: number, follower: EventFollower<KitEvent>) {
    return super.subscribe(afterId, {
      onEvents: (events) => {
        follower.onEvents(events);
        if (events.length > 5) follower.onEvents(events.slice(-1));
      },
      onInterrupted: () => follower.onInterrupted(),
    });
  }
}

class TellsNothingOfTrimming extends Store {
  override async subscribe(afterId: number, follower: EventFollower<KitEvent>) {
    return super.subscribe(afterId, { onEvents: (events) => follower.onEvents(events), onInterrupted: () => {} });
  }
}

class TakesMoreAfterTheEnd extends Store {
  override async storeEvent(event: KitEvent): Promise<StoredEvent<KitEvent>> {
    return super.storeEvent(event).catch(() => ({ ...event, id: 99 }));
  }
}

class HidesWhatItTrimmed extends Store {
  override async getBounds() {
    return { ...this.bounds, firstId: 1 };
  }
}

class BeginsAnewAfterTrimming extends Store {
  #shift = 0;

  override async trim(beforeId: number) {
    await super.trim(beforeId);
    if (this.bounds.firstId > this.bounds.lastId) this.#shift = this.bounds.lastId;
  }

  override async storeEvent(event: KitEvent) {
    const stored = await super.storeEvent(event);
    return { ...stored, id: stored.id - this.#shift };
  }
}

class ChangesItsEpoch extends Store {
  override async getBounds() {
    return { ...this.bounds, epoch: `e${this.bounds.firstId}` };
  }
}

class KeepsEverything extends MemoryEventStore<KitEvent> {
  constructor() {
    super({ maxEvents: 1_000_000 });
  }
}

async function failures(makeStore: MakeStore): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, undeclared, run } of storeCases(CAPABILITIES)) {
    if (undeclared.length > 0) continue;
    await run(makeStore).catch(() => failed.push(title));
  }
  return failed;
}

describe("the conformance kit", () => {
  it("finds nothing in a store that is right", async () => {
    expect(await failures(({ maxEvents } = {}) => new Store({ maxEvents }))).toEqual([]);
  });

  it.for([
    [RepeatsIds, "answers with the event and an id that is greater than all before it"],
    [LeavesHoles, "gives the ids 1, 2, 3 … without holes"],
    [CollapsesEqualEvents, "keeps events that are equal apart"],
    [ShowsLate, "shows an event as soon as storeEvent has resolved"],
    [IncludesTheCursor, "answers with exactly the events after a cursor"],
    [IgnoresPageLimits, "reads the history in pages of so many events"],
    [SkipsTooLargeEvents, "ends a page at its bytes, but never before its first event"],
    [ForgetsKeys, "stores an event with a key once, and answers a repeat with the one that is there"],
    [StoresHalfABatch, "refuses a batch as a whole, and stores none of it"],
    [BeginsWithWhatComes, "tells a follower the history after its cursor first, and then what comes"],
    [TellsTwice, "tells a follower a batch in its order"],
    [TellsNothingOfTrimming, "interrupts a follower whose cursor was trimmed or is ahead of the log"],
    [TakesMoreAfterTheEnd, "takes nothing after the end, and the end once"],
    [HidesWhatItTrimmed, "forgets everything before an id, and goes on with its ids"],
    [BeginsAnewAfterTrimming, "goes on with its ids after everything was forgotten"],
    [ChangesItsEpoch, "forgets everything before an id, and goes on with its ids"],
    [KeepsEverything, "keeps the newest of more events than it retains, and says that the others are gone"],
  ] as const)("finds the fault of %o: %s", async ([Faulty, title]) => {
    // What waits for something that never comes must not be waited for.
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    try {
      const run = storeCases(CAPABILITIES).find((each) => each.title === title)?.run;
      const outcomes: unknown[] = [];
      void run?.(() => new Faulty()).then(
        () => outcomes.push("nothing found"),
        (error: unknown) => outcomes.push(error),
      );
      while (outcomes.length === 0) await vi.advanceTimersByTimeAsync(1000);
      expect(outcomes).toEqual([expect.any(ConformanceError)]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("lists the cases that do not apply, and why", () => {
    const left = storeCases(["history"]).filter(({ undeclared }) => undeclared.length > 0);
    expect(left.find(({ title }) => title.startsWith("tells a follower a batch"))?.undeclared).toEqual([
      "follow",
      "append",
    ]);
  });

  it("says what was expected and what was seen", async () => {
    const [, , dense] = storeCases(CAPABILITIES);
    await expect(dense?.run(() => new LeavesHoles())).rejects.toThrow("ids: expected [1,2,3,4,5], got [1,2,4,5,6]");
  });

  it("closes the stores that it has opened", async () => {
    let closed = 0;
    class Closable extends Store {
      async close() {
        closed++;
      }
    }
    const [declaration] = storeCases([...CAPABILITIES, "close"]);
    await declaration?.run(() => new Closable());
    expect(closed).toBe(1);
  });

  it("names a section of PROTOCOL.md that is there for each case", async () => {
    const { readFileSync } = await import("node:fs");
    const protocol = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");
    const headings = new Set(
      [...protocol.matchAll(/^#{2,3} (13\S*) (.+)$/gm)].map(
        ([, number, name]) => `${number?.replace(/\.$/, "")} ${name}`,
      ),
    );
    for (const { section } of storeCases([])) expect(headings).toContain(section);
  });
});
