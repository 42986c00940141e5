import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { SSEHub, type StreamEvent } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { build, defaultClientConditions } from "vite";
import { PAGES, type PageProps } from "./pages.tsx";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A script of this folder, with React as it is in development: its strict mode does everything twice, and it complains. */
export async function buildScript(entry: "client.tsx" | "quick-start.tsx"): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    root: here("."),
    define: { "process.env.NODE_ENV": JSON.stringify("development") },
    oxc: { jsx: { runtime: "automatic" } },
    resolve: { conditions: ["ssetarget-source", ...defaultClientConditions] },
    build: { write: false, minify: false, lib: { entry: here(entry), formats: ["es"], fileName: "app" } },
  });
  const output = Array.isArray(built) ? built[0] : built;
  const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
  if (chunk?.type !== "chunk") throw new Error(`${entry} has not been built`);
  return chunk.code;
}

/** A request for a stream, as the server saw it. */
export interface SeenRequest {
  readonly path: string;
  readonly lastEventId: string | undefined;
  readonly authorization: string | undefined;
}

export interface ReactServer {
  readonly port: number;
  readonly hub: SSEHub<StreamEvent>;
  /** Forgets every stream, as a server does that keeps them in memory and starts anew. */
  restart(): Promise<void>;
  /** Requests for streams, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Streams that are answered with 404. */
  readonly unknown: Set<string>;
  /** Where the page is; with `isRendered` it comes with its HTML. */
  pagePath(page: keyof typeof PAGES, props: PageProps, isRendered?: boolean): string;
  close(): Promise<void>;
}

/** Serves pages and streams, at a port of its own. */
export async function openReactServer(script: string): Promise<ReactServer> {
  const unknown = new Set<string>();
  const openHub = () => new SSEHub<StreamEvent>("/runs/:id/sse", { retryMs: 50, exists: (id) => !unknown.has(id) });
  let hub = openHub();
  let serveStream = toNodeHandler(hub);
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname.startsWith("/runs/")) {
      const { "last-event-id": lastEventId, authorization } = request.headers;
      requests.push({ path: url.pathname, lastEventId: lastEventId?.toString(), authorization });
      // Another stream for each user at one URL.
      const user = authorization?.split(" ")[1] ?? request.headers.cookie?.split("=")[1] ?? "anna";
      if (url.pathname === "/runs/own/sse") request.url = `/runs/${user}/sse`;
      void serveStream(request, response);
    } else if (url.pathname === "/app.js") {
      response.setHeader("content-type", "text/javascript").end(script);
    } else if (url.pathname === "/") {
      const page = '<!doctype html><title>test</title><link rel="icon" href="data:,"><div id="app"></div>';
      response.setHeader("content-type", "text/html").end(`${page}<script type="module" src="/app.js"></script>`);
    } else if (url.pathname === "/page") {
      response.setHeader("content-type", "text/html; charset=utf-8").end(html(url.searchParams));
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get hub() {
      return hub;
    },
    async restart() {
      const before = hub;
      hub = openHub();
      serveStream = toNodeHandler(hub);
      await before.close({ closeTimeoutMs: 0, reconnectSpreadMs: 0 });
    },
    requests,
    unknown,
    pagePath(page, props, isRendered = false) {
      return `/page?${new URLSearchParams({ page, props: JSON.stringify(props), isRendered: String(isRendered) })}`;
    },
    async close() {
      await hub.close({ closeTimeoutMs: 0 });
      server.closeAllConnections();
      server.close();
    },
  };
}

function html(asked: URLSearchParams): string {
  const page = asked.get("page") as keyof typeof PAGES;
  const props = JSON.parse(asked.get("props") ?? "{}") as PageProps;
  const isRendered = asked.get("isRendered") === "true";
  const app = isRendered ? renderToString(createElement(PAGES[page], props)) : "";
  const told = JSON.stringify({ page, props, isRendered }).replaceAll("<", String.raw`\u003c`);
  return `<!doctype html><title>test</title><link rel="icon" href="data:,">
<div id="app">${app}</div>
<script type="application/json" id="told">${told}</script>
<script type="module" src="/app.js"></script>`;
}
