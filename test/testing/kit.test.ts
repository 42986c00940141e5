import { MemoryEventStore, type StoredEvent } from "ssetarget";
import type { LogListener, PageLimits } from "ssetarget/store";
import { ConformanceError, storeCases, type KitEvent, type MakeStore, type StoreCapability } from "ssetarget/testing";
import { describe, expect, it, vi } from "vitest";

const CAPABILITIES = [
  "history",
  "keys",
  "batches",
  "dense-ids",
  "retention",
  "trim",
  "delete",
  "streams",
] as const satisfies readonly StoreCapability[];

/** Stores with one fault each, and what the kit says of it. */
class Store extends MemoryEventStore<KitEvent> {}

type Stored = StoredEvent<KitEvent>;

class RepeatsIds extends Store {
  override async append(events: readonly KitEvent[]): Promise<readonly Stored[]> {
    const stored = await super.append(events);
    return stored.map((event) => ({ ...event, id: Math.max(1, event.id - 1) }));
  }
}

class LeavesHoles extends Store {
  override async append(events: readonly KitEvent[]) {
    if (events[0]?.["n"] === 3) await super.append([{ type: "hole" }]);
    return super.append(events);
  }
}

/** As a sorted set does that is scored by time: equal members are one. */
class CollapsesEqualEvents extends Store {
  override async append(events: readonly KitEvent[]) {
    return super.append(events.map((event) => ({ ...event, key: event.key ?? JSON.stringify(event) })));
  }
}

class ShowsLate extends Store {
  override async read(afterId: number, limits: PageLimits) {
    return (await super.read(afterId, limits)).slice(0, -1);
  }
}

class IncludesTheCursor extends Store {
  override async read(afterId: number, limits: PageLimits) {
    return super.read(Math.max(0, afterId - 1), limits);
  }
}

class IgnoresPageLimits extends Store {
  override async read(afterId: number) {
    return super.read(afterId, { maxEvents: 1_000_000, maxBytes: 1_000_000_000 });
  }
}

class SkipsTooLargeEvents extends Store {
  override async read(afterId: number, limits: PageLimits) {
    const page = await super.read(afterId, limits);
    return page.filter((event) => JSON.stringify(event).length <= limits.maxBytes);
  }
}

class ForgetsKeys extends Store {
  override async append(events: readonly KitEvent[]) {
    return super.append(events.map(({ key: _key, ...event }) => event as KitEvent));
  }
}

class StoresHalfABatch extends Store {
  override async append(events: readonly KitEvent[]) {
    const stored: Stored[] = [];
    for (const event of events) stored.push(...(await super.append([event])));
    return stored;
  }
}

class NotifiesNobody extends Store {
  override async watch() {
    return { close: () => {} };
  }
}

/** Its notices leave out what lies between. */
class LeavesOutEvents extends Store {
  override async watch(listener: LogListener<KitEvent>) {
    return super.watch({
      appended: (notice) => listener.appended({ ...notice, events: notice.events?.slice(-1) }),
      changed: () => listener.changed(),
    });
  }
}

class NotifiesAfterClosing extends Store {
  override async watch(listener: LogListener<KitEvent>) {
    await super.watch(listener);
    return { close: () => {} };
  }
}

class NotifiesNothingOfTrimming extends Store {
  override async watch(listener: LogListener<KitEvent>) {
    return super.watch({ appended: (notice) => listener.appended(notice), changed: () => {} });
  }
}

class NamesAnotherEpoch extends Store {
  override async watch(listener: LogListener<KitEvent>) {
    return super.watch({
      appended: (notice) => listener.appended({ ...notice, epoch: "another" }),
      changed: () => listener.changed(),
    });
  }
}

class TakesMoreAfterTheEnd extends Store {
  override async append(events: readonly KitEvent[]): Promise<readonly Stored[]> {
    return super.append(events).catch(() => events.map((event) => ({ ...event, id: 99 })));
  }
}

class HidesWhatItTrimmed extends Store {
  override async bounds() {
    return { ...(await super.bounds()), firstId: 1 };
  }
}

class RestartsItsIdsAfterTrimming extends Store {
  #shift = 0;

  override async trim(beforeId: number) {
    await super.trim(beforeId);
    const { firstId, lastId } = await super.bounds();
    if (firstId > lastId) this.#shift = lastId;
  }

  override async append(events: readonly KitEvent[]): Promise<readonly Stored[]> {
    const stored = await super.append(events);
    return stored.map((event) => ({ ...event, id: event.id - this.#shift }));
  }
}

class ChangesItsEpoch extends Store {
  override async bounds() {
    const bounds = await super.bounds();
    return { ...bounds, epoch: `e${bounds.firstId}` };
  }
}

class KeepsItsEpochWhenDeleted extends Store {
  override async bounds() {
    return { ...(await super.bounds()), epoch: "always" };
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
    [ShowsLate, "shows an event as soon as append has resolved"],
    [IncludesTheCursor, "answers with exactly the events after a cursor"],
    [IgnoresPageLimits, "reads the history in pages of so many events"],
    [SkipsTooLargeEvents, "ends a page at its bytes, but never before its first event"],
    [ForgetsKeys, "stores an event with a key once, and answers a repeat with the one that is there"],
    [StoresHalfABatch, "refuses a batch as a whole, and stores none of it"],
    [NotifiesNobody, "notifies of what is appended, in order and whole"],
    [LeavesOutEvents, "notifies of several events in their order"],
    [NotifiesAfterClosing, "notifies of nothing after a watch was closed, and goes on with the others"],
    [NotifiesNothingOfTrimming, "notifies that something was trimmed"],
    [NamesAnotherEpoch, "names the epoch of the bounds in its notices"],
    [TakesMoreAfterTheEnd, "takes nothing after the end, and the end once"],
    [HidesWhatItTrimmed, "drops everything before an id, and continues its ids"],
    [RestartsItsIdsAfterTrimming, "continues its ids after everything was dropped"],
    [ChangesItsEpoch, "drops everything before an id, and continues its ids"],
    [KeepsItsEpochWhenDeleted, "drops the whole stream on request, and starts another history"],
    [KeepsEverything, "keeps the newest of more events than it retains, and reports that the others are gone"],
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
    expect(left.find(({ title }) => title.startsWith("drops a key with its event"))?.undeclared).toEqual([
      "keys",
      "trim",
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
