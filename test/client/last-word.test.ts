import { SSETarget } from "ssetarget";
import { connect, type ConnectOptions } from "ssetarget/client";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Exchange } from "./support/exchange.ts";

const streaming = { headers: { "content-type": "text/event-stream" } };
let exchange: Exchange;

beforeEach(() => {
  vi.useFakeTimers();
  exchange = new Exchange();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Connects until the test is over. */
function open(options: ConnectOptions = {}) {
  const connection = connect("http://h/sse", { fetch: exchange.fetch, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

describe("the last `retry:` before the end of a response", () => {
  it.for([
    [0, 500],
    [0.5, 2_000],
    [0.999, 3_497],
  ] as const)("adds no jitter to that of a target that closes (%d: %d ms)", async ([random, delayMs]) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    const targets = [new SSETarget("/sse"), new SSETarget("/sse")] as const;
    onTestFinished(() => targets[1].close());
    let isReplaced = false;
    exchange.answer = (init) => targets[isReplaced ? 1 : 0].fetch(new Request("http://h/sse", init));
    const connection = open();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state.status).toBe("open");
    const closing = targets[0].close();
    isReplaced = true;
    await vi.advanceTimersByTimeAsync(5_000);
    await closing;
    expect(connection.state.status).toBe("open");
    expect(exchange.delaysMs).toEqual([delayMs]);
  });

  it("takes only what is surely a last word as one, and only for one try", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    const end = (text: string) => new Response(text, streaming);
    const cut = (text: string) => {
      const bytes = new TextEncoder().encode(text);
      let isSent = false;
      const pull = (controller: ReadableStreamDefaultController) => {
        if (isSent) controller.error(new TypeError("terminated"));
        else controller.enqueue(bytes);
        isSent = true;
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), streaming);
    };
    const said = "retry: 2000\n\nid: 1\ndata: {}\n\n";
    for (const [answer, ...delaysMs] of [
      [() => end(`${said}retry: 700\n\n`), 700, 4_000, 8_000],
      [() => end(`${said}retry:700\r\n\r\n`), 700, 4_000, 8_000],
      [() => end(`${said}retry: 700\r\r`), 700, 4_000, 8_000],
      [() => end(`${said}retry: 700\n`), 700, 4_000, 8_000],
      [() => end(`${said}retry: 700\n\n: but\n\n`), 1_400, 2_800, 5_600],
      [() => end(`${said}retry: 700\n\ndata: {}\n\n`), 1_400, 2_800, 5_600],
      [() => end(`${said}x-retry: 700\n\n`), 4_000, 8_000],
      [() => end(`${said}retry: 700`), 4_000, 8_000],
      [() => cut(`${said}retry: 700\n\n`), 1_400, 2_800, 5_600],
      [() => end("retry: 700\n\n"), 700, 1_400, 2_800],
      [() => end(`retry: ${"9".repeat(400)}\n\n`), 30_000],
    ] as const) {
      exchange = new Exchange();
      const { fail } = exchange;
      exchange.answer = () => {
        exchange.answer = fail;
        return answer();
      };
      const connection = open();
      await vi.advanceTimersByTimeAsync(40_000);
      connection.close();
      const rounded = exchange.delaysMs.map((ms) => Math.round(ms / 100) * 100);
      expect(rounded.slice(0, delaysMs.length)).toEqual(delaysMs);
    }
  });

  it("is not hurried into a loop by last words that follow nothing", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    exchange.answer = () => new Response("retry: 600\n\n", streaming);
    open();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(exchange.delaysMs.slice(0, 6)).toEqual([600, 600, 1_000, 2_000, 4_000, 8_000]);
  });

  it("comes back at once after `retry: 0`, but not in a loop", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    for (const [text, ...delaysMs] of [
      ["retry: 0\n\n", 0, 500, 1_000, 2_000],
      ["retry: 0\nid: 1\ndata: {}\n\n", 0, 500, 500, 0, 500, 500, 0],
      ["data: {}\n\nretry: 00\n\n", 0, 500, 500, 0, 500, 500, 0],
    ] as const) {
      exchange = new Exchange();
      exchange.answer = () => new Response(text, streaming);
      const connection = open();
      await vi.advanceTimersByTimeAsync(10_000);
      connection.close();
      // No timer fires in less than a millisecond.
      expect(exchange.delaysMs.slice(0, delaysMs.length).map((ms) => ms - (ms % 10))).toEqual(delaysMs);
    }
    exchange = new Exchange();
    const { fail } = exchange;
    exchange.answer = () => {
      exchange.answer = fail;
      return new Response("retry: 0\nid: 1\ndata: {}\n\n", streaming);
    };
    open();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(exchange.delaysMs.slice(0, 5)).toEqual([0, 1_000, 2_000, 4_000, 8_000]);
  });

  it("begins anew after a connection that has lasted, though it delivered nothing", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    let end = () => {};
    exchange.answer = () => {
      const body = new ReadableStream({
        start(controller) {
          end = () => {
            controller.enqueue(new TextEncoder().encode("retry: 700\n\n"));
            controller.close();
          };
        },
      });
      return new Response(body, streaming);
    };
    open();
    for (let deployment = 0; deployment < 6; deployment++) {
      await vi.advanceTimersByTimeAsync(40_000);
      end();
      await vi.advanceTimersByTimeAsync(700);
    }
    expect(exchange.delaysMs.map((ms) => ms - 40_000)).toEqual([700, 700, 700, 700, 700, 700]);
  });
});
