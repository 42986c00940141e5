import { freshName, type CaseDefinition } from "./conformance-case.ts";
import { expectEqual, expectRefusal, expectRising, expectTrue, put, readAfter } from "./expect.ts";

const KEYS = "13.6 Keys";
const BATCHES = "13.7 Batches";
const END = "ssetarget:end";

export const keyCases: readonly CaseDefinition[] = [
  {
    title: "stores an event with a key once, and answers a repeat with the one that is there",
    section: KEYS,
    needs: ["keys", "history"],
    check: async (open) => {
      const store = await open();
      const first = await put(store, { type: "n", key: "a", n: 1 });
      await put(store, { type: "n", n: 2 });
      expectEqual(await put(store, { type: "n", key: "a", n: 3 }), first, "the answer to a repeat");
      expectEqual(
        (await readAfter(store, 0)).map(({ n }) => n),
        [1, 2],
        "the history",
      );
    },
  },
  {
    title: "stores one of many events with the same key that come at once",
    section: KEYS,
    needs: ["keys", "history"],
    check: async (open) => {
      const store = await open();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => put(store, { type: "n", key: "same", n })),
      );
      expectEqual(new Set(answers.map(({ id }) => id)).size, 1, "ids among the answers");
      expectEqual(
        answers.map(({ n }) => n),
        answers.map(() => 0),
        "the event in each answer",
      );
      expectEqual((await readAfter(store, 0)).length, 1, "events in the history");
    },
  },
  {
    title: "knows an event by its key, whatever the key is",
    section: KEYS,
    needs: ["keys"],
    check: async (open) => {
      const store = await open();
      const keys = ["k", "constructor", "__proto__", "a b.c*>", "ключ 🔑", "{x}", "K", "x".repeat(512)];
      for (const key of keys) await put(store, { type: "n", key, own: key });
      for (const key of keys) {
        const { own } = (await put(store, { type: "n", key, own: "another" })) as { own?: unknown };
        expectEqual(own, key, `the event with the key ${JSON.stringify(key)}`);
      }
      expectEqual((await put(store, { type: "n", key: "toString", n: 1 })).n, 1, "an event with a new key");
    },
  },
  {
    title: "refuses a key or a type that is not well-formed Unicode, which UTF-8 could not tell from another one",
    section: KEYS,
    needs: ["keys"],
    check: async (open, can) => {
      const store = await open();
      for (const half of ["\ud83d", "a\udc00b", "\udc00\ud83d"]) {
        const what = JSON.stringify(half);
        await expectRefusal(() => put(store, { type: "n", key: half }), "invalid-key", `the key ${what}`);
        await expectRefusal(() => put(store, { type: half }), "invalid-type", `the type ${what}`);
        if (!can("batches")) continue;
        const batch = [{ type: "n" }, { type: "n", key: half }];
        await expectRefusal(() => store.append(batch), "invalid-key", `the key ${what} in a batch`);
      }
      await put(store, { type: "n", key: "\ufffd" });
      if (can("history")) expectEqual((await readAfter(store, 0)).length, 1, "events in the history");
    },
  },
  {
    title: "knows a key in its own stream only",
    section: KEYS,
    needs: ["keys", "streams", "history"],
    check: async (open) => {
      const one = await open();
      const other = await open({ stream: freshName() });
      await put(one, { type: "one", key: "a" });
      expectEqual((await put(other, { type: "other", key: "a" })).type, "other", "the same key in another stream");
    },
  },
  {
    title: "drops a key with its event",
    section: KEYS,
    needs: ["keys", "trim", "history"],
    check: async (open) => {
      const store = await open();
      const { id } = await put(store, { type: "n", key: "a", n: 1 });
      const second = await put(store, { type: "n", key: "b", n: 2 });
      await store.trim?.(id + 1);
      expectEqual((await put(store, { type: "n", key: "b", n: 4 })).id, second.id, "the event of a key that stays");
      expectTrue((await put(store, { type: "n", key: "a", n: 3 })).id > second.id, "a dropped key can be used again");
    },
  },
  {
    title: "knows the keys that another store over the stream has stored",
    section: KEYS,
    needs: ["keys", "shared", "history"],
    check: async (open) => {
      const [one, other] = [await open(), await open({ isElsewhere: true })];
      const first = await put(one, { type: "n", key: "a", n: 1 });
      expectEqual(await put(other, { type: "n", key: "a", n: 2 }), first, "the answer of the other store");
    },
  },
  {
    title: "appends many events next to one another, in their order",
    section: BATCHES,
    needs: ["history"],
    check: async (open, can) => {
      const store = await open();
      const before = await put(store, { type: "n", n: 0 });
      const stored = await store.append([1, 2, 3].map((n) => ({ type: "n", n })));
      expectRising([before, ...stored], "the batch");
      expectEqual(
        stored.map(({ n }) => n),
        [1, 2, 3],
        "what append returned",
      );
      if (can("dense-ids"))
        expectEqual(
          stored.map(({ id }) => id),
          [2, 3, 4],
          "the ids of the batch",
        );
      expectEqual(
        (await readAfter(store, 0)).map(({ n }) => n),
        [0, 1, 2, 3],
        "the history",
      );
    },
  },
  {
    title: "has nothing to do for an empty batch",
    section: BATCHES,
    needs: [],
    check: async (open) => {
      const store = await open();
      expectEqual(await store.append([]), [], "the answer to no events");
    },
  },
  {
    title: "lets no other event in between those of a batch",
    section: BATCHES,
    needs: ["batches", "history"],
    check: async (open) => {
      const store = await open();
      const batch = (b: number) => Array.from({ length: 5 }, (_, n) => ({ type: "n", b, n }));
      await Promise.all([0, 1, 2, 3].flatMap((b) => [store.append(batch(b)), put(store, { type: "single" })]));
      const inBatches = (await readAfter(store, 0)).filter(({ type }) => type === "n");
      const events = await readAfter(store, 0);
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
    needs: ["batches", "history"],
    check: async (open) => {
      const store = await open();
      await put(store, { type: "n", n: 1 });
      await expectRefusal(
        () =>
          store.append([
            { type: "n", n: 2 },
            { type: END, key: END },
            { type: "n", n: 3 },
          ]),
        "stream-completed",
        "a batch that goes on after an end",
      );
      await expectRefusal(
        () =>
          store.append([
            { type: "n", n: 2 },
            { type: "n", n: 10n },
          ]),
        "unserializable-data",
        "a batch with an event that JSON cannot carry",
      );
      expectEqual(
        (await readAfter(store, 0)).map(({ n }) => n),
        [1],
        "the history after the refusals",
      );
      expectEqual((await put(store, { type: "n", n: 4 })).n, 4, "an event after the refusals");
    },
  },
  {
    title: "answers for known keys within a batch with the events that are there",
    section: BATCHES,
    needs: ["keys", "history"],
    check: async (open) => {
      const store = await open();
      const known = await put(store, { type: "n", key: "a", n: 1 });
      const answers = await store.append([
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
        (await readAfter(store, 0)).map(({ n }) => n),
        [1, 2, 5],
        "the history",
      );
    },
  },
];
