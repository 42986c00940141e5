/** Plain Node as most would write it: `response.write` of a shared buffer; `http` frames it for each connection. */
import type { ServerResponse } from "node:http";
import { frameText } from "../harness/bench-event.ts";
import { runBenchServer } from "../harness/bench-server.ts";
import { listen } from "../harness/listen.ts";
import { STREAM_HEAD } from "../harness/stream-head.ts";
import { Streams, streamOf } from "../harness/streams.ts";

await runBenchServer(async () => {
  const responses = new Streams<ServerResponse>();
  let history: Buffer | undefined;
  const port = await listen((request, response) => {
    const members = responses.of(streamOf(request.url ?? ""));
    request.socket.setNoDelay(true);
    response.writeHead(200, STREAM_HEAD);
    response.flushHeaders();
    if (history !== undefined) response.write(history);
    members.add(response);
    response.once("close", () => members.delete(response));
  });
  return {
    port,
    dispatch: (stream, events) => {
      for (const event of events) {
        const frame = Buffer.from(frameText(event));
        for (const response of responses.of(stream)) response.write(frame);
      }
    },
    preload: (events) => {
      history = Buffer.from(events.map(frameText).join(""));
    },
  };
});
