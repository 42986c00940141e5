/** Hono's streamSSE on @hono/node-server: `stream.writeSSE` to each client; it takes text, which is made once per event. */
import { Hono } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { dataText, type BenchEvent } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { serveFetch } from "../harness/serve-fetch.ts";
import { Streams } from "../harness/streams.ts";

const message = (event: BenchEvent) => ({ id: String(event.n), event: "bench", data: dataText(event) });

await runBenchServer(async () => {
  const members = new Streams<SSEStreamingApi>();
  let history: readonly ReturnType<typeof message>[] = [];
  const app = new Hono();
  app.get("/streams/:id/sse", (context) =>
    streamSSE(context, async (stream) => {
      const mine = members.of(Number(context.req.param("id")));
      // Its handler must not return while the stream shall stay open.
      const aborted = new Promise<void>((resolve) => {
        stream.onAbort(() => {
          mine.delete(stream);
          resolve();
        });
      });
      for (const each of history) await stream.writeSSE(each);
      mine.add(stream);
      await aborted;
    }),
  );
  return {
    port: await serveFetch(app.fetch),
    dispatch: (stream, events) => {
      for (const event of events) {
        const sent = message(event);
        for (const each of members.of(stream)) each.writeSSE(sent).catch(() => {});
      }
    },
    preload: (events) => {
      history = events.map(message);
    },
  };
});
