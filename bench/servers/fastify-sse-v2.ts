/** fastify-sse-v2 4.2: `reply.sse` to each client; it takes text, which is made once per event. */
import fastify, { type FastifyReply } from "fastify";
import { FastifySSEPlugin } from "fastify-sse-v2";
import { dataText, type BenchEvent } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { BACKLOG, portOf } from "../harness/listen.ts";
import { Streams } from "../harness/streams.ts";

const message = (event: BenchEvent) => ({ id: String(event.n), event: "bench", data: dataText(event) });

await runBenchServer(async () => {
  const replies = new Streams<FastifyReply>();
  let history: readonly ReturnType<typeof message>[] = [];
  const app = fastify();
  await app.register(FastifySSEPlugin);
  app.get<{ Params: { id: string } }>("/streams/:id/sse", (request, reply) => {
    const members = replies.of(Number(request.params.id));
    // The first call sends the head.
    reply.sse({ comment: "hello" });
    for (const each of history) reply.sse(each);
    members.add(reply);
    request.raw.socket.once("close", () => members.delete(reply));
  });
  await app.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG });
  return {
    port: await portOf(app.server),
    dispatch: (stream, events) => {
      for (const event of events) {
        const sent = message(event);
        for (const reply of replies.of(stream)) reply.sse(sent);
      }
    },
    preload: (events) => {
      history = events.map(message);
    },
  };
});
