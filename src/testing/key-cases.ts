import type { EventStore, AppendableEventStore, KeyedEventStore, TrimmableEventStore } from "../store/event-store.ts";
import { freshName, type CaseDefinition, type KitEvent } from "./conformance-case.ts";
import { expectEqual, expectRefusal, expectRising, expectTrue } from "./expect.ts";

const KEYS = "13.6 Keys";
const BATCHES = "13.7 Batches";
const END = "ssetarget:end";

type Store = EventStore<KitEvent> & KeyedEventStore<KitEvent> & AppendableEventStore<KitEvent> & TrimmableEventStore;

export const keyCases: readonly CaseDefinition[] = [
  {
    title: "stores an event with a key once, and answers a repeat with the one that is there",
    section: KEYS,
    needs: ["keys", "history"],
    check: async (open) => {
      const store = await open();
      const first = await store.storeEvent({ type: "n", key: "a", n: 1 });
      await store.storeEvent({ type: "n", n: 2 });
      expectEqual(await store.storeEvent({ type: "n", key: "a", n: 3 }), first, "the answer to a repeat");
      expectEqual(
        (await store.getEvents(0)).map(({ n }) => n),
        [1, 2],
        "the history",
      );
    },
  },
  {
    title: "stores one of many events with the same key that come at once",
    section: KEYS,
    needs: ["keys", "history", "follow"],
    check: async (open) => {
      const store = await open();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.storeEvent({ type: "n", key: "same", n })),
      );
      expectEqual(new Set(answers.map(({ id }) => id)).size, 1, "ids among the answers");
      expectEqual(
        answers.map(({ n }) => n),
        answers.map(() => 0),
        "the event in each answer",
      );
      expectEqual((await store.getEvents(0)).length, 1, "events in the history");
    },
  },
  {
    title: "finds an event by its key, whatever the key is",
    section: KEYS,
    needs: ["keys"],
    check: async (open) => {
      const store = (await open()) as Store;
      const keys = ["k", "constructor", "__proto__", "a b.c*>", "ключ 🔑", "{x}", "K", "x".repeat(512)];
      for (const key of keys) await store.storeEvent({ type: "n", key, own: key });
      for (const key of keys) {
        expectEqual((await store.getEventByKey(key))?.["own"], key, `the event with the key ${JSON.stringify(key)}`);
      }
      expectEqual(await store.getEventByKey("toString"), undefined, "a key that was never given");
    },
  },
  {
    title: "refuses a key or a type that is not well-formed Unicode, which UTF-8 could not tell from another one",
    section: KEYS,
    needs: ["keys"],
    check: async (open, can) => {
      const store = (await open()) as Store;
      for (const half of ["\ud83d", "a\udc00b", "\udc00\ud83d"]) {
        const what = JSON.stringify(half);
        await expectRefusal(() => store.storeEvent({ type: "n", key: half }), "invalid-key", `the key ${what}`);
        await expectRefusal(() => store.storeEvent({ type: half }), "invalid-type", `the type ${what}`);
        if (!can("append")) continue;
        const batch = [{ type: "n" }, { type: "n", key: half }];
        await expectRefusal(() => store.storeEvents(batch), "invalid-key", `the key ${what} in a batch`);
      }
      await store.storeEvent({ type: "n", key: "\ufffd" });
      expectEqual(await store.getEventByKey("\ud83d"), undefined, "the event of a key that is refused");
      if (can("history")) expectEqual((await store.getEvents(0)).length, 1, "events in the history");
    },
  },
  {
    title: "knows a key in its own stream only",
    section: KEYS,
    needs: ["keys", "streams", "history"],
    check: async (open) => {
      const one = await open();
      const other = await open({ stream: freshName() });
      await one.storeEvent({ type: "one", key: "a" });
      expectEqual(
        (await other.storeEvent({ type: "other", key: "a" })).type,
        "other",
        "the same key in another stream",
      );
    },
  },
  {
    title: "forgets a key with its event",
    section: KEYS,
    needs: ["keys", "trim", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const { id } = await store.storeEvent({ type: "n", key: "a", n: 1 });
      const second = await store.storeEvent({ type: "n", key: "b", n: 2 });
      await store.trim(id + 1);
      expectEqual(await store.getEventByKey("a"), undefined, "the key of an event that was trimmed");
      expectEqual((await store.getEventByKey("b"))?.id, second.id, "the key of one that was not");
      expectTrue(
        (await store.storeEvent({ type: "n", key: "a", n: 3 })).id > second.id,
        "a forgotten key is taken again",
      );
    },
  },
  {
    title: "knows the keys that another store over the stream has stored",
    section: KEYS,
    needs: ["keys", "shared", "history"],
    check: async (open) => {
      const [one, other] = [await open(), await open({ isElsewhere: true })];
      const first = await one.storeEvent({ type: "n", key: "a", n: 1 });
      expectEqual(await other.storeEvent({ type: "n", key: "a", n: 2 }), first, "the answer of the other store");
    },
  },
  {
    title: "appends many events next to one another, in their order",
    section: BATCHES,
    needs: ["append", "history"],
    check: async (open, can) => {
      const store = (await open()) as Store;
      const before = await store.storeEvent({ type: "n", n: 0 });
      const stored = await store.storeEvents([1, 2, 3].map((n) => ({ type: "n", n })));
      expectRising([before, ...stored], "the batch");
      expectEqual(
        stored.map(({ n }) => n),
        [1, 2, 3],
        "what storeEvents answered",
      );
      if (can("dense-ids"))
        expectEqual(
          stored.map(({ id }) => id),
          [2, 3, 4],
          "the ids of the batch",
        );
      expectEqual(
        (await store.getEvents(0)).map(({ n }) => n),
        [0, 1, 2, 3],
        "the history",
      );
    },
  },
  {
    title: "has nothing to do for an empty batch",
    section: BATCHES,
    needs: ["append"],
    check: async (open) => {
      const store = (await open()) as Store;
      expectEqual(await store.storeEvents([]), [], "the answer to no events");
    },
  },
  {
    title: "lets nobody in between the events of a batch",
    section: BATCHES,
    needs: ["append", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const batch = (b: number) => Array.from({ length: 5 }, (_, n) => ({ type: "n", b, n }));
      await Promise.all(
        [0, 1, 2, 3].flatMap((b) => [store.storeEvents(batch(b)), store.storeEvent({ type: "single" })]),
      );
      const inBatches = (await store.getEvents(0)).filter(({ type }) => type === "n");
      const events = await store.getEvents(0);
      expectEqual(events.length, 24, "events stored");
      for (let b = 0; b < 4; b++) {
        const places = events.flatMap((event, place) => (event["b"] === b ? [place] : []));
        expectEqual(
          places.map((place) => place - (places[0] ?? 0)),
          [0, 1, 2, 3, 4],
          `where the events of batch ${b} lie`,
        );
      }
      expectEqual(inBatches.length, 20, "events of batches");
    },
  },
  {
    title: "refuses a batch as a whole, and stores none of it",
    section: BATCHES,
    needs: ["append", "bounds", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      await store.storeEvent({ type: "n", n: 1 });
      await expectRefusal(
        () =>
          store.storeEvents([
            { type: "n", n: 2 },
            { type: END, key: END },
            { type: "n", n: 3 },
          ]),
        "stream-completed",
        "a batch that goes on after an end",
      );
      await expectRefusal(
        () =>
          store.storeEvents([
            { type: "n", n: 2 },
            { type: "n", n: 10n },
          ]),
        "unserializable-data",
        "a batch with an event that JSON cannot carry",
      );
      expectEqual(
        (await store.getEvents(0)).map(({ n }) => n),
        [1],
        "the history after the refusals",
      );
      expectEqual((await store.storeEvent({ type: "n", n: 4 })).n, 4, "an event after the refusals");
    },
  },
  {
    title: "answers for known keys within a batch with the events that are there",
    section: BATCHES,
    needs: ["append", "keys", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const known = await store.storeEvent({ type: "n", key: "a", n: 1 });
      const answers = await store.storeEvents([
        { type: "n", key: "b", n: 2 },
        { type: "n", key: "a", n: 3 },
        { type: "n", key: "b", n: 4 },
        { type: "n", n: 5 },
      ]);
      expectEqual(
        answers.map(({ n }) => n),
        [2, 1, 2, 5],
        "the answers, in the order asked",
      );
      expectEqual(answers[1]?.id, known.id, "the id of the known event");
      expectEqual(
        (await store.getEvents(0)).map(({ n }) => n),
        [1, 2, 5],
        "the history",
      );
    },
  },
];
