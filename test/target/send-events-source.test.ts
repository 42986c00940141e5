import { createServer } from "node:http";
import { Readable } from "node:stream";
import { EventSource } from "eventsource";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ServerSentEvent } from "ssetarget";
import { sendEvents as sendNodeEvents } from "ssetarget/node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeDoors, DOORS, listen } from "../support/per-request.ts";
import { until } from "../support/until.ts";

afterEach(closeDoors);

function parse(text: string): EventSourceMessage[] {
  const seen: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => seen.push(event) }).feed(text);
  return seen;
}

const end = (data: object) => ({
  id: "ssetarget:end",
  event: "ssetarget:end",
  data: JSON.stringify({ key: "ssetarget:end", ...data }),
});

describe.each(Object.entries(DOORS))("sendEvents with a source, through %s", (_name, open) => {
  async function* three() {
    yield "one";
    yield { two: 2 };
    yield new ServerSentEvent("three", { data: "3", id: 3 });
  }

  it.each([
    ["an async iterable", () => three()],
    ["a function", () => () => three()],
    ["a function that takes its time", () => async () => three()],
    ["a list", () => ["one", { two: 2 }, new ServerSentEvent("three", { data: "3", id: 3 })]],
    ["a web stream", () => Readable.toWeb(Readable.from(three())) as ReadableStream],
  ])("sends each value of %s, and ends for good", async (_kind, make) => {
    const { readToEnd } = await open([make()]);
    expect(parse(await readToEnd())).toEqual([
      { id: undefined, event: undefined, data: "one" },
      { id: undefined, event: undefined, data: '{"two":2}' },
      { id: "3", event: "three", data: "3" },
      end({ reason: "completed" }),
    ]);
  });

  it("ends when the source throws, without what is not for clients", async () => {
    const onError = vi.fn();
    const failure = new Error("password=secret");
    const { readToEnd } = await open([
      (async function* () {
        yield 1;
        throw failure;
      })(),
      { onError },
    ]);
    const text = await readToEnd();
    expect(parse(text).slice(1)).toEqual([end({ reason: "failed", message: "The server could not continue." })]);
    expect(text).not.toMatch(/secret|\.ts|at /);
    expect(onError.mock.calls).toEqual([[failure]]);
  });

  it("tells clients of an error what one wants them to know", async () => {
    const failing = () => {
      throw new RangeError("too far");
    };
    const { readToEnd } = await open([failing, { errorMessage: (error) => (error as Error).message }]);
    expect(parse(await readToEnd())).toEqual([end({ reason: "failed", message: "too far" })]);
    const onError = vi.fn();
    const broken = await open([failing, { errorMessage: failing, onError }]);
    expect(parse(await broken.readToEnd())).toEqual([
      end({ reason: "failed", message: "The server could not continue." }),
    ]);
    expect(onError).toHaveBeenCalledTimes(2);
  });

  it.each([
    [
      "a value that JSON cannot carry",
      async function* () {
        yield 1n;
      },
      "unserializable-data",
    ],
    ["a function that gives nothing to iterate", () => 17 as never, "invalid-option"],
  ])("ends when the source has %s", async (_kind, source, code) => {
    const onError = vi.fn();
    const { readToEnd } = await open([source, { onError }]);
    expect(parse(await readToEnd())).toEqual([end({ reason: "failed", message: "The server could not continue." })]);
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code });
  });

  it("stops the source when the client goes, also one that is waiting for something", async () => {
    const onError = vi.fn();
    let given: AbortSignal | undefined;
    let isReturned = false;
    const { target, hangUp, readUntil } = await open([
      async function* (signal: AbortSignal) {
        given = signal;
        try {
          for (let n = 0; ; n++) {
            yield n;
            // Until it is told.
            if (n === 3)
              await new Promise((_resolve, reject) =>
                signal.addEventListener("abort", () => reject(signal.reason as Error)),
              );
          }
        } finally {
          isReturned = true;
        }
      },
      { onError },
    ]);
    await readUntil("data: 3\n\n");
    expect(given?.aborted).toBe(false);
    hangUp();
    await until(() => isReturned);
    expect(given?.aborted).toBe(true);
    expect(target.closed).toBe(true);
    expect(onError).not.toHaveBeenCalled();
  });

  it("calls return() of an iterator that is waiting, and does not wait for it", async () => {
    const onReturn = vi.fn(() => new Promise<never>(() => {}));
    const iterator = {
      next: () => new Promise<never>(() => {}),
      return: onReturn,
      [Symbol.asyncIterator]: () => iterator,
    };
    const { target, hangUp } = await open([iterator]);
    await until(() => !target.closed);
    await new Promise((resolve) => setImmediate(resolve));
    hangUp();
    await until(() => onReturn.mock.calls.length > 0);
    await target.close();
    expect(onReturn).toHaveBeenCalledTimes(1);
  });

  it("asks for values as fast as the client takes them", async () => {
    let asked = 0;
    const { target, readToEnd } = await open([
      (function* () {
        for (; asked < 400; asked++) yield "x".repeat(50_000);
      })(),
    ]);
    let before = -1;
    await until(() => {
      const isStill = asked === before && asked > 0;
      before = asked;
      return isStill;
    });
    expect(asked).toBeLessThan(390);
    expect(target.bufferedBytes).toBeLessThan(200_000);
    expect(parse(await readToEnd())).toHaveLength(401);
  });

  it("does not begin a source for a request without a stream, and lets go of it", async () => {
    const start = vi.fn();
    await open([start], { method: "HEAD" });
    await open([start], { headers: { accept: "text/html" } });
    await open([start], { headers: { "last-event-id": "ssetarget:end" } });
    const onCancel = vi.fn();
    await open([new ReadableStream({ cancel: onCancel })], { method: "HEAD" });
    await until(() => onCancel.mock.calls.length === 1);
    expect(start).not.toHaveBeenCalled();
  });

  /** What cannot even be begun. */
  const broken: Readonly<Record<string, () => unknown>> = {
    "a web stream that somebody else reads": () => {
      const stream = new ReadableStream();
      stream.getReader();
      return stream;
    },
    "an iterable that throws": () => ({
      [Symbol.asyncIterator]: () => {
        throw new Error("broken");
      },
    }),
  };
  it.each(Object.entries(broken))("outlives %s, asked for or not", async (_kind, make) => {
    const { readToEnd } = await open([make() as never]);
    expect(parse(await readToEnd())).toEqual([end({ reason: "failed", message: "The server could not continue." })]);
    // An error that nobody hears would be a rejection that ends the process, and fails this test.
    expect((await open([make() as never], { method: "HEAD" })).target.closed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve));
  });

  it("fails where an iterator answers with what is no result, as `for await` does", async () => {
    const onError = vi.fn();
    const source = { [Symbol.iterator]: () => ({ next: () => 5 }) };
    const { readToEnd } = await open([source as never, { onError }]);
    expect(parse(await readToEnd())).toEqual([end({ reason: "failed", message: "The server could not continue." })]);
    expect(onError.mock.calls).toMatchObject([
      [{ message: "a source's iterator answered with 5, which is no result" }],
    ]);
  });

  it("reads what is iterable but not async iterable", async () => {
    const { readToEnd } = await open([{ [Symbol.asyncIterator]: undefined, [Symbol.iterator]: () => ["a"].values() }]);
    expect(parse(await readToEnd()).map(({ data }) => data)).toContain("a");
  });

  it("does not ask one that was made too late for anything", async () => {
    let make = (_source: AsyncIterable<unknown>) => {};
    const next = vi.fn(() => new Promise<IteratorResult<unknown>>(() => {}));
    const onReturn = vi.fn(async () => ({ done: true as const, value: undefined }));
    const { target } = await open([() => new Promise<AsyncIterable<unknown>>((resolve) => (make = resolve))]);
    await target.close();
    make({ [Symbol.asyncIterator]: () => ({ next, return: onReturn }) });
    await until(() => onReturn.mock.calls.length === 1);
    expect(next).not.toHaveBeenCalled();
  });

  it("lets a process do other things while a source never waits", async () => {
    let asked = 0;
    const { target, readToEnd } = await open([
      (function* () {
        for (;;) yield asked++;
      })(),
    ]);
    const read = readToEnd();
    // Timers come at all, by which this looks.
    await until(() => asked > 100);
    void target.close();
    await read;
    expect(target.closed).toBe(true);
  });

  it.each([
    ["a promise", async () => Promise.reject(new Error("too late"))],
    ["a number", () => 17n],
  ])("says only what is text of an error, and not %s", async (_kind, errorMessage) => {
    const onError = vi.fn();
    const failing = () => Promise.reject(new Error("broken"));
    const { readToEnd } = await open([failing, { errorMessage: errorMessage as never, onError }]);
    expect(parse(await readToEnd())).toEqual([end({ reason: "failed", message: "The server could not continue." })]);
    expect(onError.mock.calls[1]).toMatchObject([{ code: "invalid-option" }]);
  });

  it("lets other things be sent in between", async () => {
    let go = () => {};
    const wait = new Promise<void>((resolve) => (go = resolve));
    const { target, readToEnd, readUntil } = await open([
      (async function* () {
        yield "first";
        await wait;
        yield "last";
      })(),
    ]);
    await readUntil("first");
    target.dispatchComment("between");
    go();
    expect(await readToEnd()).toMatch(/first\n\n: between\n\ndata: last\n\nid: ssetarget:end/);
  });
});

describe("an EventSource on a source", () => {
  it("reads it once, and stays closed afterwards", async () => {
    let starts = 0;
    let requests = 0;
    const port = await listen(
      createServer((request, response) => {
        requests++;
        sendNodeEvents(
          request,
          response,
          async function* () {
            starts++;
            yield "a";
            yield "b";
          },
          { retryMs: 10 },
        );
      }),
    );
    const source = new EventSource(`http://127.0.0.1:${port}/`);
    const seen: unknown[] = [];
    source.addEventListener("message", (event) => seen.push(event.data));
    source.addEventListener("ssetarget:end", (event) =>
      seen.push((JSON.parse(event.data as string) as { reason: string }).reason),
    );
    await until(() => source.readyState === EventSource.CLOSED);
    expect(seen).toEqual(["a", "b", "completed"]);
    expect([starts, requests]).toEqual([1, 2]);
  });
});
