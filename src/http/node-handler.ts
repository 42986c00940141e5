import type { IncomingMessage, ServerResponse } from "node:http";
import { SSETargetError } from "../errors.ts";
import { describeValue } from "../options.ts";
import type { Admission } from "./endpoint.ts";
import { nodeRequestHead } from "./node-request-head.ts";
import { NodeSink } from "./node-sink.ts";
import { NodeSocketSink, socketOf } from "./node-socket-sink.ts";
import type { RequestHead } from "./request-head.ts";

/** What a handler serves: a target, a hub, or anything else that admits requests. */
export interface Admitting {
  admit(head: RequestHead): Promise<Admission>;
}

/**
 * A request listener for `node:http`, `node:https` and whatever stands on them. It answers every request it is given:
 * route to it only what is the target's or the hub's.
 *
 * ```ts
 * createServer(toNodeHandler(target)).listen(8080);
 * ```
 * @throws SSETargetError `invalid-option`
 */
export function toNodeHandler(target: Admitting): (request: IncomingMessage, response: ServerResponse) => void {
  if (typeof (target as Admitting | undefined)?.admit !== "function") {
    throw new SSETargetError(
      "invalid-option",
      `\`target\` must be an SSETarget, an SSEHub or something else with \`admit\`, got ${describeValue(target)}`,
    );
  }
  return (request, response) => {
    target.admit(nodeRequestHead(request)).then(
      (admission) => answer(request, response, admission),
      () => {
        if (!response.headersSent) response.writeHead(500);
        response.end();
      },
    );
  };
}

/** Does what was decided about a request. */
export function answer(request: IncomingMessage, response: ServerResponse, admission: Admission): void {
  if (response.destroyed) return;
  if (admission.kind === "reply") {
    response.writeHead(admission.status, admission.headers);
    response.end(request.method === "HEAD" ? undefined : (admission.body ?? undefined));
    return;
  }
  const { socket } = request;
  // Small writes must leave at once; a stream may be silent for longer than a socket's idle time.
  socket.setNoDelay(true);
  socket.setTimeout(0);
  response.writeHead(200, admission.headers);
  // The head and the first bytes leave in one packet.
  socket.cork();
  response.flushHeaders();
  const direct = socketOf(response);
  admission.connect(direct === undefined ? new NodeSink(response) : new NodeSocketSink(response, direct));
  socket.uncork();
}
