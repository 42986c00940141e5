/** A minimal load balancer: sends each request to the next server in turn, or to another if that one does not answer. */
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";

const port = Number(process.env["PORT"] ?? 9879);
const upstreams = (process.env["UPSTREAMS"] ?? "9880,9881,9882").split(",").map(Number);
let next = 0;

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer, triesLeft: number): void {
  const upstream = upstreams[next++ % upstreams.length];
  const { method, url, headers } = request;
  const outgoing = ask({ host: "127.0.0.1", port: upstream, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // Do not buffer event streams: pass data on as it arrives.
    response.flushHeaders();
    answer.pipe(response);
    // If a server dies during a stream, end it; the client then reconnects to another server.
    answer.on("error", () => response.destroy());
    answer.on("aborted", () => response.destroy());
  });
  outgoing.on("error", () => {
    if (response.headersSent) response.destroy();
    else if (triesLeft > 0) forward(request, response, body, triesLeft - 1);
    else response.writeHead(502).end("No server is available.\n");
  });
  response.on("close", () => outgoing.destroy());
  outgoing.end(body);
}

createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => forward(request, response, Buffer.concat(parts), upstreams.length));
}).listen(port, "127.0.0.1", () => console.log(`the proxy listens on ${port}`));
