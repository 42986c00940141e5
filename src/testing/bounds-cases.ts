import type { CaseDefinition } from "./conformance-case.ts";
import { eventually, expectEqual, expectRefusal, expectTrue, put, readAfter } from "./expect.ts";
import { KitFollower } from "./kit-follower.ts";

const BOUNDS = "13.9 Bounds and epochs";
const ENDS = "13.10 Ends";
const FORGETTING = "13.11 Trimming and deleting";
const CLOSING = "13.12 Closing";
const END = "ssetarget:end";

export const boundsCases: readonly CaseDefinition[] = [
  {
    title: "knows that nothing was stored, and stores nothing by being asked",
    section: BOUNDS,
    needs: [],
    check: async (open) => {
      const store = await open();
      for (let times = 0; times < 2; times++) {
        await readAfter(store, 0);
        const { firstId, lastId, completed } = await store.bounds();
        expectEqual({ firstId, lastId, completed }, { firstId: 1, lastId: 0, completed: false }, "bounds of nothing");
      }
    },
  },
  {
    title: "knows the extent of its history",
    section: BOUNDS,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      let last = 0;
      for (let n = 1; n <= 4; n++) {
        last = (await put(store, { type: "n", n })).id;
        const bounds = await store.bounds();
        expectEqual(bounds.lastId, last, "lastId");
        expectEqual(bounds.firstId, 1, "firstId while nothing was dropped");
        expectEqual(bounds.completed, false, "completed");
      }
    },
  },
  {
    title: "names its history in a way that can stand in a cursor",
    section: BOUNDS,
    needs: [],
    check: async (open) => {
      const store = await open();
      await put(store, { type: "n" });
      const { epoch } = await store.bounds();
      expectTrue(epoch === undefined || /^[\w-]{1,64}$/.test(epoch), `an epoch cannot be ${JSON.stringify(epoch)}`);
    },
  },
  {
    title: "gives all stores over a stream the same bounds",
    section: BOUNDS,
    needs: ["shared"],
    check: async (open) => {
      const [one, other] = [await open(), await open()];
      await put(one, { type: "n", n: 1 });
      await put(other, { type: "n", n: 2 });
      expectEqual(await one.bounds(), await other.bounds(), "bounds of two stores");
    },
  },
  {
    title: "takes nothing after the end, and the end once",
    section: ENDS,
    needs: [],
    check: async (open, can) => {
      const store = await open();
      await put(store, { type: "n", n: 1 });
      const end = await put(store, { type: END, key: END });
      expectEqual((await store.bounds()).completed, true, "completed");
      expectEqual((await store.bounds()).lastId, end.id, "lastId");
      await expectRefusal(() => put(store, { type: "n", n: 2 }), "stream-completed", "an event after the end");
      expectEqual((await put(store, { type: END, key: END })).id, end.id, "a second end");
      const seen = (await readAfter(store, 0)).map(({ type }) => type);
      expectEqual(seen, can("history") ? ["n", END] : [END], "the history");
    },
  },
  {
    title: "answers a repeat of a known key even after the end",
    section: ENDS,
    needs: ["keys"],
    check: async (open) => {
      const store = await open();
      const first = await put(store, { type: "n", key: "a" });
      await put(store, { type: END, key: END });
      expectEqual((await put(store, { type: "n", key: "a" })).id, first.id, "the repeat of a known key");
    },
  },
  {
    title: "takes nothing after an end that another store has stored",
    section: ENDS,
    needs: ["shared"],
    check: async (open) => {
      const [one, other] = [await open(), await open({ isElsewhere: true })];
      await put(one, { type: "n", n: 1 });
      await put(other, { type: "n", n: 2 });
      await put(one, { type: END, key: END });
      await expectRefusal(() => put(other, { type: "n", n: 3 }), "stream-completed", "an event after the end");
      const types = (await readAfter(one, 0)).map(({ type }) => type);
      expectEqual(types, ["n", "n", END], "the history");
    },
  },
  {
    title: "drops everything before an id, and continues its ids",
    section: FORGETTING,
    needs: ["trim", "history"],
    check: async (open) => {
      const store = await open();
      const ids = [];
      for (let n = 1; n <= 6; n++) ids.push((await put(store, { type: "n", n })).id);
      const { epoch } = await store.bounds();
      await store.trim?.(ids[3] as number);
      const bounds = await store.bounds();
      expectEqual([bounds.firstId, bounds.lastId], [ids[3], ids[5]], "bounds after trimming to the fourth");
      expectEqual(bounds.epoch, epoch, "the epoch after trimming");
      for (const after of [0, ids[0] as number, ids[2] as number]) {
        expectEqual(
          (await readAfter(store, after)).map(({ n }) => n),
          [4, 5, 6],
          `events after ${after}`,
        );
      }
      await store.trim?.(ids[1] as number);
      expectEqual((await store.bounds()).firstId, ids[3], "firstId after trimming to less than that");
      expectTrue((await put(store, { type: "n", n: 7 })).id > (ids[5] as number), "ids go on after trimming");
    },
  },
  {
    title: "continues its ids after everything was dropped",
    section: FORGETTING,
    needs: ["trim", "history"],
    check: async (open) => {
      const store = await open();
      let last = 0;
      for (let n = 1; n <= 3; n++) last = (await put(store, { type: "n", n })).id;
      await store.trim?.(last + 1);
      const bounds = await store.bounds();
      expectEqual([bounds.firstId, bounds.lastId], [last + 1, last], "bounds of a history that was dropped");
      expectEqual(await readAfter(store, 0), [], "events");
      const next = await put(store, { type: "n", n: 4 });
      expectTrue(next.id > last, `the next id after ${last} is ${next.id}`);
      expectEqual((await store.bounds()).epoch, bounds.epoch, "the epoch");
    },
  },
  {
    title: "drops the whole stream on request, and starts another history",
    section: FORGETTING,
    needs: ["delete", "history"],
    check: async (open, can) => {
      const store = await open();
      for (let n = 1; n <= 3; n++) await put(store, { type: "n", n, key: `k${n}` });
      await put(store, { type: END, key: END });
      const before = await store.bounds();
      const { follower } = await KitFollower.start(store);
      await store.delete?.();
      await eventually(
        () => follower.changes > 0,
        () => "a follower was not notified that the stream was deleted",
      );
      follower.close();
      const { firstId, lastId, completed } = await store.bounds();
      expectEqual({ firstId, lastId, completed }, { firstId: 1, lastId: 0, completed: false }, "bounds after deleting");
      expectEqual(await readAfter(store, 0), [], "events after deleting");
      await store.delete?.();
      expectEqual((await put(store, { type: "n", n: 4, key: "k1" })).n, 4, "an event with a key from before");
      if (can("dense-ids")) expectEqual((await store.bounds()).lastId, 1, "its id");
      const { epoch } = await store.bounds();
      expectTrue(epoch !== undefined && epoch !== before.epoch, `the epoch went from ${before.epoch} to ${epoch}`);
    },
  },
  {
    title: "keeps the newest of more events than it retains, and reports that the others are gone",
    section: FORGETTING,
    needs: ["retention", "history"],
    check: async (open) => {
      const maxEvents = 10;
      const store = await open({ maxEvents });
      let last = 0;
      for (let n = 1; n <= 60; n++) last = (await put(store, { type: "n", n, key: `k${n}` })).id;
      await eventually(
        async () => (await readAfter(store, 0)).length <= maxEvents * 2,
        () => `more than ${maxEvents * 2} events are kept although ${maxEvents} are to be retained`,
      );
      const events = await readAfter(store, 0);
      const { firstId, lastId } = await store.bounds();
      expectTrue(
        events.length >= maxEvents,
        `${events.length} events are kept although ${maxEvents} are to be retained`,
      );
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
      const store = await open();
      await put(store, { type: "n" });
      await store.close?.();
      await store.close?.();
      await expectRefusal(() => put(store, { type: "n" }), "closed", "an event after close()");
    },
  },
  {
    title: "has stored what it was given before it was closed",
    section: CLOSING,
    needs: ["close", "persistent", "history"],
    check: async (open) => {
      const store = await open();
      const storing = Promise.allSettled(Array.from({ length: 20 }, (_, n) => put(store, { type: "n", n })));
      await store.close?.();
      const stored = (await storing).flatMap((each) => (each.status === "fulfilled" ? [each.value.n] : []));
      const seen = (await readAfter(await open(), 0)).map(({ n }) => n);
      expectEqual(
        seen.filter((n) => stored.includes(n)),
        stored,
        "what had been acknowledged",
      );
    },
  },
  {
    title: "notifies of nothing after it was closed",
    section: CLOSING,
    needs: ["close", "shared"],
    check: async (open) => {
      const [here, there] = [await open(), await open()];
      const { follower: closed } = await KitFollower.start(here);
      const { follower: other } = await KitFollower.start(there);
      await put(there, { type: "n", n: 1 });
      await closed.has(1, "the follower of the store that will be closed");
      await here.close?.();
      const { notices } = closed;
      await put(there, { type: "n", n: 2 });
      await other.has(2, "the follower of the other store");
      expectEqual(closed.notices, notices, "notices after close()");
      other.close();
    },
  },
  {
    title: "finds everything again when it is opened again",
    section: "13.13 Persistence",
    needs: ["persistent", "history"],
    check: async (open, can) => {
      const store = await open();
      const stored = [];
      for (let n = 1; n <= 5; n++) stored.push(await put(store, { type: "n", n, key: `k${n}` }));
      const bounds = await store.bounds();
      await store.close?.();
      const again = await open();
      expectEqual(await readAfter(again, 0), stored, "the history");
      expectEqual(await again.bounds(), bounds, "the bounds, epoch included");
      if (can("keys")) expectEqual((await put(again, { type: "n", key: "k3" })).id, stored[2]?.id, "a known key");
      expectTrue((await put(again, { type: "n", n: 6 })).id > (stored[4]?.id ?? 0), "ids go on");
    },
  },
];
