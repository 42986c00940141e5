import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What the server does with one request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly response: ServerResponse;
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
}

/** A server that answers the first request with the first answer, and so on; the last answer is given again and again. It ends with the test. */
export async function serve(...answers: readonly Answer[]): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      requests.push({ method, path, headers, body, response });
      (answers[requests.length - 1] ?? answers.at(-1))?.(response, request);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`, requests };
}

/** The stream, whole: what is given, and then the end of the response. */
export function streamOf(...chunks: readonly (string | Uint8Array)[]): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunks) response.write(chunk);
    response.end();
  };
}

/** The same, and the response stays open. */
export function openStreamOf(...chunks: readonly (string | Uint8Array)[]): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    for (const chunk of chunks) response.write(chunk);
  };
}

/** The same answer of a server of ours: its ids are cursors. */
export function ours(answer: Answer): Answer {
  return (response, request) => answer(response.setHeader("ssetarget-stream", "name"), request);
}

export function statusOf(status: number, headers: Readonly<Record<string, string>> = {}, body = ""): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** The connection breaks before there is an answer. */
export const breakOff: Answer = (response) => void response.destroy();

/** What follows the last event of a stream that was completed. */
export const over = statusOf(204);

/** An event as it stands on the wire. */
export function frame(
  id: string | number,
  data: object = { n: Number.parseInt(String(id), 10) },
  type = "tick",
): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
