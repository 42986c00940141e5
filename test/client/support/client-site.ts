import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { SSETarget, type EventStore, type SSETargetOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { build, defaultClientConditions, type Rolldown } from "vite";
import { openCuttingProxy, type CuttingProxy } from "../../support/cutting-proxy.ts";
import type { ClientPage } from "./client-page.ts";

export type Tick = { type: "tick"; n: number };

/** The scripts of test pages, each made once. */
const scripts = new Map<string, Promise<string>>();

async function bundle(file: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["ssetarget-source", ...defaultClientConditions] },
    build: { write: false, rolldownOptions: { input: fileURLToPath(new URL(file, import.meta.url)) } },
  })) as Rolldown.RolldownOutput;
  return result.output[0].code;
}

/** A site with a page that has the client on it, a stream at `/sse`, and the network to it in the test's hands. */
export interface ClientSite {
  readonly url: string;
  readonly proxy: CuttingProxy;
  readonly target: SSETarget<Tick>;
  /** The requests for the stream. */
  readonly requests: readonly IncomingMessage[];
  /** What answers requests for the stream instead of the target, where it is set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  tick(count: number): Promise<void>;
  /** Another target at the same place: the server was restarted. */
  restart(store?: EventStore<Tick>): void;
  close(): Promise<void>;
}

/** @param file the script of its pages, beside this one */
export async function openSite(options: SSETargetOptions = {}, file = "client-page.ts"): Promise<ClientSite> {
  const script = scripts.get(file) ?? bundle(file);
  scripts.set(file, script);
  const code = await script;
  let target = new SSETarget<Tick>("/sse", undefined, { retryMs: 50, ...options });
  let stream = toNodeHandler(target);
  let count = 0;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/client.js") response.setHeader("content-type", "text/javascript").end(code);
    else if (!request.url?.startsWith("/sse")) {
      // What is not to be cached at all may still be kept in the back/forward cache.
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><title>test</title><script type="module" src="/client.js"></script>');
    } else {
      if (request.method === "GET") requests.push(request);
      (site.answer ?? stream)(request, response);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await openCuttingProxy((server.address() as AddressInfo).port);
  const site: ClientSite = {
    url: proxy.url,
    proxy,
    requests,
    answer: undefined,
    get target() {
      return target;
    },
    async tick(more) {
      await target.dispatchEvents(Array.from({ length: more }, () => ({ type: "tick", n: ++count })));
    },
    restart(store) {
      target = new SSETarget<Tick>("/sse", store, { retryMs: 50, ...options });
      stream = toNodeHandler(target);
      count = 0;
      server.closeAllConnections();
    },
    async close() {
      await proxy.close();
      server.closeAllConnections();
      server.close();
    },
  };
  return site;
}

/** The types of `globalThis` in the page. */
export interface PageGlobals {
  readonly page: ClientPage;
}

/** Options that can be handed to the page: no functions. */
type FollowOptions = Readonly<Record<string, unknown>>;

/** Waits until the page's script is there, and connects. */
export async function follow(page: Page, options: FollowOptions = {}, url = "/sse"): Promise<void> {
  await page.waitForFunction(() => "page" in globalThis);
  await page.evaluate(([to, given]) => (globalThis as unknown as PageGlobals).page.follow(to, given), [
    url,
    options,
  ] as const);
}

export function seenBy(page: Page): Promise<(number | string)[]> {
  return page.evaluate(() => (globalThis as unknown as PageGlobals).page.seen);
}

/** Waits until the page has been handed so many things. */
export async function hasSeen(page: Page, count: number): Promise<void> {
  await page.waitForFunction((wanted) => (globalThis as unknown as PageGlobals).page.seen.length >= wanted, count);
}

export async function hasStatus(page: Page, status: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => (globalThis as unknown as PageGlobals).page.connection?.state.status === wanted,
    status,
  );
}

export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
