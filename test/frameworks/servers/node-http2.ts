import { createServer } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "ssetarget/node";
import { hub, listening } from "../app.ts";
import { nodeControl } from "./node-control.ts";

const handle = toNodeHandler(hub);
const server = createServer((http2Request, http2Response) => {
  // Node's compatibility API: the same for what is used of it.
  const [request, response] = [http2Request as unknown as IncomingMessage, http2Response as unknown as ServerResponse];
  if (request.url === "/control") void nodeControl(request, response);
  else void handle(request, response);
});
server.listen(0, "127.0.0.1", () => listening((server.address() as AddressInfo).port));
