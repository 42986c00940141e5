import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { bundleElement } from "../../../scripts/bundle.ts";
import { ROOT } from "../../../scripts/run.ts";
import type { ConnectionState, ConnectionStatus } from "../../../src/client/connection-state.ts";
import type { HandWatch } from "./kit.ts";

/** As strict as a page can be: what works here works everywhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

const STYLE = `
  html { color-scheme: light dark; background: light-dark(#f3f4f8, #0d1018); }
  body { margin: 0; padding: 20px; font-family: system-ui, sans-serif; }
  @media (max-width: 640px) { body { padding: 10px; } }
`;

const VIEW: BrowserContextOptions = { viewport: { width: 1280, height: 860 }, locale: "en-US" };

/** Pages with the elements and `HandWatch` in them, from a server of their own. */
export interface ElementPages {
  readonly url: string;
  /** What the consoles of all pages said that they should not have. */
  readonly complaints: string[];
  /**
   * Opens a page without an element in it.
   * @param options - Those of a browser context of its own; without them the page is one that other tests had before, loaded anew.
   * @param at - What comes after the page's address: a query, a fragment.
   * @param html - Attributes of its `<html>`.
   */
  open(options?: BrowserContextOptions, at?: string, html?: string): Promise<Page>;
  /** Closes all pages. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export async function openElementPages(browser: Browser): Promise<ElementPages> {
  const script = await bundleElement(`${ROOT}test/element/support/kit.ts`);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/kit.js") response.setHeader("content-type", "text/javascript").end(script);
    else if (pathname === "/page.css") response.setHeader("content-type", "text/css").end(STYLE);
    else if (pathname === "/") {
      const html = searchParams.get("html") ?? `lang="en"`;
      response.setHeader("content-security-policy", POLICY);
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(
        `<!doctype html><html ${html}><head><title>test</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css"><script type="module" src="/kit.js"></script></head><body><main></main></body></html>`,
      );
    } else response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shared = await browser.newContext(VIEW);
  const contexts: BrowserContext[] = [];
  const used: Page[] = [];
  const free: Page[] = [];
  const complaints: string[] = [];

  async function newPage(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    return page;
  }

  async function pageFor(options: BrowserContextOptions | undefined): Promise<Page> {
    if (options !== undefined) {
      const context = await browser.newContext({ ...VIEW, ...options });
      contexts.push(context);
      return newPage(context);
    }
    const page = free.pop() ?? (await newPage(shared));
    used.push(page);
    return page;
  }

  return {
    url,
    complaints,
    async open(options, at = "", html = "") {
      const page = await pageFor(options);
      await page.goto(`${url}/${html === "" ? "" : `?html=${encodeURIComponent(html)}`}${at}`);
      await page.waitForFunction(() => customElements.get("ssetarget-trace") !== undefined);
      return page;
    },
    async leave() {
      for (const context of contexts.splice(0)) await context.close();
      for (const page of used.splice(0)) {
        await page.goto("about:blank");
        free.push(page);
      }
    },
    async close() {
      for (const context of [...contexts, shared]) await context.close();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** What an element is put into a page with. */
export interface Mounting {
  readonly events?: readonly unknown[];
  readonly status?: ConnectionStatus;
  readonly state?: Partial<ConnectionState>;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Where a waiting span has a button. */
  readonly hasAction?: boolean;
}

/** Puts a `<ssetarget-trace>` into the page, with a watch that is fed by hand: `window.element` and `window.watch`. */
export async function mountTrace(page: Page, mounting: Mounting = {}): Promise<void> {
  await page.evaluate(
    ({ events = [], status = "open", state = {}, attributes = {}, hasAction = false }) => {
      window.told = [];
      const element = document.createElement("ssetarget-trace");
      const watch: HandWatch = new window.HandWatch();
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      for (const type of ["ssetarget-state", "ssetarget-select"]) {
        element.addEventListener(type, (event) => window.told.push({ type, detail: (event as CustomEvent).detail }));
      }
      watch.feed(events);
      watch.become(status, state);
      element.watch = watch as never;
      if (hasAction) {
        element.action = (span) =>
          span.state === "waiting" && span.waitingFor !== undefined
            ? { label: "Approve", run: () => new Promise((resolve) => setTimeout(resolve, 50)) }
            : undefined;
      }
      Object.assign(window, { element, watch });
      document.querySelector("main")?.append(element);
    },
    mounting as Mounting & { readonly state?: Record<string, never> },
  );
  await drawn(page);
}

/** Puts a `<ssetarget-progress>` into the page: `window.progress` and `window.watch`. */
export async function mountProgress(
  page: Page,
  mounting: Mounting & { readonly steps?: readonly string[] } = {},
): Promise<void> {
  await page.evaluate(
    ({ events = [], status = "open", state = {}, steps = [] }) => {
      const progress = document.createElement("ssetarget-progress");
      const watch: HandWatch = new window.HandWatch();
      watch.feed(events);
      watch.become(status, state);
      progress.steps = steps;
      progress.watch = watch as never;
      Object.assign(window, { progress, watch });
      document.querySelector("main")?.append(progress);
    },
    mounting as Mounting & { readonly steps?: readonly string[]; readonly state?: Record<string, never> },
  );
  await drawn(page);
}

/** Gives the watch of the page further events. */
export async function feed(page: Page, events: readonly unknown[]): Promise<void> {
  await page.evaluate((more) => window.watch.feed(more), events);
  await drawn(page);
}

/** Resolves when what is known has been drawn, sizes that were measured on the way included. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
  });
}
