import { SSEHub, SSETarget } from "../../dist/index.js";
import type { RequestHandler } from "../../dist/node/handler.js";
import type { BenchEvent } from "./bench-event.ts";
import type { BenchOptions, BenchServer } from "./bench-server.ts";

/** This library behind whichever door: what a server needs to serve it, and what the runner's commands come down to. */
export interface TargetSource extends Pick<BenchServer, "dispatch" | "preload"> {
  readonly target: RequestHandler & { fetch(request: Request): Promise<Response> };
}

/** A target with its defaults (so with a memory store and keep-alive comments); a hub where there are many streams. */
export function targetSource({ streams }: BenchOptions): TargetSource {
  if (streams > 1) return hubSource();
  const target = new SSETarget<BenchEvent>("/streams/0/sse");
  return {
    target,
    dispatch: (_stream, events) => {
      for (const event of events) target.dispatchEvent(event).catch(fail);
    },
    preload: async (events) => void (await target.dispatchEvents(events)),
  };
}

/** A hub with its defaults. */
export function hubSource(): TargetSource {
  const hub = new SSEHub<BenchEvent>("/streams/:id/sse");
  return {
    target: hub,
    dispatch: (stream, events) => {
      const target = hub.stream(String(stream));
      for (const event of events) target.dispatchEvent(event).catch(fail);
    },
    preload: async (events) => void (await hub.stream("0").dispatchEvents(events)),
  };
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
