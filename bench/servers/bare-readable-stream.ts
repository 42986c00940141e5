/** The limit of web streams: a bare `ReadableStream` behind Hono, one `enqueue` of shared bytes per turn. */
import { Hono } from "hono";
import { frameText } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { serveFetch } from "../harness/serve-fetch.ts";
import { STREAM_HEAD } from "../harness/stream-head.ts";
import { Streams } from "../harness/streams.ts";

await runBenchServer(async () => {
  const controllers = new Streams<ReadableStreamDefaultController<Uint8Array>>();
  let history: Buffer | undefined;
  const app = new Hono();
  app.get("/streams/:id/sse", (context) => {
    const members = controllers.of(Number(context.req.param("id")));
    let mine: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        if (history !== undefined) controller.enqueue(history);
        members.add(controller);
      },
      cancel: () => void members.delete(mine),
    });
    return new Response(body, { headers: STREAM_HEAD });
  });
  return {
    port: await serveFetch(app.fetch),
    dispatch: (stream, events) => {
      const bytes = Buffer.from(events.map(frameText).join(""));
      for (const controller of controllers.of(stream)) controller.enqueue(bytes);
    },
    preload: (events) => {
      history = Buffer.from(events.map(frameText).join(""));
    },
  };
});
