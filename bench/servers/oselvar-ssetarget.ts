/** The original, @oselvar/ssetarget 4.0: a target per stream with its memory store, on @hono/node-server. */
import { MemoryEventStore, SSETarget } from "@oselvar/ssetarget";
import type { BenchEvent } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { serveFetch } from "../harness/serve-fetch.ts";
import { streamOf } from "../harness/streams.ts";

await runBenchServer(async () => {
  const targets = new Map<number, SSETarget<BenchEvent>>();
  const targetOf = (stream: number): SSETarget<BenchEvent> => {
    let target = targets.get(stream);
    if (target === undefined) {
      target = new SSETarget<BenchEvent>(`/streams/${stream}/sse`, new MemoryEventStore<BenchEvent>());
      targets.set(stream, target);
    }
    return target;
  };
  return {
    port: await serveFetch((request) => targetOf(streamOf(request.url)).fetch(request)),
    dispatch: async (stream, events) => {
      await Promise.all(events.map((event) => targetOf(stream).dispatchEvent(event)));
    },
    preload: async (events) => {
      for (const event of events) await targetOf(0).dispatchEvent(event);
    },
  };
});
