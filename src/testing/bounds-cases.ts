import {
  isClosable,
  type BoundedEventStore,
  type ClosableEventStore,
  type EventStore,
  type FollowableEventStore,
  type KeyedEventStore,
  type TrimmableEventStore,
} from "../store/event-store.ts";
import type { CaseDefinition, KitEvent } from "./conformance-case.ts";
import { eventually, expectEqual, expectRefusal, expectTrue, Recorder } from "./expect.ts";

const BOUNDS = "13.9 Bounds and epochs";
const ENDS = "13.10 Ends";
const FORGETTING = "13.11 Forgetting";
const CLOSING = "13.12 Closing";
const END = "ssetarget:end";

type Store = EventStore<KitEvent> &
  BoundedEventStore &
  TrimmableEventStore &
  KeyedEventStore<KitEvent> &
  FollowableEventStore<KitEvent> &
  ClosableEventStore;

export const boundsCases: readonly CaseDefinition[] = [
  {
    title: "knows that nothing was stored, and stores nothing by being asked",
    section: BOUNDS,
    needs: ["bounds"],
    check: async (open, can) => {
      const store = (await open()) as Store;
      for (let times = 0; times < 2; times++) {
        await store.getEvents(0);
        if (can("keys")) await store.getEventByKey("a");
        const { firstId, lastId, completed } = await store.getBounds();
        expectEqual({ firstId, lastId, completed }, { firstId: 1, lastId: 0, completed: false }, "bounds of nothing");
      }
    },
  },
  {
    title: "knows the extent of its history",
    section: BOUNDS,
    needs: ["bounds", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      let last = 0;
      for (let n = 1; n <= 4; n++) {
        last = (await store.storeEvent({ type: "n", n })).id;
        const bounds = await store.getBounds();
        expectEqual(bounds.lastId, last, "lastId");
        expectEqual(bounds.firstId, 1, "firstId, where nothing was forgotten");
        expectEqual(bounds.completed, false, "completed");
      }
    },
  },
  {
    title: "names its history in a way that can stand in a cursor",
    section: BOUNDS,
    needs: ["bounds"],
    check: async (open) => {
      const store = (await open()) as Store;
      await store.storeEvent({ type: "n" });
      const { epoch } = await store.getBounds();
      expectTrue(epoch === undefined || /^[\w-]{1,64}$/.test(epoch), `an epoch cannot be ${JSON.stringify(epoch)}`);
    },
  },
  {
    title: "gives all stores over a stream the same bounds",
    section: BOUNDS,
    needs: ["bounds", "shared"],
    check: async (open) => {
      const [one, other] = [(await open()) as Store, (await open()) as Store];
      await one.storeEvent({ type: "n", n: 1 });
      await other.storeEvent({ type: "n", n: 2 });
      expectEqual(await one.getBounds(), await other.getBounds(), "bounds of two stores");
    },
  },
  {
    title: "takes nothing after the end, and the end once",
    section: ENDS,
    needs: ["bounds"],
    check: async (open, can) => {
      const store = (await open()) as Store;
      await store.storeEvent({ type: "n", n: 1 });
      const end = await store.storeEvent({ type: END, key: END });
      expectEqual((await store.getBounds()).completed, true, "completed");
      expectEqual((await store.getBounds()).lastId, end.id, "lastId");
      await expectRefusal(() => store.storeEvent({ type: "n", n: 2 }), "stream-completed", "an event after the end");
      expectEqual((await store.storeEvent({ type: END, key: END })).id, end.id, "a second end");
      const seen = (await store.getEvents(0)).map(({ type }) => type);
      expectEqual(seen, can("history") ? ["n", END] : [END], "the history");
    },
  },
  {
    title: "answers a repeat of a known key even after the end",
    section: ENDS,
    needs: ["bounds", "keys"],
    check: async (open) => {
      const store = (await open()) as Store;
      const first = await store.storeEvent({ type: "n", key: "a" });
      await store.storeEvent({ type: END, key: END });
      expectEqual((await store.storeEvent({ type: "n", key: "a" })).id, first.id, "the repeat of a known key");
    },
  },
  {
    title: "takes nothing after an end that another store has stored",
    section: ENDS,
    needs: ["bounds", "shared"],
    check: async (open) => {
      const [one, other] = [(await open()) as Store, (await open({ isElsewhere: true })) as Store];
      await one.storeEvent({ type: "n", n: 1 });
      await other.storeEvent({ type: "n", n: 2 });
      await one.storeEvent({ type: END, key: END });
      await expectRefusal(() => other.storeEvent({ type: "n", n: 3 }), "stream-completed", "an event after the end");
      const types = (await one.getEvents(0)).map(({ type }) => type);
      expectEqual(types, ["n", "n", END], "the history");
    },
  },
  {
    title: "forgets everything before an id, and goes on with its ids",
    section: FORGETTING,
    needs: ["trim", "bounds", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const ids = [];
      for (let n = 1; n <= 6; n++) ids.push((await store.storeEvent({ type: "n", n })).id);
      const { epoch } = await store.getBounds();
      await store.trim(ids[3] as number);
      const bounds = await store.getBounds();
      expectEqual([bounds.firstId, bounds.lastId], [ids[3], ids[5]], "bounds after trimming to the fourth");
      expectEqual(bounds.epoch, epoch, "the epoch after trimming");
      for (const after of [0, ids[0] as number, ids[2] as number]) {
        expectEqual(
          (await store.getEvents(after)).map(({ n }) => n),
          [4, 5, 6],
          `events after ${after}`,
        );
      }
      await store.trim(ids[1] as number);
      expectEqual((await store.getBounds()).firstId, ids[3], "firstId after trimming to less than that");
      expectTrue((await store.storeEvent({ type: "n", n: 7 })).id > (ids[5] as number), "ids go on after trimming");
    },
  },
  {
    title: "goes on with its ids after everything was forgotten",
    section: FORGETTING,
    needs: ["trim", "bounds", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      let last = 0;
      for (let n = 1; n <= 3; n++) last = (await store.storeEvent({ type: "n", n })).id;
      await store.trim(last + 1);
      const bounds = await store.getBounds();
      expectEqual([bounds.firstId, bounds.lastId], [last + 1, last], "bounds of a history that was forgotten");
      expectEqual(await store.getEvents(0), [], "events");
      const next = await store.storeEvent({ type: "n", n: 4 });
      expectTrue(next.id > last, `the next id after ${last} is ${next.id}`);
      expectEqual((await store.getBounds()).epoch, bounds.epoch, "the epoch");
    },
  },
  {
    title: "keeps the newest of more events than it retains, and says that the others are gone",
    section: FORGETTING,
    needs: ["retention", "bounds", "history"],
    check: async (open) => {
      const maxEvents = 10;
      const store = (await open({ maxEvents })) as Store;
      let last = 0;
      for (let n = 1; n <= 60; n++) last = (await store.storeEvent({ type: "n", n, key: `k${n}` })).id;
      await eventually(
        async () => (await store.getEvents(0)).length <= maxEvents * 2,
        () => `more than ${maxEvents * 2} events are kept where ${maxEvents} are to be retained`,
      );
      const events = await store.getEvents(0);
      const { firstId, lastId } = await store.getBounds();
      expectTrue(events.length >= maxEvents, `${events.length} events are kept where ${maxEvents} are to be retained`);
      expectEqual(lastId, last, "lastId");
      expectEqual(
        events.map(({ n }) => n),
        Array.from({ length: events.length }, (_, index) => 60 - events.length + 1 + index),
        "what is kept",
      );
      expectTrue(
        firstId <= (events[0]?.id ?? 0) && firstId > 1,
        `firstId ${firstId}, and the first event is ${events[0]?.id}`,
      );
    },
  },
  {
    title: "can be closed twice, and takes nothing afterwards",
    section: CLOSING,
    needs: ["close"],
    check: async (open) => {
      const store = (await open()) as Store;
      await store.storeEvent({ type: "n" });
      await store.close();
      await store.close();
      await expectRefusal(() => store.storeEvent({ type: "n" }), "closed", "an event after close()");
    },
  },
  {
    title: "has stored what it was given before it was closed",
    section: CLOSING,
    needs: ["close", "persistent", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const storing = Promise.allSettled(Array.from({ length: 20 }, (_, n) => store.storeEvent({ type: "n", n })));
      await store.close();
      const stored = (await storing).flatMap((each) => (each.status === "fulfilled" ? [each.value.n] : []));
      const seen = (await (await open()).getEvents(0)).map(({ n }) => n);
      expectEqual(
        seen.filter((n) => stored.includes(n)),
        stored,
        "what had been acknowledged",
      );
    },
  },
  {
    title: "tells followers nothing after it was closed",
    section: CLOSING,
    needs: ["close", "follow", "shared"],
    check: async (open) => {
      const [here, there] = [(await open()) as Store, (await open()) as Store];
      const [closed, other] = [new Recorder(), new Recorder()];
      await here.subscribe(0, closed);
      const subscription = await there.subscribe(0, other);
      await there.storeEvent({ type: "n", n: 1 });
      await closed.hears(1, "the follower of the store that will be closed");
      await here.close();
      await there.storeEvent({ type: "n", n: 2 });
      await other.hears(2, "the follower of the other store");
      expectEqual(closed.events.length, 1, "events told after close()");
      subscription.close();
    },
  },
  {
    title: "finds everything again when it is opened again",
    section: "13.13 Persistence",
    needs: ["persistent", "history"],
    check: async (open, can) => {
      const store = await open();
      const stored = [];
      for (let n = 1; n <= 5; n++) stored.push(await store.storeEvent({ type: "n", n, key: `k${n}` }));
      const bounds = can("bounds") ? await (store as Store).getBounds() : undefined;
      if (isClosable(store)) await store.close();
      const again = await open();
      expectEqual(await again.getEvents(0), stored, "the history");
      if (bounds !== undefined) expectEqual(await (again as Store).getBounds(), bounds, "the bounds, epoch included");
      if (can("keys")) expectEqual((await again.storeEvent({ type: "n", key: "k3" })).id, stored[2]?.id, "a known key");
      expectTrue((await again.storeEvent({ type: "n", n: 6 })).id > (stored[4]?.id ?? 0), "ids go on");
    },
  },
];
