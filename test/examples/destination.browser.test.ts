import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { SSEReader } from "../support/sse-client.ts";
import { launchChromium } from "../support/chromium.ts";
import { startExample, type RunningExample } from "../support/start-example.ts";

let browser: Browser;
let example: RunningExample;

beforeAll(async () => {
  [browser, example] = await Promise.all([launchChromium(), startExample("examples/destination/server.ts")]);
});
afterAll(async () => {
  await browser?.close();
  await example?.stop();
});

const names = (page: Page) => page.locator("#events li").allTextContents();

describe("the page of a destination", () => {
  it("shows what workflows send, what they sent before, and the same in a second tab", async () => {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(example.url);
    await page.getByRole("button", { name: "Run the workflow" }).click();
    await page.getByText("Luke Skywalker").waitFor();
    expect(await page.locator("#progress").evaluate((bar) => (bar as HTMLProgressElement).value)).toBe(1);
    const second = await browser.newPage();
    await second.goto(example.url);
    await second.getByText("Luke Skywalker").waitFor();
    await second.getByRole("button", { name: "Run the workflow" }).click();
    await Promise.all([page, second].map((each) => each.getByText("Leia Organa").waitFor()));
    await page.reload();
    await page.getByText("Leia Organa").waitFor();
    for (const each of [page, second]) expect(await names(each)).toEqual(["Luke Skywalker", "Leia Organa"]);
    expect(problems).toEqual([]);
  });

  it("listens when it is opened from disk, as the documents' page does", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ssetarget-page-"));
    try {
      const html = await readFile("examples/destination/index.html", "utf8");
      const script = await readFile("examples/destination/sse.js", "utf8");
      const shown = /```js\n(.*?)```/s.exec(await readFile("docs/destinations.md", "utf8"))?.[1] ?? "";
      await writeFile(join(folder, "index.html"), html);
      await writeFile(join(folder, "sse.js"), script.replace("http://127.0.0.1:9878", example.url));
      const documented = shown.replace("http://localhost:8080", example.url);
      await writeFile(join(folder, "documented.html"), `<!doctype html><script>${documented}</script>`);
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      await page.goto(pathToFileURL(join(folder, "documented.html")).href);
      const own = await browser.newPage();
      await own.goto(pathToFileURL(join(folder, "index.html")).href);
      const started = await fetch(`${example.url}/pipelines/p_aBcDeF/runs`, { method: "POST" });
      expect(started.status).toBe(202);
      await own.locator("#events li").first().waitFor();
      await vi.waitFor(() => expect(said.join()).toContain("name"), { timeout: 10_000 });
      // Any site can make a frame with the origin of a file, so the server takes no orders from one.
      expect(await own.getByRole("button", { name: "Run the workflow" }).isDisabled()).toBe(true);
      expect(await own.getByText("opened from disk").isVisible()).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is there after requests that are none, and takes any name", async () => {
    const { hostname, port } = new URL(example.url);
    const ask = async (path: string, method = "GET") => {
      // As it is, without the normalizing that `fetch` does.
      const asking = request({ hostname, port, path, method, agent: false }).end();
      const [response] = (await once(asking, "response")) as [IncomingMessage];
      asking.destroy();
      return response.statusCode;
    };
    expect(await ask("//")).toBe(404);
    expect(await ask("/pipelines/%E0%A4%A/runs", "POST")).toBe(400);
    expect(await ask("/pipelines/a%2F%C3%A9%20b/runs", "POST")).toBe(202);
    const stream = await fetch(`${example.url}/pipelines/a%2F%C3%A9%20b/sse`);
    const reader = await new SSEReader(stream).readCount(3);
    expect(reader.events.map(({ type }) => type)).toEqual(["progress", "events", "progress"]);
    await reader.close();
  });

  it("begins with the most recent 100 events", async () => {
    // Two channels send three events in a run.
    await Promise.all(
      Array.from({ length: 50 }, () => fetch(`${example.url}/pipelines/p_many/runs`, { method: "POST" })),
    );
    const page = await browser.newPage();
    await page.goto(example.url);
    const seen = await page.evaluate(async () => {
      const heard: [string, unknown][] = [];
      const source = new EventSource("/pipelines/p_many/sse");
      const note = (event: MessageEvent<string>) => heard.push([event.type, JSON.parse(event.data)]);
      for (const channel of ["events", "progress", "ssetarget:gap"]) source.addEventListener(channel, note);
      while (heard.length < 100) await new Promise((resolve) => setTimeout(resolve, 10));
      return heard;
    });
    expect(seen.filter(([type]) => type === "ssetarget:gap")).toEqual([]);
    expect(seen.length).toBeGreaterThanOrEqual(100);
  });
});
