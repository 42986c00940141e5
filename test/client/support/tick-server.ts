import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { SSETarget, type EventStore, type SSETargetOptions } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { onTestFinished } from "vitest";

export type Tick = { type: "tick"; n: number };

/** A stream that can be broken, stopped and started again, as processes and networks do. */
export interface TickServer {
  readonly url: string;
  readonly target: SSETarget<Tick>;
  /** The requests' cursors, in their order. */
  readonly cursors: readonly (string | undefined)[];
  readonly requests: readonly IncomingMessage[];
  /** How many connections there are. */
  readonly open: number;
  /** Dispatches so many ticks; `n` is what their ids are, as long as nothing else is dispatched. */
  tick(count: number): Promise<void>;
  /** Breaks every connection. */
  cut(): void;
  /** What a restart of the process is to clients: all connections break, and another target stands at the same place. */
  restart(store?: EventStore<Tick>): void;
}

/** Serves a stream of ticks until the test is over. */
export async function serveTicks(store?: EventStore<Tick>, options: SSETargetOptions = {}): Promise<TickServer> {
  const make = (with_?: EventStore<Tick>) => new SSETarget<Tick>("/sse", with_, { retryMs: 10, ...options });
  let target = make(store);
  let handler = toNodeHandler(target);
  let count = 0;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    void handler(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`,
    requests,
    get target() {
      return target;
    },
    get cursors() {
      return requests.map(({ headers }) => headers["last-event-id"] as string | undefined);
    },
    get open() {
      return target.connectionCount;
    },
    async tick(more) {
      await target.dispatchEvents(Array.from({ length: more }, () => ({ type: "tick", n: ++count })));
    },
    cut: () => server.closeAllConnections(),
    restart(next) {
      server.closeAllConnections();
      target = make(next);
      handler = toNodeHandler(target);
      count = 0;
    },
  };
}
