import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listening, obey, type Command } from "../app.ts";

/** `POST /control` for servers that speak Node's request and response. */
export async function nodeControl(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += String(part);
  const answer = await obey(JSON.parse(body) as Command);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

/** Serves on a port of its own and says which. */
export function serve(listener: RequestListener): void {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1", () => listening((server.address() as AddressInfo).port));
}
