import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { ServerSentEvent, type ServerSentEventTarget } from "ssetarget";
import type { SendEventsArguments } from "../../src/per-request/send-events.ts";
import { sendEvents } from "ssetarget/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { until } from "../support/until.ts";

let browser: Browser;
let server: Server;
let page: Page;
const targets: ServerSentEventTarget[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await page?.context().close();
  server?.closeAllConnections();
  server?.close();
});

/** A page with an EventSource on a target of its own, and what it has heard. */
async function watch(rest: SendEventsArguments = [{ retryMs: 20 }]): Promise<void> {
  targets.length = 0;
  server = createServer((request, response) => {
    if (request.url === "/sse") targets.push(sendEvents(request, response, ...(rest as [])));
    else response.setHeader("content-type", "text/html").end("<!doctype html><title>test</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await page.evaluate(() => {
    const heard: unknown[] = [];
    const source = new EventSource("/sse");
    for (const type of ["message", "ping", "ssetarget:end"]) {
      source.addEventListener(type, (event) => {
        const { data, lastEventId } = event as MessageEvent<string>;
        heard.push([type, data, lastEventId]);
      });
    }
    Object.assign(globalThis, { heard, source });
  });
  await until(() => targets.length > 0);
}

interface Watching {
  heard: unknown[];
  source: EventSource;
}
const heardAre = (count: number) =>
  page.waitForFunction((wanted) => (globalThis as unknown as Watching).heard.length >= wanted, count);
const heard = () => page.evaluate(() => (globalThis as unknown as Watching).heard);
const isClosed = () =>
  page.waitForFunction(() => (globalThis as unknown as Watching).source.readyState === EventSource.CLOSED);
const last = () => targets.at(-1) as ServerSentEventTarget;

describe("a browser's EventSource on a per-request target", () => {
  it("hears what is dispatched, as it was dispatched", async () => {
    await watch();
    const data: readonly unknown[] = [
      "",
      "a\nb",
      "a\rb",
      "a\r\nb",
      "\n",
      " a",
      ":a",
      "\uFEFFa",
      "a\0b",
      "\u{1F600}\u2028",
      "data: x\n\nevent: y",
      null,
      0,
      [1],
      { a: 1 },
    ];
    for (const each of data) last().dispatchEvent(new ServerSentEvent("ping", { data: each }));
    last().dispatchEvent(new ServerSentEvent("ping", { data: { a: [1] }, space: 2, id: 0 }));
    last().dispatchComment("not heard\nat all");
    last().dispatchMessage("for onmessage");
    await heardAre(data.length + 2);
    expect(await heard()).toEqual([
      ["ping", "", ""],
      ["ping", "a\nb", ""],
      ["ping", "a\nb", ""],
      ["ping", "a\nb", ""],
      ["ping", "\n", ""],
      ["ping", " a", ""],
      ["ping", ":a", ""],
      ["ping", "\uFEFFa", ""],
      ["ping", "a\0b", ""],
      ["ping", "\u{1F600}\u2028", ""],
      ["ping", "data: x\n\nevent: y", ""],
      ["ping", "null", ""],
      ["ping", "0", ""],
      ["ping", "[1]", ""],
      ["ping", '{"a":1}', ""],
      ["ping", '{\n  "a": [\n    1\n  ]\n}', "0"],
      ["message", "for onmessage", "0"],
    ]);
  });

  it("comes again with the id that it had, 0 too, and not after the end", async () => {
    await watch();
    last().dispatchEvent(new ServerSentEvent("ping", { data: "a", id: 0 }));
    await heardAre(1);
    await last().close();
    await until(() => targets.length === 2);
    expect(last().lastEventId).toBe("0");
    await last().complete({ reason: "completed" });
    await isClosed();
    expect(targets).toHaveLength(3);
    expect(await heard()).toEqual([
      ["ping", "a", "0"],
      ["ssetarget:end", '{"key":"ssetarget:end","reason":"completed"}', "ssetarget:end"],
    ]);
  });

  it("comes again with an id of any characters", async () => {
    await watch();
    last().dispatchEvent(new ServerSentEvent("ping", { data: "a", id: "é ✓ 中" }));
    await heardAre(1);
    await last().close();
    await until(() => targets.length === 2);
    expect(last().lastEventId).toBe("é ✓ 中");
  });

  it("waits as long as it is told by `retry`", async () => {
    await watch([{ retryMs: 600_000 }]);
    last().dispatchEvent(new ServerSentEvent("ping", { retry: 0 }));
    await heardAre(1);
    await last().close();
    await until(() => targets.length === 2);
    expect(last().closed).toBe(false);
  });

  it("is noticed when it goes: by close(), and by the page that is closed", async () => {
    await watch();
    let closes = 0;
    last().addEventListener("close", () => closes++);
    await page.evaluate(() => (globalThis as unknown as Watching).source.close());
    await until(() => closes === 1);
    expect(last().closed).toBe(true);
    await page.evaluate(() => void new EventSource("/sse"));
    await until(() => targets.length === 2);
    last().addEventListener("close", () => closes++);
    await page.close();
    await until(() => closes === 2);
  });

  it("reads a source to its end once", async () => {
    let starts = 0;
    await watch([
      async function* () {
        starts++;
        yield "one";
        yield { two: 2 };
      },
      { retryMs: 20 },
    ]);
    await isClosed();
    expect(await heard()).toEqual([
      ["message", "one", ""],
      ["message", '{"two":2}', ""],
      ["ssetarget:end", '{"key":"ssetarget:end","reason":"completed"}', "ssetarget:end"],
    ]);
    expect(starts).toBe(1);
  });
});
