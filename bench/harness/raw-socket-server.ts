import type { Socket } from "node:net";
import { chunk, frameText, type BenchEvent } from "./bench-event.ts";
import { runBenchServer } from "./bench-server.ts";
import { listen } from "./listen.ts";
import { STREAM_HEAD } from "./stream-head.ts";
import { Streams, streamOf } from "./streams.ts";

/**
 * What Node can do at most: the head through `http`, the body as shared buffers on the socket. No back-pressure, no
 * keep-alive, no cursor: what a library does beyond this is its overhead.
 *
 * @param toBuffers the writes of one turn
 */
export function rawSocketServer(toBuffers: (events: readonly BenchEvent[]) => readonly Buffer[]): Promise<void> {
  return runBenchServer(async () => {
    const sockets = new Streams<Socket>();
    let history: Buffer | undefined;
    const port = await listen((request, response) => {
      const { socket } = request;
      const members = sockets.of(streamOf(request.url ?? ""));
      socket.setNoDelay(true);
      response.writeHead(200, STREAM_HEAD);
      response.flushHeaders();
      if (history !== undefined) socket.write(history);
      members.add(socket);
      socket.once("close", () => members.delete(socket));
    });
    return {
      port,
      dispatch: (stream, events) => {
        for (const buffer of toBuffers(events)) for (const socket of sockets.of(stream)) socket.write(buffer);
      },
      preload: (events) => {
        history = chunk(events.map(frameText).join(""));
      },
    };
  });
}
