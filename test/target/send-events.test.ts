import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { EventSource } from "eventsource";
import {
  sendEvents,
  ServerSentEvent,
  ServerSentEventTarget,
  SSETarget,
  type SSETargetError,
  type StreamEvent,
} from "ssetarget";
import { sendEvents as sendNodeEvents } from "ssetarget/node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeDoors, DOORS, listen, type Door } from "../support/per-request.ts";
import { until } from "../support/until.ts";

afterEach(closeDoors);

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    return (error as SSETargetError).code;
  }
  return undefined;
};

function parse(text: string): EventSourceMessage[] {
  const seen: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => seen.push(event) }).feed(text);
  return seen;
}

const DATA: readonly (readonly [name: string, data: unknown, wire: string, received: string])[] = [
  ["text", "hello", "data: hello\n", "hello"],
  ["nothing", undefined, "data: \n", ""],
  ["the empty string", "", "data: \n", ""],
  ["LF", "a\nb", "data: a\ndata: b\n", "a\nb"],
  ["CR", "a\rb", "data: a\ndata: b\n", "a\nb"],
  ["CRLF", "a\r\nb", "data: a\ndata: b\n", "a\nb"],
  ["CR before CRLF", "a\r\r\nb", "data: a\ndata: \ndata: b\n", "a\n\nb"],
  ["nothing but a line break", "\n", "data: \ndata: \n", "\n"],
  ["line breaks at the end", "a\n\n", "data: a\ndata: \ndata: \n", "a\n\n"],
  [
    "what looks like a field",
    "a\nevent: b\n\ndata: c",
    "data: a\ndata: event: b\ndata: \ndata: data: c\n",
    "a\nevent: b\n\ndata: c",
  ],
  ["spaces in front", "  a\n b", "data:   a\ndata:  b\n", "  a\n b"],
  ["a colon in front", ":a", "data: :a\n", ":a"],
  ["BOM", "\uFEFFa", "data: \uFEFFa\n", "\uFEFFa"],
  ["NUL", "a\0b", "data: a\0b\n", "a\0b"],
  ["astral", "\u{1F600}é", "data: \u{1F600}é\n", "\u{1F600}é"],
  [
    "line separators of JavaScript",
    "a\u2028b\u2029c\u0085d\vd",
    "data: a\u2028b\u2029c\u0085d\vd\n",
    "a\u2028b\u2029c\u0085d\vd",
  ],
  ["null", null, "data: null\n", "null"],
  ["a number", 0, "data: 0\n", "0"],
  ["false", false, "data: false\n", "false"],
  ["a list", [1, "a"], 'data: [1,"a"]\n', '[1,"a"]'],
  ["an object with line breaks in it", { a: "x\r\ny" }, 'data: {"a":"x\\r\\ny"}\n', '{"a":"x\\r\\ny"}'],
];

describe.each(Object.entries(DOORS))("sendEvents through %s", (_name, open) => {
  it.for(DATA)("sends %s", async ([, data, wire, received]) => {
    const { target, readToEnd } = await open([{ retryMs: null }]);
    expect(target.dispatchEvent(new ServerSentEvent("ping", { data }))).toBe(true);
    await target.close();
    const text = await readToEnd();
    expect(text).toBe(`:keepalive\n\nevent: ping\n${wire}\n`);
    expect(parse(text)).toEqual([{ id: undefined, event: "ping", data: received }]);
  });

  it("sends JSON of several lines as such", async () => {
    const { target, readToEnd } = await open([]);
    target.dispatchEvent(new ServerSentEvent("ping", { data: { a: 1, b: 2, c: 3 }, replacer: ["a", "b"], space: 2 }));
    await target.close();
    const text = await readToEnd();
    expect(text).toContain('data: {\ndata:   "a": 1,\ndata:   "b": 2\ndata: }\n\n');
    expect(JSON.parse(parse(text)[0]?.data ?? "")).toEqual({ a: 1, b: 2 });
  });

  it("sends ids, 0 and the empty one included, and retry, 0 included", async () => {
    const { target, readToEnd } = await open([{ retryMs: 0 }]);
    target.dispatchEvent(new ServerSentEvent("ping", { id: 0, retry: 0 }));
    target.dispatchEvent(new ServerSentEvent("ping", { id: "a b", data: 1 }));
    target.dispatchEvent(new ServerSentEvent("ping", { id: "" }));
    await target.close();
    expect(await readToEnd()).toBe(
      "retry: 0\n\nid: 0\nretry: 0\nevent: ping\ndata: \n\nid: a b\nevent: ping\ndata: 1\n\nid: \nevent: ping\ndata: \n\n",
    );
  });

  it("sends messages, comments and events of the form that an SSETarget takes, in their order", async () => {
    const { target, readToEnd } = await open([]);
    target.dispatchMessage("one");
    expect(target.dispatchComment("two\r\nlines\rand\nmore")).toBe(true);
    target.dispatchEvent({ type: "tick", n: 3 } as { type: string });
    target.dispatchMessage({ n: 4 });
    await target.close();
    expect(await readToEnd()).toBe(
      'retry: 2000\n\ndata: one\n\n: two\n: lines\n: and\n: more\n\nevent: tick\ndata: {"n":3}\n\ndata: {"n":4}\n\n',
    );
  });

  it("sends what one expects, and lets own headers win", async () => {
    const plain = await open([]);
    expect(plain.status).toBe(200);
    expect(plain.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(plain.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(plain.headers.get("x-accel-buffering")).toBe("no");
    expect(plain.headers.get("incremental")).toBe("?1");
    const headers = new Headers({ "Cache-Control": "private", "X-Accel-Buffering": "yes", "X-Own": "1" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    const own = await open([{ headers }]);
    expect(own.headers.get("cache-control")).toBe("private");
    expect(own.headers.get("x-accel-buffering")).toBe("yes");
    expect(own.headers.get("x-own")).toBe("1");
    expect(own.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(own.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const typed = await open([{ headers: { "content-type": "text/event-stream" } }]);
    expect(typed.headers.get("content-type")).toBe("text/event-stream");
  });

  it("answers HEAD with the head alone, and its target is closed", async () => {
    const { target, status, headers, readToEnd } = await open([{ headers: { "x-own": "1" } }], { method: "HEAD" });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(headers.get("x-own")).toBe("1");
    expect(await readToEnd()).toBe("");
    expect(target.closed).toBe(true);
    expect(target.dispatchMessage(1)).toBe(false);
    await target.ready;
    await target.close();
  });

  it.each([
    ["text/html", 406],
    ["text/event-stream;q=0", 406],
    ["text/event-stream", 200],
    ["*/*", 200],
  ])("answers Accept: %s with %i", async (accept, wanted) => {
    const { target, status, headers } = await open([{ headers: { "access-control-allow-origin": "*" } }], {
      headers: { accept },
    });
    expect(status).toBe(wanted);
    expect(target.closed).toBe(wanted === 406);
    expect(headers.get("content-type")).toMatch(wanted === 406 ? /^text\/plain/ : /^text\/event-stream/);
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });

  it("answers a preflight with the headers alone, and begins no source", async () => {
    const source = vi.fn();
    const asked = await open([source, { headers: { "access-control-allow-origin": "https://app.example" } }], {
      method: "OPTIONS",
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(asked.headers.get("content-type")).toBe(null);
    expect(await asked.readToEnd()).toBe("");
    expect(asked.target.closed).toBe(true);
    expect(source).not.toHaveBeenCalled();
  });

  it("answers a POST as well, and any path", async () => {
    const { target, status, readUntil } = await open([], { method: "POST", path: "//a/b?c" });
    expect(status).toBe(200);
    target.dispatchMessage("posted");
    expect(await readUntil("posted")).toContain("data: posted\n\n");
  });

  it("knows what the client had, from the header or the query", async () => {
    expect((await open([], { headers: { "last-event-id": "17" } })).target.lastEventId).toBe("17");
    expect((await open([], { path: "/sse?lastEventId=18" })).target.lastEventId).toBe("18");
    expect(
      (await open([], { path: "/sse?lastEventId=18", headers: { "last-event-id": "19" } })).target.lastEventId,
    ).toBe("19");
    expect((await open([])).target.lastEventId).toBeUndefined();
  });

  it("reads an id as a browser sends it, in UTF-8", async () => {
    const asSent = Buffer.from("é✓").toString("latin1");
    expect((await open([], { headers: { "last-event-id": asSent } })).target.lastEventId).toBe("é✓");
    expect((await open([], { headers: { "last-event-id": "\u00e9" } })).target.lastEventId).toBe("\u00e9");
    expect((await open([], { path: "/sse?lastEventId=%C3%A9" })).target.lastEventId).toBe("é");
  });

  it("notices that the client has gone", async () => {
    const { target, readUntil, hangUp } = await open([]);
    const heard: string[] = [];
    target.addEventListener("close", (event) => heard.push(`${event.type} ${event instanceof ServerSentEvent}`));
    target.dispatchMessage("here");
    await readUntil("here");
    expect(target.closed).toBe(false);
    hangUp();
    await until(() => heard.length > 0);
    expect(target.closed).toBe(true);
    expect(target.dispatchMessage("late")).toBe(false);
    expect(target.dispatchComment("late")).toBe(false);
    await target.close();
    expect(heard).toEqual(["close false"]);
  });

  it("tells of its own end once", async () => {
    const { target, readToEnd } = await open([]);
    const onClose = vi.fn();
    target.addEventListener("close", onClose);
    target.dispatchMessage("last");
    const closed = target.close();
    expect(target.closed).toBe(true);
    expect(target.dispatchMessage("too late")).toBe(false);
    expect(await readToEnd()).toBe("retry: 2000\n\ndata: last\n\n");
    await Promise.all([closed, target.close()]);
    await until(() => onClose.mock.calls.length > 0);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it("makes a producer wait for a client that does not read, and loses nothing", async () => {
    const { target, readToEnd } = await open([{ maxBufferedBytes: 1_000_000 }]);
    const line = "x".repeat(50_000);
    let sent = 0;
    const producing = (async () => {
      for (; sent < 400; sent++) {
        await target.ready;
        expect(target.dispatchEvent(new ServerSentEvent("line", { data: line, id: sent }))).toBe(true);
      }
      await target.complete();
    })();
    // Nobody reads: the producer comes to a halt well before the 20 MB that it has.
    let before = -1;
    await until(() => {
      const isStill = sent === before && sent > 0;
      before = sent;
      return isStill;
    });
    expect(sent).toBeLessThan(390);
    expect(target.bufferedBytes).toBeLessThan(1_000_000);
    const events = parse(await readToEnd());
    await producing;
    expect(events.slice(0, -1).map(({ id }) => Number(id))).toEqual(Array.from({ length: 400 }, (_, n) => n));
    expect(events.at(-1)?.event).toBe("ssetarget:end");
  });

  it("cuts a client off that does not read when nobody waits for it, and says so", async () => {
    const onError = vi.fn();
    const { target } = await open([{ maxBufferedBytes: 100_000, onError }]);
    const onClose = vi.fn();
    target.addEventListener("close", onClose);
    const line = "x".repeat(20_000);
    while (target.dispatchMessage(line)) {
      expect(target.bufferedBytes).toBeLessThanOrEqual(100_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => onClose.mock.calls.length > 0);
    expect(target.closed).toBe(true);
    expect(target.bufferedBytes).toBe(0);
    expect(onError).toHaveBeenCalledTimes(1);
    const error = onError.mock.calls[0]?.[0] as SSETargetError;
    expect(error.code).toBe("too-many-pending");
    expect(error.message).toContain("raise `maxBufferedBytes` (100000)");
    // Whoever waits is let go.
    await target.ready;
  });

  it("completes: the browser that comes again is answered with 204", async () => {
    const { target, readToEnd } = await open([]);
    await target.complete({ reason: "completed", message: "All is said." });
    const text = await readToEnd();
    expect(text).toBe(
      'retry: 2000\n\nid: ssetarget:end\nevent: ssetarget:end\ndata: {"key":"ssetarget:end","reason":"completed","message":"All is said."}\n\n',
    );
    const again = await open([{ headers: { "access-control-allow-origin": "*" } }], {
      headers: { "last-event-id": "ssetarget:end" },
    });
    expect(again.status).toBe(204);
    expect(again.headers.get("access-control-allow-origin")).toBe("*");
    expect(again.headers.get("content-type")).toBeNull();
    expect(again.target.closed).toBe(true);
    expect(await again.readToEnd()).toBe("");
  });
});

describe("new ServerSentEvent", () => {
  const made = (...given: readonly unknown[]) => {
    const Constructor = ServerSentEvent as unknown as new (
      ...args: readonly unknown[]
    ) => typeof ServerSentEvent.prototype;
    const { data, id, retry } = new Constructor("ping", ...given);
    return [data, id, retry];
  };
  const NONE = [undefined, undefined];

  it("takes data directly, as Oak's page shows it", () => {
    const event = new ServerSentEvent("ping", { hello: "world" });
    expect(event.toString()).toBe('event: ping\ndata: {"hello":"world"}\n\n');
    expect(made({ toString: 1, __proto__: null })).toEqual(['{"toString":1}', ...NONE]);
    expect(made({ hello: "world", data: undefined })).toEqual(['{"hello":"world"}', ...NONE]);
    for (const data of [[1], [], 7, 0, true, false, null, new Date(0)])
      expect(made(data)).toEqual([JSON.stringify(data), ...NONE]);
    expect(made("as it is")).toEqual(["as it is", ...NONE]);
    expect(() => made(1n)).toThrow("BigInt");
  });

  it("takes the members of an init, and nothing", () => {
    expect(made({ data: { hello: "world" }, id: 1, retry: 2 })).toEqual(['{"hello":"world"}', 1, 2]);
    expect(made({ data: 1, hello: undefined, bubbles: true, composed: true, cancelable: true })).toEqual([
      "1",
      ...NONE,
    ]);
    for (const given of [[], [undefined], [{}]]) expect(made(...given)).toEqual(["", ...NONE]);
  });

  it("takes data and an init apart, whatever the data's members are called", () => {
    expect(made({ id: "p_1", type: "paid" }, { id: 7 })).toEqual(['{"id":"p_1","type":"paid"}', 7, undefined]);
    expect(made("text", { retry: 5 })).toEqual(["text", undefined, 5]);
    expect(made({ a: { b: 1 } }, { space: 1 })[0]).toContain("\n");
  });

  it("refuses members of an init beside others, and says which", () => {
    for (const mixed of [
      { data: 1, hello: "world" },
      { id: 1, hello: "world" },
      { hello: "world", retry: 5 },
      { hello: "world", space: 2 },
      { cancelable: false, hello: "world" },
    ]) {
      expect(() => made(mixed)).toThrow(expect.objectContaining({ code: "invalid-option" }));
      expect(() => made(mixed)).toThrow(/must be either data or an object of .* hello.*\{ data: … \}/);
    }
    for (const third of [{ data: 1 }, { hello: 1 }, 7, "text", []])
      expect(() => made(1, third)).toThrow("the third argument of `new ServerSentEvent`");
    // @ts-expect-error: the types say so as well.
    expect(() => new ServerSentEvent("ping", { data: 1, hello: "world" })).toThrow("got both");
  });
});

describe("a per-request target", () => {
  const open: Door = DOORS["the universal door"];

  it("is an EventTarget whose listeners hear of events first, and may keep them back", async () => {
    const { target, readToEnd } = await open([{ retryMs: null }]);
    expect(target).toBeInstanceOf(EventTarget);
    expect(target).toBeInstanceOf(ServerSentEventTarget);
    const heard: unknown[] = [];
    target.addEventListener("tick", (event) => {
      heard.push([event.type, event.data, event.id, event.retry]);
      if (event.data === "2") event.preventDefault();
    });
    target.addEventListener("message", { handleEvent: (event) => heard.push(event.data) });
    expect(target.dispatchEvent(new ServerSentEvent("tick", { data: 1, id: "a", retry: 5 }))).toBe(true);
    expect(target.dispatchEvent(new ServerSentEvent("tick", { data: 2, cancelable: true }))).toBe(false);
    // As in the DOM, an event that nobody made cancelable is not.
    expect(new ServerSentEvent("tick").cancelable).toBe(false);
    expect(target.dispatchEvent(new ServerSentEvent("tick", { data: 2 }))).toBe(true);
    target.dispatchMessage([1]);
    await target.close();
    expect(heard).toEqual([
      ["tick", "1", "a", 5],
      ["tick", "2", undefined, undefined],
      ["tick", "2", undefined, undefined],
      "[1]",
    ]);
    expect(parse(await readToEnd()).map(({ data }) => data)).toEqual(["1", "2", "[1]"]);
  });

  it("calls a listener once for each time it was really added", async () => {
    const { target } = await open([]);
    const listener = vi.fn();
    const single = vi.fn();
    target.addEventListener("message", listener);
    target.addEventListener("message", listener);
    target.addEventListener("message", single, { once: true });
    target.addEventListener("message", null);
    target.dispatchMessage(1);
    target.dispatchMessage(2);
    expect(listener).toHaveBeenCalledTimes(2);
    expect(single).toHaveBeenCalledTimes(1);
    target.removeEventListener("message", listener);
    target.dispatchMessage(3);
    expect(listener).toHaveBeenCalledTimes(2);
    expect(() => target.addEventListener("message", {} as never)).toThrow("a listener must be a function");
  });

  it("keeps what listeners throw from the process and from the client", async () => {
    const onError = vi.fn();
    const { target, readToEnd } = await open([{ onError }]);
    target.addEventListener("message", () => {
      throw new Error("listener");
    });
    target.addEventListener("message", async () => {
      throw new Error("async listener");
    });
    expect(target.dispatchMessage("sent")).toBe(true);
    await target.close();
    await until(() => onError.mock.calls.length === 2);
    expect(onError.mock.calls.map(([error]) => (error as Error).message)).toEqual(["listener", "async listener"]);
    expect(await readToEnd()).toContain("data: sent\n\n");
  });

  it("does not send other events", async () => {
    const { target, readToEnd } = await open([]);
    const heard = vi.fn();
    target.addEventListener("local", heard);
    expect(target.dispatchEvent(new Event("local"))).toBe(true);
    await target.close();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(await readToEnd()).toBe("retry: 2000\n\n");
  });

  it("can be handed one event for many clients", async () => {
    const clients = await Promise.all(Array.from({ length: 3 }, () => open([])));
    const event = new ServerSentEvent("news", { data: "for all" });
    for (const { target } of clients) expect(target.dispatchEvent(event)).toBe(true);
    for (const { target, readToEnd } of clients) {
      await target.close();
      expect(await readToEnd()).toContain("event: news\ndata: for all\n\n");
    }
  });

  it("writes what a turn brings at once, the first bytes aside", async () => {
    const written: string[] = [];
    const sink = {
      bind() {},
      end() {},
      destroy() {},
      write: ({ bytes }: { bytes: Uint8Array }) => written.push(new TextDecoder().decode(bytes)) > 0,
    };
    const target = new ServerSentEventTarget(sink);
    for (let n = 0; n < 10; n++) target.dispatchMessage(n);
    expect(written).toEqual(["retry: 2000\n\n"]);
    await Promise.resolve();
    expect(written).toHaveLength(2);
  });

  it("tears a connection down that does not end within `closeTimeoutMs`", async () => {
    const { target } = await DOORS["Node's door"]([{ closeTimeoutMs: 20, maxBufferedBytes: 100_000_000 }]);
    for (let n = 0; n < 400; n++) target.dispatchMessage("x".repeat(50_000));
    expect(target.bufferedBytes).toBeGreaterThan(0);
    await target.close();
    expect(target.bufferedBytes).toBe(0);
  });

  it("gives a client its time however long `closeTimeoutMs` is, and refuses what no timer can wait", async () => {
    expect(() => sendEvents(new Request("http://localhost/"), { closeTimeoutMs: 2 ** 31 })).toThrow(
      "`closeTimeoutMs` must be a whole number from 0 to 2147483647, got 2147483648",
    );
    const { target } = await DOORS["the universal door"]([{ closeTimeoutMs: 2 ** 31 - 1 }]);
    target.dispatchMessage("x");
    expect(await new Response(target.closed ? "" : "open").text()).toBe("open");
  });

  it("is served over HTTP/2 as well", async () => {
    const server = createHttp2Server();
    server.on("request", (request, response) => {
      const target = sendNodeEvents(request as never, response as never, {
        headers: { "x-own": "1", "set-cookie": "a=1" },
      });
      target.dispatchMessage("over HTTP/2");
      void target.complete();
    });
    const session = connectHttp2(`http://127.0.0.1:${await listen(server as never)}`);
    const stream = session.request({ ":path": "/" });
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    let text = "";
    for await (const chunk of stream.setEncoding("utf8")) text += String(chunk);
    session.destroy();
    expect(headers).toMatchObject({
      "x-own": "1",
      "set-cookie": ["a=1"],
      "content-type": "text/event-stream; charset=utf-8",
    });
    expect(text).toBe(
      'retry: 2000\n\ndata: over HTTP/2\n\nid: ssetarget:end\nevent: ssetarget:end\ndata: {"key":"ssetarget:end"}\n\n',
    );
  });

  it("is ended by its request's signal, even one that was aborted before", async () => {
    const target = sendEvents(new Request("http://localhost/", { signal: AbortSignal.abort() }));
    const onClose = vi.fn();
    target.addEventListener("close", onClose);
    expect(target.closed).toBe(true);
    await until(() => onClose.mock.calls.length === 1);
  });

  describe("keep-alive", () => {
    afterEach(() => void vi.useRealTimers());

    it("sends a comment to a quiet client, by one timer for all", async () => {
      vi.useFakeTimers();
      const clients = await Promise.all(
        Array.from({ length: 100 }, () => open([{ keepAliveMs: 1_000, stallTimeoutMs: null }])),
      );
      expect(vi.getTimerCount()).toBe(1);
      await open([{ keepAliveMs: null, stallTimeoutMs: null }]);
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1_000);
      const [first] = clients;
      expect(await first?.readUntil(":keepalive\n\n")).toContain(":keepalive\n\n");
      await Promise.all(clients.map(({ target }) => target.close()));
      expect(vi.getTimerCount()).toBe(0);
    });

    it("does not disturb one that is written to", async () => {
      vi.useFakeTimers();
      const { target, readToEnd } = await open([{ keepAliveMs: 1_000 }]);
      for (let n = 0; n < 20; n++) {
        target.dispatchMessage(n);
        await vi.advanceTimersByTimeAsync(250);
      }
      await target.close();
      expect(await readToEnd()).not.toContain("keepalive");
    });
  });
});

describe("ServerSentEvent", () => {
  it.each([
    ["", {}, "invalid-type"],
    ["a\nb", {}, "invalid-type"],
    ["a\rb", {}, "invalid-type"],
    ["a\0b", {}, "invalid-type"],
    ["a\uD83D", {}, "invalid-type"],
    ["x".repeat(257), {}, "invalid-type"],
    [1 as never, {}, "invalid-type"],
    ["ssetarget:end", {}, "reserved-type"],
    ["close", {}, "reserved-type"],
    ["ok", { id: "a\nb" }, "invalid-id"],
    ["ok", { id: "a\rb" }, "invalid-id"],
    ["ok", { id: "a\0b" }, "invalid-id"],
    ["ok", { id: "\uDE00" }, "invalid-id"],
    ["ok", { id: "ssetarget:end" }, "invalid-id"],
    ["ok", { id: Number.NaN }, "invalid-id"],
    ["ok", { id: {} as never }, "invalid-id"],
    ["ok", { id: null as never }, "invalid-id"],
    ["ok", { retry: -1 }, "invalid-option"],
    ["ok", { retry: 1.5 }, "invalid-option"],
    ["ok", { data: 1n }, "unserializable-data"],
    ["ok", { data: () => {} }, "unserializable-data"],
    ["ok", { data: Symbol("s") }, "unserializable-data"],
  ])("refuses %j, case %#", (type, init, code) => {
    expect(codeOf(() => new ServerSentEvent(type, init))).toBe(code);
  });

  it("refuses what holds itself, and names the event", () => {
    const data: Record<string, unknown> = {};
    data["self"] = data;
    expect(() => new ServerSentEvent("loop", { data })).toThrow(
      'the `data` of the event of type "loop" cannot be written as JSON',
    );
  });

  it("is not for streams that are stored, which take plain objects", async () => {
    const stored = new SSETarget("/sse").dispatchEvent(new ServerSentEvent("tick", { data: 1 }) as never);
    await expect(stored).rejects.toMatchObject({ code: "invalid-event" });
    await expect(stored).rejects.toThrow("`dataEvent(type, data)`");
  });

  it("is a plain event as far as types go, and its text is what is sent", () => {
    const event: StreamEvent & { n: number } = { type: "tick", n: 1 };
    expect(event.n).toBe(1);
    const made = new ServerSentEvent("tick", { data: { n: 1 }, id: 3 });
    expect(made).toBeInstanceOf(Event);
    expect([made.type, made.data, made.id, String(made)]).toEqual([
      "tick",
      '{"n":1}',
      3,
      'id: 3\nevent: tick\ndata: {"n":1}\n\n',
    ]);
  });
});

describe("options of sendEvents", () => {
  const request = new Request("http://localhost/");
  it.each([
    [{ keepAliveMs: 0 }],
    [{ retryMs: -1 }],
    [{ maxBufferedBytes: 0 }],
    [{ closeTimeoutMs: -1 }],
    [{ onError: 1 as never }],
    [{ headers: { "content-type": "text/html" } }],
    [{ headers: { "content-type": "text/event-streams" } }],
    [{ headers: { "content-length": "1" } }],
    [{ headers: { "Content-Encoding": "gzip" } }],
    [{ headers: { "transfer-encoding": "chunked" } }],
    [{ headers: { "a b": "c" } }],
    [{ headers: { a: "c\r\nd" } }],
    [17 as never],
    ["text" as never],
  ])("refuses %j", (options) => {
    expect(codeOf(() => sendEvents(request, options))).toBe("invalid-option");
  });

  it("names the header, and what to do", () => {
    expect(() => sendEvents(request, { headers: { "content-type": "text/html" } })).toThrow(
      '`headers` must not have another "content-type" than text/event-stream, got "text/html"; leave it out',
    );
  });

  it("answers nothing where it refuses on Node", async () => {
    const failed = vi.fn();
    const port = await listen(
      createServer((asked, response) => {
        try {
          sendNodeEvents(asked, response, { keepAliveMs: -1 });
        } catch (error) {
          failed((error as SSETargetError).code);
          response.writeHead(500).end();
        }
      }),
    );
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
    expect(failed).toHaveBeenCalledWith("invalid-option");
  });
});

describe("an EventSource", () => {
  it("comes again after close(), with the last id, and not after complete()", async () => {
    const targets: ServerSentEventTarget[] = [];
    const port = await listen(
      createServer((request, response) => void targets.push(sendNodeEvents(request, response, { retryMs: 10 }))),
    );
    const source = new EventSource(`http://127.0.0.1:${port}/`);
    const seen: string[] = [];
    source.addEventListener("ping", (event) => seen.push(event.data as string));
    await until(() => targets.length === 1);
    targets[0]?.dispatchEvent(new ServerSentEvent("ping", { data: "a", id: 0 }));
    await targets[0]?.close();
    await until(() => targets.length === 2);
    expect(targets[1]?.lastEventId).toBe("0");
    targets[1]?.dispatchEvent(new ServerSentEvent("ping", { data: "b", id: 1 }));
    await targets[1]?.complete();
    await until(() => source.readyState === EventSource.CLOSED);
    expect(seen).toEqual(["a", "b"]);
    expect(targets).toHaveLength(3);
    expect(targets[2]?.closed).toBe(true);
  });
});
