/** @fastify/sse 0.6: `reply.sse.send` to each client, as its README shows. */
import fastifySse from "@fastify/sse";
import fastify, { type FastifyPluginAsync } from "fastify";
import type { BenchEvent } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { BACKLOG, portOf } from "../harness/listen.ts";
import { Streams } from "../harness/streams.ts";

/** `reply.sse`: its own types and those of fastify-sse-v2, which declare the same property, exclude each other. */
interface SseReply {
  keepAlive(): void;
  sendHeaders(): void;
  send(message: unknown): Promise<void>;
  onClose(callback: () => void): void;
}

const message = ({ n, t, text }: BenchEvent) => ({ id: String(n), event: "bench", data: { n, t, text } });

await runBenchServer(async () => {
  const replies = new Streams<SseReply>();
  let history: readonly BenchEvent[] = [];
  const app = fastify();
  await app.register(fastifySse as unknown as FastifyPluginAsync);
  app.get<{ Params: { id: string } }>("/streams/:id/sse", { sse: "only" } as object, async (request, reply) => {
    const members = replies.of(Number(request.params.id));
    const { sse } = reply as unknown as { readonly sse: SseReply };
    sse.keepAlive();
    sse.sendHeaders();
    reply.raw.flushHeaders();
    for (const event of history) await sse.send(message(event));
    members.add(sse);
    sse.onClose(() => void members.delete(sse));
  });
  await app.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG });
  return {
    port: await portOf(app.server),
    dispatch: (stream, events) => {
      for (const event of events) {
        const sent = message(event);
        for (const sse of replies.of(stream)) sse.send(sent).catch(() => {});
      }
    },
    preload: (events) => {
      history = events;
    },
  };
});
