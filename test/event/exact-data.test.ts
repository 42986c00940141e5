import { dataEvent, MemoryEventStore, NullEventStore, ServerSentEvent, SSEHub, SSETarget } from "ssetarget";
import { Generations } from "ssetarget/generations";
import { describe, expect, it } from "vitest";

class Money {
  cents = 7;
}
class Nothing {
  at = 1;
  toJSON() {
    return undefined;
  }
}
const circle: { self?: unknown } = {};
circle.self = circle;
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

/** What JSON would write as something else in silence, and how it is called. */
const LOSSY: readonly (readonly [value: unknown, got: string])[] = [
  [() => {}, "a function"],
  [Symbol("s"), "Symbol(s)"],
  [1n, "1n"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
  [new Uint8Array(3), "a Uint8Array"],
  [Buffer.from("abc"), "a Uint8Array"],
  [new Float64Array(0), "a Float64Array"],
  [new ArrayBuffer(3), "an ArrayBuffer"],
  [new DataView(new ArrayBuffer(3)), "a DataView"],
  [new Map([["a", 1]]), "a Map"],
  [Object.assign(new Map(), { a: 1 }), "a Map"],
  [new Set([1]), "a Set"],
  [new WeakMap(), "a WeakMap"],
  [new Error("no"), "an Error"],
  [Promise.resolve(1), "a Promise"],
  [/x/, "a RegExp"],
  [new Nothing(), "undefined from its `toJSON`"],
  [new Date(Number.NaN), "an invalid Date"],
  [circle, "that cannot be written"],
];

const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const refusal = (...words: readonly string[]) =>
  expect.objectContaining({
    code: "unserializable-data",
    message: expect.stringMatching(new RegExp(words.map((each) => escape(each)).join(".*"), "su")) as string,
  });

describe.each(LOSSY)("data with %s in it", (value, got) => {
  const place = value === circle ? "" : "`data.items[1].cb`";
  const fields = { items: [0, { cb: value }] };

  it("is refused with the place, wherever it is dispatched", async () => {
    const hub = new SSEHub("/:id/sse");
    const target = new SSETarget<{ type: string; items?: unknown; data?: unknown }>("/sse");
    for (const dispatched of [
      target.dispatchEvent({ type: "a", ...fields }),
      target.dispatchEvents([{ type: "ok" }, { type: "a", ...fields }]),
      hub.dispatchEvent("a", { type: "a", ...fields } as never),
      target.dispatchEvent(dataEvent("a", fields)),
      new MemoryEventStore().storeEvent({ type: "a", ...fields } as never),
      new NullEventStore().storeEvent({ type: "a", ...fields } as never),
    ]) {
      await expect(dispatched).rejects.toEqual(refusal(place, got));
    }
    await expect(target.dispatchEvent({ type: "a", data: fields })).rejects.toEqual(refusal(got));
    await expect(target.dispatchEvent(dataEvent("a", value))).rejects.toEqual(refusal("`data`", got));
    expect(() => new ServerSentEvent("a", { data: fields })).toThrow(refusal());
    expect(() => new ServerSentEvent("a", { data: value })).toThrow(refusal("`data`"));
  });

  // A source's promises are waited for.
  it.skipIf(value instanceof Promise)("makes a generation fail, and is not stored as something else", async () => {
    const hub = new SSEHub("/:id/sse");
    const generation = new Generations(hub as never).start("a", [value]);
    expect(await generation.done).toMatchObject({ reason: "failed", error: refusal("`data`", got) });
  });
});

describe("data that JSON carries", () => {
  it.each([
    [{ a: undefined, b: null }, { b: null }],
    [
      { at: new Date(0), url: new URL("http://a/") },
      { at: "1970-01-01T00:00:00.000Z", url: "http://a/" },
    ],
    [{ money: new Money() }, { money: { cents: 7 } }],
    [{ bare: Object.assign(Object.create(null) as object, { a: [1, "2", true] }) }, { bare: { a: [1, "2", true] } }],
    [Object.freeze({ list: Object.freeze([Object.freeze({})]) }), { list: [{}] }],
    [{ deep: deep(200) }, { deep: deep(200) }],
    [JSON.parse('{"__proto__":{"a":1}}') as object, JSON.parse('{"__proto__":{"a":1}}') as object],
  ])("is stored as JSON has it: case %#", async (fields, expected) => {
    const store = new MemoryEventStore();
    await new SSETarget("/sse", store as never).dispatchEvent({ type: "a", ...fields } as never);
    const [event] = await store.getEvents(0);
    expect(JSON.stringify(event)).toBe(JSON.stringify({ ...expected, type: "a", id: 1 }));
  });

  it("is a hole in a list for nobody", async () => {
    // oxlint-disable-next-line no-sparse-arrays -- What is tested.
    const list = [1, , 3];
    await expect(new SSETarget("/sse").dispatchEvent({ type: "a", list } as never)).rejects.toEqual(
      refusal("`data.list[1]`", "undefined"),
    );
  });
});
