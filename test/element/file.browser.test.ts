import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { SSEHub } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { type SpanEvent, type SpanHandle, Tracer } from "ssetarget/workflows";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SSETargetTraceElement } from "../../src/element.ts";
import { bundleElement } from "../../scripts/bundle.ts";
import { launchChromium } from "../support/chromium.ts";
import { openCuttingProxy, type CuttingProxy } from "../support/cutting-proxy.ts";

/** Everything that a page loads to show a trace: elements, Preact, tree, client, parser and their licenses. */
const MAX_GZIPPED_BYTES = 47_500;
/** The machine may be busy. */
const PATIENT = { timeout: 20_000 };

let browser: Browser;
let script: string;
let hub: SSEHub<SpanEvent>;
let server: Server;
let proxy: CuttingProxy;
/** Who follows the run "gone". */
let followers = 0;
const complaints: string[] = [];
const pages: Page[] = [];

beforeAll(async () => {
  [browser, script] = await Promise.all([launchChromium(), bundleElement()]);
  hub = new SSEHub<SpanEvent>("/runs/:id/sse", {
    retryMs: 200,
    authorize: (request) => !request.url.includes("secret"),
    exists: (id) => !id.includes("unknown"),
  });
  const stream = toNodeHandler(hub);
  server = createServer((request, response) => {
    const path = request.url ?? "/";
    if (path.startsWith("/runs/")) {
      const followed = path.startsWith("/runs/gone/") ? 1 : 0;
      followers += followed;
      response.on("close", () => (followers -= followed));
      void stream(request, response);
    } else if (path === "/ssetarget-element.js") response.setHeader("content-type", "text/javascript").end(script);
    else if (path === "/favicon.ico") response.writeHead(204).end();
    else {
      // What a new user writes.
      response.setHeader("content-type", "text/html").end(`<!doctype html>
        <html lang="en"><title>test</title>
        <script type="module" src="/ssetarget-element.js"></script>
        <ssetarget-progress src="/runs${path}/sse"></ssetarget-progress>
        <ssetarget-trace src="/runs${path}/sse" follow></ssetarget-trace>`);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await openCuttingProxy((server.address() as AddressInfo).port);
});
afterAll(async () => {
  await browser?.close();
  await hub?.close();
  await proxy?.close();
  server?.closeAllConnections();
  server?.close();
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  expect(complaints.splice(0)).toEqual([]);
});

async function open(id: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
  pages.push(page);
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${proxy.url}/${id}`);
  return page;
}

/** A run that goes on until `finish` is called. */
async function run(id: string): Promise<{ readonly root: SpanHandle; finish(): Promise<void> }> {
  const tracer = new Tracer(hub.stream(id), id);
  const started = Promise.withResolvers<SpanHandle>();
  const finished = Promise.withResolvers<void>();
  const whole = tracer.withSpan({ name: "order", kind: "workflow" }, async (root) => {
    started.resolve(root);
    await finished.promise;
  });
  return {
    root: await started.promise,
    async finish() {
      finished.resolve();
      await whole;
      await hub.complete(id);
    },
  };
}

const connection = (page: Page, status: string) => page.locator(`[data-connection="${status}"].connection`);
const row = (page: Page, name: RegExp) => page.getByRole("row", { name }).first();

/** Figures are for people to read. */
const report = (text: string): unknown => process.stdout.write(`${text}\n`);

describe("the single file", () => {
  it(`is one module of less than ${MAX_GZIPPED_BYTES / 1000} KB gzipped, which imports nothing`, () => {
    const { length } = gzipSync(script, { level: 9 });
    report(`ssetarget-element.js: ${script.length} bytes, ${length} gzipped`);
    expect(length).toBeLessThan(MAX_GZIPPED_BYTES);
    expect(script).not.toMatch(/\bimport\s*["'({*]|\bfrom\s*["'`]|process\.env|\beval\(|new Function/);
  });

  it("carries the licenses of all that it bundles", () => {
    const [comment = ""] = /^\/\*![^]*?\*\//.exec(script) ?? [];
    for (const holder of ["The ssetarget authors", "Espen Hovlandsdal", "Jason Miller"])
      expect(comment).toContain(holder);
    for (const words of ["MIT License", "Permission is hereby granted, free of charge", "WITHOUT WARRANTY OF ANY KIND"])
      expect(comment).toContain(words);
  });

  it("shows a run live, from its stream's address alone, to its end", async () => {
    const { root, finish } = await run("live");
    const page = await open("live");
    await connection(page, "open").waitFor();
    await root.withSpan({ name: "pack" }, async (step) => {
      step.progress(1, 4, { unit: "things" });
      await row(page, /^pack running/).waitFor();
      await expect.poll(() => page.getByRole("status").first().innerText(), PATIENT).toBe("pack");
    });
    await row(page, /^pack done/).waitFor();
    await finish();
    await connection(page, "ended").waitFor();
    await row(page, /^order done/).waitFor();
    await expect.poll(() => page.getByRole("status").first().innerText(), PATIENT).toBe("All done");
    await page.reload();
    await connection(page, "ended").waitFor();
    await row(page, /^pack done/).waitFor();
  });

  it("misses nothing when it is cut off, says so meanwhile, and is told when it is back", async () => {
    const { root, finish } = await run("cut");
    const page = await open("cut");
    await connection(page, "open").waitFor();
    proxy.cut();
    await connection(page, "waiting").waitFor();
    expect(await connection(page, "waiting").innerText()).toMatch(/Reconnecting/);
    await root.withSpan({ name: "meanwhile" }, () => {});
    proxy.mend();
    await page
      .getByRole("button", { name: "Try now" })
      .click({ timeout: 2_000 })
      .catch(() => {});
    await row(page, /^meanwhile done/).waitFor();
    expect(await page.getByRole("row", { name: /^meanwhile/ }).count()).toBe(1);
    await finish();
    await connection(page, "ended").waitFor();
  });

  it.each([
    ["unknown-run", "Not found."],
    ["secret-run", "Not allowed."],
  ])("says why there is nothing to be had of %s", async (id, words) => {
    const page = await open(id);
    await page.getByRole("note").filter({ hasText: words }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("says so where the address is none", async () => {
    const page = await open("live");
    await page.evaluate(() => document.querySelector("ssetarget-trace")?.setAttribute("src", "http://["));
    await page.getByRole("note").waitFor();
    expect(await page.getByRole("note").innerText()).toContain("cannot be reached");
  });

  it("closes its connection when it is removed or given another address", async () => {
    const { finish } = await run("gone");
    const page = await open("gone");
    await connection(page, "open").waitFor();
    await expect.poll(() => followers, PATIENT).toBeGreaterThan(0);
    await page.evaluate(() => {
      document.querySelector("ssetarget-progress")?.setAttribute("src", "/runs/live/sse");
      document.querySelector("ssetarget-trace")?.remove();
    });
    await expect.poll(() => followers, PATIENT).toBe(0);
    await finish();
  });

  it("connects again when it comes back into the page, and lets go of an address that is taken away", async () => {
    const { finish } = await run("back");
    const page = await open("back");
    await row(page, /^order running/).waitFor();
    await page.evaluate(async () => {
      const trace = document.querySelector("ssetarget-trace");
      trace?.remove();
      await new Promise((resolve) => setTimeout(resolve));
      document.body.append(trace ?? "");
      // What was drawn before is there until the next frame.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    });
    await expect.poll(() => page.getByRole("row", { name: /^order running/ }).count(), PATIENT).toBe(1);
    await page.evaluate(() => document.querySelector("ssetarget-trace")?.removeAttribute("src"));
    await page.getByRole("row").first().waitFor({ state: "detached" });
    expect(await page.locator("ssetarget-trace").evaluate((trace) => (trace as SSETargetTraceElement).status)).toBe(
      "idle",
    );
    await finish();
  });

  it("takes what was set before it was loaded", async () => {
    const { finish } = await run("early");
    const page = await (await browser.newContext()).newPage();
    pages.push(page);
    await page.route("**/ssetarget-element.js", async (route) => {
      await page.evaluate(() =>
        Object.assign(document.querySelector("ssetarget-trace") ?? {}, { labels: { live: "Jetzt" } }),
      );
      await route.continue();
    });
    await page.goto(`${proxy.url}/early`);
    await connection(page, "open").waitFor();
    expect(await connection(page, "open").innerText()).toBe("Jetzt");
    await finish();
  });
});

describe("the module", () => {
  it("can be loaded where there is no page, as servers do that render pages", async () => {
    const { SSETargetTraceElement } = await import("../../src/element.ts");
    expect(typeof SSETargetTraceElement).toBe("function");
  });
});
