import { describe, expect, it, vi } from "vitest";
import { frame, openStreamOf, over, serve, statusOf, streamOf } from "./support/scripted-server.ts";
import { asText, watch } from "./support/watched.ts";

/** What a client that is not bound to JSON is told of these bytes. */
async function read(...chunks: readonly (string | Uint8Array)[]): Promise<(readonly [string, string])[]> {
  const { url } = await serve(streamOf(...chunks), over);
  const { connection, events } = watch(url, asText);
  await connection.closed;
  return events.map(({ type, data }) => [type as string, data as string]);
}

/** What it sends to the server when it comes back after these bytes. */
async function lastEventIdAfter(...chunks: readonly string[]): Promise<string | undefined> {
  const { url, requests } = await serve(streamOf(...chunks), over);
  await watch(url, asText).connection.closed;
  return requests[1]?.headers["last-event-id"] as string | undefined;
}

/**
 * The behaviours that web-platform-tests' `eventsource` folder looks for, as far as a client can have them that is not `EventSource` itself. Its
 * files, and where each is shown:
 *
 * | file | shown here by |
 * | --- | --- |
 * | `format-bom`, `format-bom-2` | the format: takes one byte order mark away |
 * | `format-comments` | leaves comments out |
 * | `format-data-before-final-empty-line` | leaves an event out that has no empty line after it |
 * | `format-field-data` | tells no event without data |
 * | `format-field-event`, `format-field-event-empty` | gives an event its type |
 * | `format-field-id`, `-2`, `-3`, `format-field-id-null` | an id |
 * | `format-field-parsing`, `format-field-unknown` | names fields exactly; takes a field without a colon for one that is empty |
 * | `format-field-retry`, `-bogus`, `-empty` | retry |
 * | `format-leading-space` | takes one space after the colon away |
 * | `format-newlines` | ends lines with CR, LF or CRLF |
 * | `format-null-character` | lets a NUL stand in data |
 * | `format-utf-8` | is UTF-8 |
 * | `event-data` | the format, `handing-over.test.ts` |
 *
 * | file | shown elsewhere by |
 * | --- | --- |
 * | `format-mime-bogus`, `-trailing-semicolon`, `-valid-bogus` | `answers.test.ts`: an answer that says nothing of what it is; may have any parameters |
 * | `request-accept`, `request-cache-control` | `answers.test.ts`: an answer of 200 |
 * | `request-redirect`, `request-status-error` | `answers.test.ts`: may be a redirect; of … is final; of … is passing. 5xx are: `EventSource` gives up, this does not |
 * | `request-credentials`, `eventsource-cross-origin`, `-preflight` | `test/client/client.browser.test.ts`: other origins, cookies |
 * | `eventsource-constructor-url-bogus`, `-stringify`, `-empty-url`, `-non-same-origin`, `eventsource-url` | `answers.test.ts`: a request; `test/client/client.browser.test.ts` |
 * | `eventsource-reconnect` | `back-off.test.ts`, `continuity.test.ts` |
 * | `eventsource-close`, `eventsource-request-cancellation` | `handing-over.test.ts`: closing |
 * | `eventsource-onopen`, `eventsource-onmessage`, `eventsource-eventtarget` | `handing-over.test.ts`: a listener, subscribe |
 * | `eventsource-bfcache` | `test/client/tabs.browser.test.ts`: a tab alone |
 * | `dedicated-worker/`, `shared-worker/` | `test/client/client.browser.test.ts`: in a worker |
 *
 * What does not apply, for it is about the interface `EventSource` and its `MessageEvent`s, which this client does not have: `interfaces`,
 * `eventsource-prototype`, `eventsource-readyState`, `eventsource-onmessage-realm`, `eventsource-onmessage-trusted`,
 * `eventsource-constructor-document-domain`, `eventsource-constructor-url-multi-window`, and the proposal of `eventsource-from-readable-stream`.
 *
 * @see https://github.com/web-platform-tests/wpt/tree/master/eventsource
 */
describe("the format", () => {
  it("takes one byte order mark away at the beginning, and only one, and only there", async () => {
    expect(await read("\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n")).toEqual([
      ["message", "1"],
      ["message", "3"],
    ]);
    expect(await read("\uFEFF\uFEFFdata:1\n\ndata:2\n\n")).toEqual([["message", "2"]]);
  });

  it("leaves comments out, however long", async () => {
    const long = "x".repeat(3 * 1024);
    expect(await read(`data:1\r:\0\n:\r\ndata:2\n:${long}\rdata:3\n:data:fail\r:${long}\ndata:4\n\n`)).toEqual([
      ["message", "1\n2\n3\n4"],
    ]);
  });

  it("leaves an event out that has no empty line after it", async () => {
    expect(await read("retry:1000\ndata:test1\n\nid:test\ndata:test2")).toEqual([["message", "test1"]]);
  });

  it("tells no event without data, and one with empty data", async () => {
    expect(await read("data:\n\ndata\ndata\n\ndata:test\n\n")).toEqual([
      ["message", ""],
      ["message", "\n"],
      ["message", "test"],
    ]);
    expect(await read("event:nothing\n\ndata:1\n\n")).toEqual([["message", "1"]]);
  });

  it("takes a field without a colon for one that is empty", async () => {
    expect(await read("data\ndata:test\n\n")).toEqual([["message", "\ntest"]]);
  });

  it("takes one space after the colon away, and no other character", async () => {
    expect(await read("data:\ttest\rdata: \ndata:test\n\n")).toEqual([["message", "\ttest\n\ntest"]]);
    expect(await read("data:  two\n\n")).toEqual([["message", " two"]]);
  });

  it("names fields exactly: case, spaces and what is unknown matter", async () => {
    expect(
      await read("data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\nDATA:no\ndata:test\n\n"),
    ).toEqual([["message", "test\n\ntest"]]);
    expect(await read("data:1\ndata\0:no\n\0data:no\nda-ta:no\ndata_:no\ndata :no\ndata:2\n\n")).toEqual([
      ["message", "1\n2"],
    ]);
  });

  it("gives an event its type, and the next one none", async () => {
    expect(await read("event:test\ndata:x\n\ndata:x\n\n")).toEqual([
      ["test", "x"],
      ["message", "x"],
    ]);
    expect(await read("event: \ndata:data\n\n")).toEqual([["message", "data"]]);
    expect(await read("event:a\nevent:b\ndata:x\n\n")).toEqual([["b", "x"]]);
  });

  it("ends lines with CR, LF or CRLF, also where they are mixed", async () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      expect(await read(["event:a", "data:1", "data:2", "", "data:3", "", ""].join(end))).toEqual([
        ["a", "1\n2"],
        ["message", "3"],
      ]);
    }
    expect(await read("data:test\r\ndata\ndata:test\r\n\r\n")).toEqual([["message", "test\n\ntest"]]);
  });

  it("takes no other character for the end of a line", async () => {
    expect(await read("data:a\u2028b\u0085c\vd\n\n")).toEqual([["message", "a\u2028b\u0085c\vd"]]);
  });

  it("lets a NUL stand in data, and takes no other meaning from it", async () => {
    expect(await read("data:\0\n\n\n\n")).toEqual([["message", "\0"]]);
  });

  it("is UTF-8, whatever the answer says, and what is none becomes a replacement character", async () => {
    const { url } = await serve(
      statusOf(200, { "content-type": "text/event-stream; charset=windows-1252" }, "data:ok…\n\n"),
      over,
    );
    const { connection, events } = watch(url, asText);
    await connection.closed;
    expect(events).toMatchObject([{ type: "message", data: "ok…" }]);
    expect(await read(Buffer.from([...Buffer.from("data:a"), 0xff, ...Buffer.from("b\n\n")]))).toEqual([
      ["message", "a\uFFFDb"],
    ]);
  });

  it("is the same however it is cut into pieces", async () => {
    const bytes = Buffer.from(
      '\uFEFFid: 1.e\r\nevent: tick\r\ndata: {"text":\r\ndata: "é😀…"}\r\n\r\n: comment\r\rid: 2.e\revent: tick\rdata: {}\r\r',
    );
    const expected = [
      { type: "tick", id: 1, lastEventId: "1.e", data: { text: "é😀…" } },
      { type: "tick", id: 2, lastEventId: "2.e", data: {} },
    ];
    const cut = async (...pieces: Uint8Array[]) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece);
          controller.close();
        },
      });
      const answers = [
        new Response(body, { headers: { "content-type": "text/event-stream" } }),
        new Response(null, { status: 204 }),
      ];
      const { connection, events } = watch("http://h/", { fetch: async () => answers.shift() as Response });
      await connection.closed;
      expect(events).toEqual(expected);
    };
    for (let at = 1; at < bytes.length; at++) await cut(bytes.subarray(0, at), bytes.subarray(at));
    await cut(...Array.from(bytes, (byte) => Uint8Array.of(byte)));
  });
});

describe("an id", () => {
  it("goes back to the server as it came", async () => {
    expect(await lastEventIdAfter("id: 41.k3x9p0qa\ndata:x\n\n")).toBe("41.k3x9p0qa");
    expect(await lastEventIdAfter("id:first\ndata:x\n\nid:second\ndata:y\n\n")).toBe("second");
  });

  it("stays where events have none, and is forgotten where it is empty", async () => {
    expect(await lastEventIdAfter("id:1\ndata:x\n\ndata:y\n\n")).toBe("1");
    expect(await lastEventIdAfter("id:1\ndata:x\n\nid\ndata:y\n\n")).toBeUndefined();
    expect(await lastEventIdAfter("id:1\ndata:x\n\nid:\ndata:y\n\ndata:z\n\n")).toBeUndefined();
  });

  it("counts where it comes alone, though no event is told", async () => {
    const { url, requests } = await serve(streamOf("id: 7.e\n\n"), over);
    const { connection, events } = watch(url);
    await connection.closed;
    expect(requests[1]?.headers["last-event-id"]).toBe("7.e");
    expect(connection.lastEventId).toBe("7.e");
    expect(events).toEqual([]);
  });

  it("does not count before the event is whole", async () => {
    expect(await lastEventIdAfter("id:1\ndata:x\n\nid:2\ndata:y\n")).toBe("1");
  });

  it("with a NUL is none", async () => {
    expect(await lastEventIdAfter("id:1\ndata:x\n\nid:2\0\ndata:y\n\n")).toBe("1");
  });

  it("that could not be sent back moves no cursor, and is told of", async () => {
    for (const id of ["2\u0001", "2\u007f", "2".repeat(4_097), "é".repeat(2_049)]) {
      const errors: unknown[] = [];
      const { url, requests } = await serve(streamOf(`id:1\ndata:x\n\nid:${id}\ndata:y\n\n`), over);
      const { connection, events } = watch(url, { ...asText, onError: (error) => errors.push(error) });
      await connection.closed;
      expect(events.map(({ lastEventId, data }) => [lastEventId, data])).toEqual([
        ["1", "x"],
        ["1", "y"],
      ]);
      expect(requests[1]?.headers["last-event-id"]).toBe("1");
      expect(errors).toMatchObject([{ code: "invalid-event" }]);
    }
  });

  it("that is no ASCII goes back as the UTF-8 that it was", async () => {
    const sent = (await lastEventIdAfter("id:…é\ndata:x\n\n")) ?? "";
    expect(Buffer.from(sent, "latin1").toString()).toBe("…é");
  });
});

describe("retry", () => {
  it("is the first delay from then on", async () => {
    const { url } = await serve(streamOf("retry: 20000\ndata:x\n\n"));
    const beginMs = Date.now();
    const { connection, events } = watch(url, { ...asText, backoff: { minMs: 1, maxMs: 60_000 } });
    await vi.waitFor(() => expect(connection.state.status).toBe("waiting"));
    expect(events).toHaveLength(1);
    expect(connection.state.retryAtMs).toBeGreaterThanOrEqual(beginMs + 19_000);
  });

  it("counts for nothing where it is no number, or empty", async () => {
    for (const bogus of [
      "retry:1000x",
      "retry:",
      "retry",
      "retry: -5",
      "retry:1e9",
      "retry:  5",
      "retry: 5 ",
      "retry: 0x5",
      "Retry: 5",
    ]) {
      const { url } = await serve(streamOf(`retry:20000\n${bogus}\ndata:x\n\n`));
      const beginMs = Date.now();
      const { connection } = watch(url, { ...asText, backoff: { maxMs: 60_000 } });
      await vi.waitFor(() => expect(connection.state.status).toBe("waiting"));
      expect(connection.state.retryAtMs).toBeGreaterThanOrEqual(beginMs + 19_000);
      connection.close();
    }
  });
});

describe("data", () => {
  it("that cannot be read is left out and told, and the stream goes on", async () => {
    const errors: unknown[] = [];
    const { url } = await serve(streamOf("id: 1\nevent: tick\ndata: {oops\n\nid: 2\ndata:\n\n", frame(3)), over);
    const { connection, ids } = watch(url, { onError: (error) => errors.push(error) });
    await connection.closed;
    expect(ids).toEqual([3]);
    expect(errors).toMatchObject(
      [1, 2].map((id) => ({ code: "invalid-event", message: `event ${id} cannot be read` })),
    );
  });

  it("is any JSON value", async () => {
    const values = ["text", 5, null, [1, 2], true];
    const { url } = await serve(streamOf(...values.map((value) => `data: ${JSON.stringify(value)}\n\n`)), over);
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events.map(({ data }) => data)).toEqual(values);
  });

  it("may be read by a function of the application's own", async () => {
    const { url } = await serve(streamOf("event: a\ndata: 1\ndata: 2\n\ndata: [DONE]\n\n"), over);
    const { connection, events } = watch(url, { parse: (data, type) => (type === "a" ? { data } : data) });
    await connection.closed;
    expect(events).toMatchObject([
      { type: "a", data: { data: "1\n2" } },
      { type: "message", data: "[DONE]" },
    ]);
  });

  it("cannot change an event's type or id, nor anything but the event", async () => {
    const { url } = await serve(
      streamOf('id: 1\nevent: tick\ndata: {"type":"other","id":9,"__proto__":{"admin":true}}\n\n'),
      over,
    );
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events[0]).toMatchObject({ type: "tick", id: 1, data: { type: "other", id: 9 } });
    expect(events[0]?.data).not.toHaveProperty("admin");
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("that is larger than `maxEventLength` fails the connection after what came before it", async () => {
    const { url, requests } = await serve(
      openStreamOf(`id: 1\nevent: tick\ndata: {}\n\nid: 2\ndata: ${"x".repeat(2000)}`),
    );
    const { connection, events } = watch(url, { maxEventLength: 1000 });
    expect(await connection.closed).toMatchObject({
      status: "failed",
      error: { code: "event-too-large" },
      lastEventId: "1",
    });
    expect(events).toHaveLength(1);
    expect(requests).toHaveLength(1);
  });

  it.for([
    ["lines", "data: a\n"],
    ["empty lines", "data\n"],
    ["lines ended by CR", "data:\r"],
  ] as const)("of endless short %s is refused while it grows", async ([, line]) => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) =>
          controller.enqueue(Buffer.from(`id: 1\nevent: tick\n${line.repeat(200)}\n\n${line.repeat(200)}\n\n`)),
        pull: (controller) => controller.enqueue(Buffer.from(line.repeat(((sent += 100), 100)))),
      },
      { highWaterMark: 0 },
    );
    const { connection, events } = watch("http://h/", {
      ...asText,
      maxEventLength: 64_000,
      fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    });
    expect(await connection.closed).toMatchObject({ status: "failed", error: { code: "event-too-large" } });
    expect(sent).toBeLessThan(1_500);
    expect(events).toHaveLength(2);
  });

  it("in endless tiny chunks of one line is refused while it grows", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from("data: ")),
      pull: (controller) => controller.enqueue(Buffer.from("xy".slice(0, 1 + (sent++ % 2)))),
    });
    const { connection } = watch("http://h/", {
      maxEventLength: 64_000,
      fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    });
    expect(await connection.closed).toMatchObject({ status: "failed", error: { code: "event-too-large" } });
    expect(sent).toBeLessThan(1_500);
  });

  it("may have many events, comments and lines that are no data, which count for nothing", async () => {
    const { url } = await serve(
      streamOf(
        ...Array.from({ length: 40 }, () => `: beat\n`.repeat(100) + "data: a\ndata: b\n\r\n".repeat(100)),
        "event: b\n".repeat(2_000),
        "data: c\r\r",
      ),
      over,
    );
    const { connection, events } = watch(url, { ...asText, maxEventLength: 6_400 });
    expect((await connection.closed).status).toBe("ended");
    expect(events).toHaveLength(4_001);
  });

  it("of a gap or an end is an object, or the event is left out", async () => {
    for (const data of ["null", "5", '"gap"', "{", ""]) {
      const errors: unknown[] = [];
      const gap = `event: ssetarget:gap\ndata: ${data}\n\n`;
      const { url, requests } = await serve(streamOf(gap, frame(1), gap.replace(":gap", ":end")));
      const { connection, events } = watch(url, { onError: (error) => errors.push(error) });
      expect((await connection.closed).status).toBe("ended");
      expect(events.map(({ type }) => type)).toEqual(["tick"]);
      expect(errors).toMatchObject([{ code: "invalid-event" }, { code: "invalid-event" }]);
      expect(requests).toHaveLength(1);
    }
  });

  it("of a type that the protocol keeps for itself and this client does not know is ignored", async () => {
    const { url } = await serve(
      streamOf("id: 1\nevent: ssetarget:later\ndata: {}\n\nid: 2\nevent: tick\ndata: {}\n\n"),
      over,
    );
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events).toMatchObject([{ type: "tick", id: 2 }]);
  });
});
