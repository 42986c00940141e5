import { MemoryEventStore, SSETarget, type SSETargetOptions, sendEvents } from "ssetarget";
import { type SpanEvent, Tracer } from "ssetarget/trace";
import { vi } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";

/** One connection of a client: the cursor that it sends, and what the server answers. */
export interface Connection {
  readonly lastEventId?: string;
  readonly serve: (request: Request) => Promise<Response>;
  /** What happens on the server while the client is connected. It ends with the end of the stream, or is cut off. */
  readonly live?: () => Promise<unknown>;
}

/** A story of one client. Its connections follow one another. */
export interface Scene {
  readonly name: string;
  readonly play: () => Promise<readonly Connection[]>;
}

type Tick = { type: "tick"; n: number };

const ticks = (from: number, to: number): Tick[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ type: "tick", n: from + index }));

function newTarget(
  events: readonly Tick[],
  options: SSETargetOptions = {},
  maxEvents?: number,
): Promise<SSETarget<Tick>> {
  const store = new MemoryEventStore<Tick>(maxEvents === undefined ? {} : { maxEvents });
  const target = new SSETarget<Tick>("/sse", store, { retryMs: 50, ...options });
  return target.dispatchEvents(events).then(() => target);
}

/** What the server sends in each case of the protocol. Epochs and span ids come from `crypto`, times from the clock. */
export const SCENES: readonly Scene[] = [
  {
    name: "fresh-client",
    async play() {
      const target = await newTarget(ticks(1, 2));
      return [{ serve: (request) => target.fetch(request), live: () => target.dispatchEvents(ticks(3, 4)) }];
    },
  },
  {
    name: "resume",
    async play() {
      const target = await newTarget(ticks(1, 5));
      const epoch = await epochOf(target);
      return [{ lastEventId: `3.${epoch}`, serve: (request) => target.fetch(request) }];
    },
  },
  {
    name: "gap",
    async play() {
      const target = await newTarget(ticks(1, 9), {}, 3);
      const epoch = await epochOf(target);
      return [{ lastEventId: `2.${epoch}`, serve: (request) => target.fetch(request) }];
    },
  },
  {
    name: "reset",
    async play() {
      const target = await newTarget(ticks(1, 3));
      const restarted = await newTarget(ticks(11, 12));
      const epoch = await epochOf(target);
      return [{ lastEventId: `3.${epoch}`, serve: (request) => restarted.fetch(request) }];
    },
  },
  {
    name: "other-epoch-while-connected",
    async play() {
      const first = await newTarget(ticks(1, 2));
      const second = await newTarget(ticks(1, 1));
      const epoch = await epochOf(first);
      return [
        { serve: (request) => first.fetch(request) },
        { lastEventId: `2.${epoch}`, serve: (request) => second.fetch(request) },
      ];
    },
  },
  {
    name: "end",
    async play() {
      const target = await newTarget(ticks(1, 1));
      return [
        {
          serve: (request) => target.fetch(request),
          live: () => target.complete({ reason: "done", message: "All parcels are packed." }),
        },
      ];
    },
  },
  {
    name: "trace-with-attempts",
    async play() {
      const target = new SSETarget<SpanEvent>("/sse", undefined, { retryMs: 50 });
      const run = async () => {
        const tracer = new Tracer(target, "run-1");
        await tracer.withSpan({ name: "import", attributes: { "file.name": "orders.csv" } }, async (span) => {
          const load = { name: "load", spanId: "load", kind: "step" } as const;
          const failing = span.withSpan({ ...load, attempt: 1 }, () => Promise.reject(new Error("The file is locked")));
          await failing.catch(() => {});
          await span.withSpan({ ...load, attempt: 2 }, () => {});
        });
        await target.complete();
      };
      return [{ serve: (request) => target.fetch(request), live: run }];
    },
  },
  {
    name: "keep-alive",
    async play() {
      const target = await newTarget(ticks(1, 1));
      return [{ serve: (request) => target.fetch(request), live: () => vi.advanceTimersByTimeAsync(31_000) }];
    },
  },
  {
    name: "multi-line-data",
    async play() {
      const source = async function* () {
        yield "one line";
        yield "two\nlines";
        yield "three\r\nkinds\rof breaks\n";
      };
      return [{ serve: async (request) => sendEvents(request, source).response }];
    },
  },
  {
    name: "closing",
    async play() {
      const target = await newTarget(ticks(1, 1));
      return [{ serve: (request) => target.fetch(request), live: () => target.close({ reconnectSpreadMs: 0 }) }];
    },
  },
];

/** The epoch of a target's history, as its clients see it. */
async function epochOf(target: SSETarget<Tick>): Promise<string> {
  const reader = new SSEReader(await target.fetch(get("/sse")));
  await reader.readCount(1);
  await reader.close();
  return reader.lastCursor?.split(".")[1] ?? "";
}
