/** better-sse 0.16: a session per client, a channel per stream, `channel.broadcast`; history by `session.batch`. */
import { createChannel, createSession, type Channel } from "better-sse";
import type { BenchEvent } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { listen } from "../harness/listen.ts";
import { streamOf } from "../harness/streams.ts";

await runBenchServer(async () => {
  const channels = new Map<number, Channel>();
  let history: readonly BenchEvent[] = [];
  const channelOf = (stream: number): Channel => {
    let channel = channels.get(stream);
    if (channel === undefined) channels.set(stream, (channel = createChannel()));
    return channel;
  };
  const port = await listen(async (request, response) => {
    const session = await createSession(request, response);
    if (history.length > 0) {
      await session.batch((buffer) => {
        for (const { n, t, text } of history) buffer.push({ n, t, text }, "bench", String(n));
      });
    }
    channelOf(streamOf(request.url ?? "")).register(session);
  });
  return {
    port,
    dispatch: (stream, events) => {
      const channel = channelOf(stream);
      for (const { n, t, text } of events) channel.broadcast({ n, t, text }, "bench", { eventId: String(n) });
    },
    preload: (events) => {
      history = events;
    },
  };
});
