/** The least of a load balancer: hands each request to the next server in turn, and to another where one does not answer. */
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";

const port = Number(process.env["PORT"] ?? 9879);
const upstreams = (process.env["UPSTREAMS"] ?? "9880,9881,9882").split(",").map(Number);
let next = 0;

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer, triesLeft: number): void {
  const upstream = upstreams[next++ % upstreams.length];
  const { method, url, headers } = request;
  const outgoing = ask({ host: "127.0.0.1", port: upstream, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // An event stream must not wait for more: what arrives is passed on at once.
    response.flushHeaders();
    answer.pipe(response);
    // A server that dies in the middle of a stream ends it for the client, which comes again, to another.
    answer.on("error", () => response.destroy());
    answer.on("aborted", () => response.destroy());
  });
  outgoing.on("error", () => {
    if (response.headersSent) response.destroy();
    else if (triesLeft > 0) forward(request, response, body, triesLeft - 1);
    else response.writeHead(502).end("No server answers.\n");
  });
  response.on("close", () => outgoing.destroy());
  outgoing.end(body);
}

createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => forward(request, response, Buffer.concat(parts), upstreams.length));
}).listen(port, "127.0.0.1", () => console.log(`the proxy listens on ${port}`));
