import type { EventLog } from "../store/event-log.ts";
import { type CaseDefinition, type KitEvent, freshName } from "./conformance-case.ts";
import { expectEqual, expectRising, expectTrue, put, readAfter } from "./expect.ts";

const ORDER = "13.1 Order";
const VISIBILITY = "13.2 Visibility";
const STREAMS = "13.3 Streams";

export const storingCases: readonly CaseDefinition[] = [
  {
    title: "answers with the event and an id that is greater than all before it",
    section: ORDER,
    needs: [],
    check: async (open) => {
      const store = await open();
      const stored = [];
      for (let n = 1; n <= 5; n++) stored.push(await put(store, { type: "n", n }));
      expectRising(stored, "events stored one after the other");
      expectEqual(
        stored.map(({ type, n }) => ({ type, n })),
        [1, 2, 3, 4, 5].map((n) => ({ type: "n", n })),
        "what append returned",
      );
    },
  },
  {
    title: "gives the ids 1, 2, 3 … without holes",
    section: ORDER,
    needs: ["dense-ids"],
    check: async (open) => {
      const store = await open();
      const ids = [];
      for (let n = 1; n <= 5; n++) ids.push((await put(store, { type: "n", n })).id);
      expectEqual(ids, [1, 2, 3, 4, 5], "ids");
    },
  },
  {
    title: "keeps the order of events that are stored without waiting",
    section: ORDER,
    needs: [],
    check: async (open, can) => {
      const store = await open();
      const stored = await Promise.all(Array.from({ length: 200 }, (_, n) => put(store, { type: "n", n })));
      expectRising(stored, "events stored without waiting");
      if (!can("history")) return;
      expectEqual(
        (await readAfter(store, 0)).map(({ n }) => n),
        Array.from({ length: 200 }, (_, n) => n),
        "their order in the history",
      );
    },
  },
  {
    title: "replaces an id that an event brings with it",
    section: ORDER,
    needs: [],
    check: async (open) => {
      const store = await open();
      const first = await put(store, { type: "n", id: 77 });
      const second = await put(store, { type: "n", id: 3 });
      expectTrue(second.id > first.id, `an event that brought id 3 got ${second.id} after ${first.id}`);
    },
  },
  {
    title: "keeps events that are equal apart",
    section: ORDER,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      for (let n = 0; n < 3; n++) await put(store, { type: "same", text: "same" });
      const events = await readAfter(store, 0);
      expectEqual(events.length, 3, "equal events in the history");
      expectRising(events, "equal events");
    },
  },
  {
    title: "shows an event as soon as append has resolved",
    section: VISIBILITY,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      for (let n = 1; n <= 20; n++) {
        const { id } = await put(store, { type: "n", n });
        const [seen] = await readAfter(store, id - 1);
        expectEqual(seen?.id, id, "the event read right after it was stored");
      }
    },
  },
  {
    title: "never shows an event before one with a smaller id",
    section: VISIBILITY,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      const progress = { isDone: false };
      const storing = Promise.all(Array.from({ length: 150 }, (_, n) => put(store, { type: "n", n }))).finally(
        () => (progress.isDone = true),
      );
      let before: readonly number[] = [];
      while (!progress.isDone) {
        const ids = (await readAfter(store, 0)).map(({ id }) => id);
        expectEqual(ids.slice(0, before.length), before, "what an earlier look at the history had");
        before = ids;
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
      }
      expectEqual((await storing).length, 150, "events stored");
    },
  },
  {
    title: "keeps what was stored, whatever becomes of the object afterwards",
    section: VISIBILITY,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      const event: { type: string; list: number[] } = { type: "list", list: [1] };
      const storing = put(store, event as unknown as KitEvent);
      await storing;
      event.list.push(2);
      const [seen] = await readAfter(store, 0);
      expectEqual(seen?.["list"], [1], "a list that was changed after it had been stored");
    },
  },
  {
    title: "keeps streams apart",
    section: STREAMS,
    needs: ["streams", "history"],
    check: async (open) => {
      const [one, other] = [await open({ stream: freshName() }), await open({ stream: freshName() })];
      await put(one, { type: "one" });
      await put(other, { type: "other" });
      await put(one, { type: "one" });
      expectEqual(
        (await readAfter(one, 0)).map(({ type }) => type),
        ["one", "one"],
        "the one stream",
      );
      expectEqual(
        (await readAfter(other, 0)).map(({ type }) => type),
        ["other"],
        "the other stream",
      );
    },
  },
  {
    title: "takes any text for a stream's name",
    section: STREAMS,
    needs: ["streams", "history"],
    check: async (open) => {
      const mark = freshName();
      const names = HOSTILE_NAMES.map((name) => `${name}${mark}`).concat(HOSTILE_NAMES.map((name) => `${mark}${name}`));
      const stores = [];
      for (const stream of names) {
        const store = await open({ stream });
        await put(store, { type: "name", stream });
        stores.push(store);
      }
      for (const [index, store] of stores.entries()) {
        const seen = (await readAfter(store, 0)).map(({ stream }) => stream);
        expectEqual(seen, [names[index]], `the stream named ${JSON.stringify(names[index])}`);
      }
    },
  },
  {
    title: "refuses a stream's name that is not well-formed Unicode, or tells it from every other one",
    section: STREAMS,
    needs: ["streams", "history"],
    check: async (open) => {
      const mark = freshName();
      for (const half of ["\ufffd", "\ud83d", "\ud83e"]) {
        const stream = half + mark;
        let store: EventLog<KitEvent>;
        try {
          store = await open({ stream });
        } catch (error) {
          const { code } = error as { code?: unknown };
          if (code === "invalid-stream-name" || code === "invalid-option") continue;
          throw error;
        }
        await put(store, { type: "name", stream });
        const seen = (await readAfter(store, 0)).map((event) => event["stream"]);
        expectEqual(seen, [stream], `the stream named ${JSON.stringify(stream)}`);
      }
    },
  },
];

const HOSTILE_NAMES = [
  "constructor",
  "__proto__",
  "../../etc/passwd",
  "a b",
  "a.b.*.>",
  "{tag}",
  "{}",
  "}{",
  "a:b:c",
  "'; DROP TABLE events; --",
  "%00%2F",
  "ünïcödé",
  "🧑‍🚀",
  "\u2028",
  "*",
  "A",
  "a",
  "x".repeat(400),
] as const;
