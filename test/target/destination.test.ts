import { createServer } from "node:http";
import { EventSource } from "eventsource";
import { dataEvent, type DataEvent, MemoryEventStore, SSEHub, SSETarget, type SSETargetError } from "ssetarget";
import { createDestination } from "ssetarget/destinations";
import { DATA_FIELD } from "ssetarget/store";
import { toNodeHandler } from "ssetarget/node";
import { afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { closeDoors, listen } from "../support/per-request.ts";
import { until } from "../support/until.ts";
import { get, SSEReader } from "../support/sse-client.ts";
import { TwoMethodStore } from "../support/stores.ts";

const sources: EventSource[] = [];
afterEach(() => {
  for (const source of sources.splice(0)) source.close();
  closeDoors();
});

const PATH = "/pipelines/:workflowId/sse";
const newHub = () => new SSEHub(PATH, { startAt: { last: 100 } });

/** What a page hears on these channels: `JSON.parse(event.data)` of each. */
async function page(hub: SSEHub<{ type: string }>, workflowId: string, channels: readonly string[]) {
  const port = await listen(createServer(toNodeHandler(hub)));
  const source = new EventSource(`http://127.0.0.1:${port}/pipelines/${workflowId}/sse`);
  sources.push(source);
  const heard: (readonly [string, unknown])[] = [];
  for (const channel of channels) {
    source.addEventListener(channel, (event) => heard.push([channel, JSON.parse(event.data as string)]));
  }
  await until(() => source.readyState === EventSource.OPEN);
  return heard;
}

async function wire(hub: SSEHub<{ type: string }>, wanted: number): Promise<string> {
  const response = await hub.fetch(get("/pipelines/p_1/sse"));
  const reader = new SSEReader(response);
  return (await reader.readCount(wanted)).text.replaceAll(/^(id: \d+)\.\w+$/gm, "$1");
}

const PAYLOADS: readonly (readonly [name: string, payload: unknown])[] = [
  ["an object", { name: "Luke Skywalker" }],
  ["an empty object", {}],
  ["a string", "text\r\nwith \u2028 line breaks"],
  ["the empty string", ""],
  ["a number", 17],
  ["0", 0],
  ["false", false],
  ["null", null],
  ["a list", [1, "two", null, { three: 3 }]],
  ["an empty list", []],
  ["an object with a type, an id and a key of its own", { type: "t", id: "i", key: 1, "ssetarget:data": 2 }],
  ["an object with keys that are easily lost", JSON.parse('{"__proto__":1,"constructor":2,"10":3,"":4}')],
  ["astral text", "\u{1F600}\uFEFF"],
];

describe("a destination", () => {
  it.for(PAYLOADS)("carries %s as it is", async ([, payload]) => {
    const hub = newHub();
    const heard = await page(hub, "p_1", ["events"]);
    await createDestination(hub).run("p_1", ($) => $.send.sse({ channel: "events", payload }));
    await until(() => heard.length === 1);
    expect(heard).toEqual([["events", payload]]);
    expect(JSON.stringify(heard[0]?.[1])).toBe(JSON.stringify(payload));
  });

  it("puts the payload on the wire, and nothing else", async () => {
    const hub = newHub();
    const destination = createDestination(hub);
    await destination.run("p_1", ($) => {
      $.send.sse({ channel: "events", payload: { name: "Luke Skywalker" } });
      $.send.sse({ channel: "raw", payload: ["a", 1] });
    });
    await destination.settled();
    expect(await wire(hub, 2)).toBe(
      'retry: 2000\n\nid: 0\n\nid: 1\nevent: events\ndata: {"name":"Luke Skywalker"}\n\nid: 2\nevent: raw\ndata: ["a",1]\n\n',
    );
  });

  it("sends what was collected when the workflow has finished, in its order", async () => {
    const hub = newHub();
    const heard = await page(hub, "p_1", ["a", "b"]);
    const destination = createDestination(hub);
    const result = await destination.run("p_1", async ($) => {
      for (let n = 0; n < 1_200; n++) $.send.sse({ channel: n % 2 === 0 ? "a" : "b", payload: n });
      await hub.dispatchEvent("p_1", dataEvent("a", "of somebody else, meanwhile"));
      await until(() => heard.length > 0);
      expect(heard).toHaveLength(1);
      return "the result";
    });
    expect(result).toBe("the result");
    await until(() => heard.length === 1_201);
    expect(heard.slice(1)).toEqual(Array.from({ length: 1_200 }, (_, n) => [n % 2 === 0 ? "a" : "b", n]));
  });

  it("sends it too when the workflow has failed, and fails as it did", async () => {
    const hub = newHub();
    const destination = createDestination(hub);
    const failure = new Error("the workflow");
    const running = destination.run("p_1", ($) => {
      $.send.sse({ channel: "events", payload: 1 });
      throw failure;
    });
    await expect(running).rejects.toBe(failure);
    await destination.settled();
    expect(await wire(hub, 1)).toContain("event: events\ndata: 1\n\n");
  });

  it("sends at once where that is wanted, and after the workflow always", async () => {
    const hub = newHub();
    const heard = await page(hub, "p_1", ["events"]);
    await createDestination(hub, { immediate: true }).run("p_1", async ($) => {
      $.send.sse({ channel: "events", payload: "now" });
      await until(() => heard.length === 1);
    });
    const { $, finish } = createDestination(hub).begin("p_1");
    finish();
    finish();
    $.send.sse({ channel: "events", payload: "late" });
    await until(() => heard.length === 2);
    expect(heard.map(([, payload]) => payload)).toEqual(["now", "late"]);
  });

  it("does not send what the workflow does with a payload afterwards", async () => {
    const hub = newHub();
    const destination = createDestination(hub);
    await destination.run("p_1", ($) => {
      const payload = { list: [1] };
      $.send.sse({ channel: "events", payload });
      payload.list.push(2);
    });
    await destination.settled();
    expect(await wire(hub, 1)).toContain('data: {"list":[1]}\n\n');
  });

  it("delivers the runs of a workflow one after the other, and those of others beside them", async () => {
    const hub = new SSEHub(PATH, { store: () => new TwoMethodStore(() => 2) });
    const destination = createDestination(hub);
    await Promise.all(
      Array.from({ length: 5 }, (_, run) =>
        destination.run(`p_${run % 2}`, ($) => {
          for (let n = 0; n < 10; n++) $.send.sse({ channel: "events", payload: run * 100 + n });
        }),
      ),
    );
    await destination.settled();
    for (const workflow of [0, 1]) {
      const reader = new SSEReader(await hub.fetch(get(`/pipelines/p_${workflow}/sse`)));
      const runs = workflow === 0 ? [0, 2, 4] : [1, 3];
      await reader.readCount(runs.length * 10);
      expect(reader.events.map(({ data }) => Number(data))).toEqual(
        runs.flatMap((run) => Array.from({ length: 10 }, (_, n) => run * 100 + n)),
      );
    }
  });

  it("gives a client that connects the most recent 100 events, and then what comes", async () => {
    const hub = newHub();
    const destination = createDestination(hub);
    await destination.run("p_1", ($) => {
      for (let n = 1; n <= 250; n++) $.send.sse({ channel: "events", payload: n });
    });
    await destination.settled();
    const heard = await page(hub, "p_1", ["events", "ssetarget:gap"]);
    await destination.run("p_1", ($) => $.send.sse({ channel: "events", payload: 251 }));
    await until(() => heard.length === 101);
    expect(heard.map(([, payload]) => payload)).toEqual(Array.from({ length: 101 }, (_, n) => n + 151));
  });

  it("never fails a workflow: what could not be delivered is reported, the rest is delivered", async () => {
    const onError = vi.fn();
    const hub = new SSEHub(PATH, { maxEventBytes: 50 });
    const destination = createDestination(hub, { onError });
    await destination.run("p_1", ($) => {
      $.send.sse({ channel: "events", payload: 1 });
      $.send.sse({ channel: "events", payload: "x".repeat(100) });
      $.send.sse({ channel: "events", payload: 3 });
    });
    await destination.settled();
    expect(onError.mock.calls.map(([error]) => (error as SSETargetError).code)).toEqual(["event-too-large"]);
    expect((await wire(hub, 2)).match(/^data: .*$/gm)).toEqual(["data: 1", "data: 3"]);
  });

  it.each([
    ["events", { maxPendingEvents: 3 }, "x"],
    ["bytes", { maxPendingBytes: 3_000 }, "é".repeat(400)],
  ])("delivers more %s together than the hub takes at once", async (_what, options, payload) => {
    const onError = vi.fn();
    const hub = new SSEHub(PATH, options);
    const destination = createDestination(hub, { onError });
    await destination.run("p_1", ($) => {
      for (let n = 0; n < 20; n++) $.send.sse({ channel: "events", payload: `${n}${payload}` });
    });
    await destination.settled();
    expect(onError).not.toHaveBeenCalled();
    expect((await wire(hub, 20)).match(/^data: "\d+/gm)).toEqual(Array.from({ length: 20 }, (_, n) => `data: "${n}`));
  });

  it("reports a store that fails, and goes on", async () => {
    const onError = vi.fn(() => {
      throw new Error("a listener that is broken too");
    });
    let isDown = true;
    class FailingStore extends MemoryEventStore<{ type: string }> {
      override append(events: readonly { type: string }[]) {
        return isDown ? Promise.reject(new Error("down")) : super.append(events);
      }
    }
    const store = new FailingStore();
    const hub = new SSEHub(PATH, { store: () => store });
    const destination = createDestination(hub, { onError });
    expect(await destination.run("p_1", ($) => $.send.sse({ channel: "events", payload: 1 }))).toBeUndefined();
    await destination.settled();
    isDown = false;
    await destination.run("p_1", ($) => $.send.sse({ channel: "events", payload: 2 }));
    await destination.settled();
    expect(onError).toHaveBeenCalledTimes(1);
    expect(await wire(hub, 1)).toContain("data: 2\n\n");
  });

  it("refuses a name that no stream can have before any work is done", async () => {
    const workflow = vi.fn();
    await expect(createDestination(newHub()).run("..", workflow)).rejects.toMatchObject({
      code: "invalid-stream-name",
    });
    expect(workflow).not.toHaveBeenCalled();
  });

  it.each([undefined, "workflow", {}])("is not run with %j for a workflow", async (workflow) => {
    await expect(createDestination(newHub()).run("p_1", workflow as never)).rejects.toMatchObject({
      code: "invalid-option",
    });
  });

  it("bounds what waits", async () => {
    const destination = createDestination(newHub(), { maxPendingEvents: 3, maxPendingBytes: 100 });
    const { $, finish } = destination.begin("p_1");
    const send = (payload: unknown) => $.send.sse({ channel: "events", payload });
    expect(() => send("x".repeat(100))).toThrow("raise `maxPendingEvents` (3) or `maxPendingBytes` (100)");
    for (let n = 0; n < 3; n++) send(n);
    expect(() => send(4)).toThrow("3 events (3 bytes) wait to be delivered");
    finish();
    await destination.settled();
    send(4);
  });

  it("is typed by its channels", () => {
    type MyChannels = { progress: number; log: { line: string } };
    const { $ } = createDestination<MyChannels>(newHub()).begin("p_1");
    $.send.sse({ channel: "progress", payload: 1 });
    // @ts-expect-error -- There is no such channel.
    $.send.sse({ channel: "other", payload: 1 });
    // @ts-expect-error -- This channel carries something else.
    $.send.sse({ channel: "log", payload: 1 });
    expectTypeOf($.send.sse).parameter(0).toHaveProperty("channel");
    expectTypeOf(createDestination).toBeCallableWith(new SSEHub<DataEvent | { type: "started" }>(PATH));
  });
});

describe("$.send.sse", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = { cycle };
  const thrower = {
    toJSON: () => {
      // oxlint-disable-next-line typescript/only-throw-error -- What others throw is not ours to choose.
      throw null;
    },
  };
  it.each([
    [
      { payload: 1 },
      "invalid-type",
      "`channel` must be a string of 1 to 256 characters without CR, LF or NUL, got undefined",
    ],
    [
      { channel: "", payload: 1 },
      "invalid-type",
      '`channel` must be a string of 1 to 256 characters without CR, LF or NUL, got ""',
    ],
    [{ channel: 7, payload: 1 }, "invalid-type", "got 7"],
    [{ channel: "a\nb", payload: 1 }, "invalid-type", String.raw`got "a\nb"`],
    [
      { channel: "ssetarget:x", payload: 1 },
      "reserved-type",
      '`channel` must not begin with "ssetarget:", which belongs to the protocol, got "ssetarget:x"; choose another name',
    ],
    [
      { channel: "error", payload: 1 },
      "reserved-type",
      '`channel` must not be "error", for a browser\'s EventSource dispatches an event of that name by itself',
    ],
    [{ channel: "open", payload: 1 }, "reserved-type", '`channel` must not be "open"'],
    [
      { channel: "events" },
      "unserializable-data",
      "`payload` must be what JSON can carry, got undefined; send a string, a number, true, false, null, or lists and objects of these",
    ],
    [
      { channel: "events", payload: () => {} },
      "unserializable-data",
      "`payload` must be what JSON can carry, got a function",
    ],
    [{ channel: "events", payload: 1n }, "unserializable-data", "`payload` must be what JSON can carry, got 1n"],
    [{ channel: "events", payload: Number.NaN }, "unserializable-data", "got NaN"],
    [
      { channel: "events", payload: { sums: [1, { total: 10n }] } },
      "unserializable-data",
      "`payload.sums[1].total` must be what JSON can carry, got 10n",
    ],
    [
      { channel: "events", payload: { "a b": Number.POSITIVE_INFINITY } },
      "unserializable-data",
      '`payload["a b"]` must be what JSON can carry, got Infinity',
    ],
    [
      { channel: "events", payload: [1, undefined] },
      "unserializable-data",
      "`payload[1]` must be what JSON can carry, got undefined",
    ],
    [
      { channel: "events", payload: { at: new Map([[1, 2]]) } },
      "unserializable-data",
      "`payload.at` must be what JSON can carry, got a Map",
    ],
    [
      { channel: "events", payload: Promise.resolve(1) },
      "unserializable-data",
      "`payload` must be what JSON can carry, got a Promise",
    ],
    [{ channel: "events", payload: new RangeError("x") }, "unserializable-data", "got an Error"],
    [{ channel: "events", payload: Object.assign(new Error("x"), { code: 1 }) }, "unserializable-data", "got an Error"],
    [
      { channel: "events", payload: { a: /x/ } },
      "unserializable-data",
      "`payload.a` must be what JSON can carry, got a RegExp",
    ],
    [{ channel: "events", payload: new Uint8Array(1) }, "unserializable-data", "got a Uint8Array"],
    [{ channel: "events", payload: new URLSearchParams("a=1") }, "unserializable-data", "got a URLSearchParams"],
    [
      { channel: "events", payload: [new Date(Number.NaN)] },
      "unserializable-data",
      "`payload[0]` must be what JSON can carry, got an invalid Date",
    ],
    [{ channel: "events", payload: thrower }, "unserializable-data", "got an object that cannot be written (null)"],
    [
      { channel: "events", payload: { f: Symbol("s") } },
      "unserializable-data",
      "`payload.f` must be what JSON can carry, got Symbol(s)",
    ],
    [
      { channel: "events", payload: cycle },
      "unserializable-data",
      "`payload` must be what JSON can carry, got an object that cannot be written",
    ],
    ["events", "invalid-event", '`$.send.sse` takes an object with `channel` and `payload`, got "events"'],
    [undefined, "invalid-event", "got undefined"],
  ])("refuses case %# at the call: %#", (message, code, text) => {
    const { $ } = createDestination(newHub()).begin("p_1");
    let error: unknown;
    try {
      $.send.sse(message as never);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ name: "SSETargetError", code });
    expect((error as Error).message).toContain(text);
  });

  it("leaves out what is undefined in an object, and writes a date as JSON does", async () => {
    const hub = newHub();
    const destination = createDestination(hub);
    await destination.run("p_1", ($) => $.send.sse({ channel: "events", payload: { a: undefined, at: new Date(0) } }));
    await destination.settled();
    expect(await wire(hub, 1)).toContain('data: {"at":"1970-01-01T00:00:00.000Z"}\n\n');
  });

  it.each([undefined, null, {}, "hub"])("is not to be had from %j for a hub", (hub) => {
    expect(() => createDestination(hub as never)).toThrow("`hub` must be an SSEHub");
  });
});

describe("an event whose data is one value", () => {
  it("is on the wire the value alone, live, replayed, and from a store that keeps events in its own way", async () => {
    for (const store of [new MemoryEventStore<DataEvent>(), new TwoMethodStore<DataEvent>()]) {
      const target = new SSETarget<DataEvent>("/sse", store);
      const live = new SSEReader(await target.fetch(get("/sse")));
      const stored = await target.dispatchEvent(dataEvent("chunk", { type: "inner", id: "x" }, "a key"));
      await target.dispatchEvent(dataEvent("chunk", undefined));
      expect(stored).toMatchObject({ id: 1, type: "chunk", key: "a key", [DATA_FIELD]: { type: "inner", id: "x" } });
      expect(await store.getEvents(0)).toMatchObject([stored, { id: 2, [DATA_FIELD]: null }]);
      await target.complete({ reason: "completed", message: "that was all" });
      const replayed = new SSEReader(await new SSETarget<DataEvent>("/sse", store).fetch(get("/sse")));
      for (const reader of [live, replayed]) {
        const { text } = await reader.readToEnd();
        expect(text.match(/^(event|data): .*$/gm)).toEqual([
          "event: chunk",
          'data: {"type":"inner","id":"x"}',
          "event: chunk",
          "data: null",
          "event: ssetarget:end",
          'data: {"key":"ssetarget:end","reason":"completed","message":"that was all"}',
        ]);
      }
    }
  });

  it("is known by its key, which is not sent", async () => {
    const target = new SSETarget<DataEvent>("/sse");
    const first = await target.dispatchEvent(dataEvent("chunk", 1, "k"));
    expect(await target.dispatchEvent(dataEvent("chunk", 2, "k"))).toEqual(first);
  });

  it("keeps the first end, whatever is said later", async () => {
    const store = new MemoryEventStore<DataEvent>();
    const target = new SSETarget<DataEvent>("/sse", store);
    await target.complete({ reason: "stopped" });
    await target.complete({ reason: "completed" });
    expect(await store.getEvents(0)).toMatchObject([{ type: "ssetarget:end", reason: "stopped" }]);
  });
});
