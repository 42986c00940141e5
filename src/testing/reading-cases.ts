import type { CaseDefinition, KitEvent } from "./conformance-case.ts";
import { expectEqual, expectTrue, put, readAfter } from "./expect.ts";
import type { EventLog } from "../store/event-log.ts";

const CURSORS = "13.4 Cursors and pages";
const PAYLOADS = "13.5 Payloads";

async function filled(store: EventLog<KitEvent>, count: number): Promise<number[]> {
  const ids = [];
  for (let n = 1; n <= count; n++) ids.push((await put(store, { type: "n", n })).id);
  return ids;
}

export const readingCases: readonly CaseDefinition[] = [
  {
    title: "answers with exactly the events after a cursor",
    section: CURSORS,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      const ids = await filled(store, 7);
      for (const [index, id] of [0, ...ids].entries()) {
        expectEqual(
          (await readAfter(store, id)).map((event) => event.id),
          ids.slice(index),
          `events after ${id}`,
        );
      }
      expectEqual(await readAfter(store, (ids.at(-1) ?? 0) + 1000), [], "events after a cursor ahead of the log");
    },
  },
  {
    title: "has nothing to show where nothing was stored",
    section: CURSORS,
    needs: [],
    check: async (open) => {
      const store = await open();
      expectEqual(await readAfter(store, 0), [], "events of an empty stream");
    },
  },
  {
    title: "reads the history in pages of so many events",
    section: CURSORS,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      const ids = await filled(store, 11);
      const read = [];
      const sizes = [];
      for (let after = 0; ;) {
        const page = await store.read(after, { maxEvents: 4, maxBytes: 1_000_000 });
        sizes.push(page.length);
        const last = page.at(-1);
        if (last === undefined) break;
        read.push(...page.map(({ id }) => id));
        after = last.id;
      }
      expectEqual(read, ids, "all pages together");
      expectTrue(
        sizes.every((size) => size <= 4),
        `pages of at most 4 events had ${sizes.join(", ")}`,
      );
      expectTrue(sizes.length <= 12, `11 events were read in ${sizes.length} pages`);
    },
  },
  {
    title: "ends a page at its bytes, but never before its first event",
    section: CURSORS,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      const text = "x".repeat(1_000);
      for (let n = 1; n <= 6; n++) await put(store, { type: "n", n, text });
      const small = await store.read(0, { maxEvents: 100, maxBytes: 10 });
      expectEqual(
        small.map(({ n }) => n),
        [1],
        "a page of 10 bytes",
      );
      const middle = await store.read(0, { maxEvents: 100, maxBytes: 3_500 });
      expectTrue(
        middle.length >= 1 && middle.length <= 4,
        `a page of 3,500 bytes had ${middle.length} events of 1,000`,
      );
      const all = await store.read(0, { maxEvents: 100, maxBytes: 1_000_000 });
      expectEqual(
        all.map(({ n }) => n),
        [1, 2, 3, 4, 5, 6],
        "a page with room for all",
      );
    },
  },
  ...ODD_PAYLOADS().map(([what, event]): CaseDefinition => ({
    title: `gives back ${what}`,
    section: PAYLOADS,
    needs: ["history"],
    check: async (open) => {
      const store = await open();
      const stored = await put(store, event);
      expectEqual({ ...stored, id: undefined }, event, "what append returned");
      const [seen] = await readAfter(store, 0);
      expectEqual(seen, { ...event, id: stored.id }, "what the history has");
    },
  })),
];

/** Made by a function, because the array above needs it before anything below is evaluated. */
function ODD_PAYLOADS(): readonly (readonly [string, KitEvent])[] {
  return [
    ["an event that is only a type", { type: "bare" }],
    ["characters outside the basic plane", { type: "n", text: "🧑‍🚀 𝒳 \u{10FFFF}" }],
    ["line separators and control characters", { type: "n", text: "a\u2028b\u2029c\u0000d\r\ne\tf\u007f\u0085" }],
    ["half of a surrogate pair", { type: "n", text: "\ud83d|\udc00" }],
    ["what JSON has", { type: "n", list: [null, true, -1.5e300, "", [], {}], deep: { a: { b: [{ c: 1 }] } } }],
    ["large numbers", { type: "n", n: Number.MAX_SAFE_INTEGER, tiny: 5e-324 }],
    [
      "names that objects have already",
      JSON.parse('{"type":"n","__proto__":{"a":1},"constructor":2,"toString":3}') as KitEvent,
    ],
    ["types with spaces, colons and other scripts", { type: "a: b · 進捗 🚀" }],
    ["text that looks like another format", { type: "n", text: "id: 1\\n\\ndata: {} %s ${x} {{y}} '; --" }],
    ["a field named like a column", { type: "n", stream: "s", data: "d", event: "e", key2: "k", epoch: "p" }],
    ["a megabyte", { type: "n", text: "0123456789".repeat(100_000) }],
  ];
}
