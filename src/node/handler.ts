import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import type { Handled } from "../http/handled.ts";
import { beginLast, isDropped, turnOf } from "./pipeline.ts";
import { nodeRequestHead } from "./request-head.ts";
import { isGone, NodeSink } from "./sink.ts";
import { NodeSocketSink, socketOf } from "./socket-sink.ts";
import type { RequestHead } from "../http/request-head.ts";
import { NOBODY, type Sink } from "../http/sink.ts";

/** What a handler serves: a target, a hub, or anything else that admits requests. */
export interface RequestHandler {
  handle(head: RequestHead): Promise<Handled>;
}

/**
 * A request listener for `node:http`, `node:https` and whatever stands on them. It answers every request it is given:
 * route to it only what is the target's or the hub's.
 *
 * ```ts
 * createServer(toNodeHandler(target)).listen(8080);
 * ```
 *
 * What the listener returns resolves when the response is over, and never rejects. A response whose head somebody else has
 * sent is left alone.
 * @throws SSETargetError `invalid-option`
 */
export function toNodeHandler(
  target: RequestHandler,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  if (typeof (target as RequestHandler | undefined)?.handle !== "function") {
    throw new SSETargetError(
      "invalid-option",
      `\`target\` must be an SSETarget, an SSEHub or something else with \`handle\`, got ${describeValue(target)}`,
    );
  }
  return (request, response) =>
    new Promise((resolve) => {
      void handle(target, request, response).then(() => onOver(response, resolve));
    });
}

/** Answers a request, and has let go of all that decided about it when its stream has begun. Never rejects. */
async function handle(target: RequestHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const turn = turnOf(request, response);
    if (turn !== undefined && !(await turn)) return;
    if (isTaken(response)) return;
    // A middleware may go on writing to a response that is over; nobody else would hear of the error.
    response.on("error", ignore);
    // Nobody reads a body. While one waits, `http` does not read on, and would not see that the client has left.
    if (!request.complete) request.resume?.();
    answer(request, response, await target.handle(nodeRequestHead(request)));
  } catch {
    breakOff(response);
  }
}

function ignore(): void {}

/** Does what was decided about a request, unless somebody else has answered it. */
export function answer(request: IncomingMessage, response: ServerResponse, handled: Handled): void {
  if (handled.kind === "stream") {
    stream(request, response, handled);
  } else if (!isTaken(response)) {
    removeLength(response);
    response.writeHead(handled.status, handled.headers);
    response.end(request.method === "HEAD" ? undefined : (handled.body ?? undefined));
  }
}

function stream(request: IncomingMessage, response: ServerResponse, handled: Handled & { kind: "stream" }): void {
  // Over HTTP/1.1 nothing can follow a stream, so nothing shall be sent after it.
  const isHttp1 = request.httpVersionMajor < 2;
  const socket = response.socket instanceof Socket && isHttp1 ? response.socket : undefined;
  let sink: Sink = NOBODY;
  try {
    if (isTaken(response) || isDropped(request, response)) return;
    if (isHttp1) beginLast(request);
    removeLength(response);
    response.writeHead(200, isHttp1 ? { ...handled.headers, connection: "close" } : { ...handled.headers });
    // Small writes must leave at once; a stream may be silent for longer than a socket's idle time.
    socket?.setNoDelay(true);
    (socket ?? request.socket)?.setTimeout?.(0);
    // The head and the first bytes leave in one packet.
    socket?.cork();
    response.flushHeaders?.();
    const direct = socketOf(response);
    sink = direct === undefined ? new NodeSink(response) : new NodeSocketSink(response, direct);
  } finally {
    // With nobody as well: what was made for this client alone can go.
    handled.connect(sink);
    socket?.uncork();
  }
}

/** A middleware may have set a length, for a body of its own. */
function removeLength(response: ServerResponse): void {
  if (response.hasHeader?.("content-length")) response.removeHeader("content-length");
}

/** Whether the response is somebody else's by now, or nobody's. */
function isTaken(response: ServerResponse): boolean {
  return response.headersSent || response.writableEnded || isGone(response);
}

/** What was to be sent could not be: a middleware's `writeHead` threw, or `handle` rejected. */
function breakOff(response: ServerResponse): void {
  try {
    if (response.headersSent) {
      response.destroy();
    } else {
      response.writeHead(500);
      response.end();
    }
  } catch {
    try {
      response.destroy();
    } catch {
      // There is nothing left that could be done to it.
    }
  }
}

/** Calls back when nothing more will be sent. */
function onOver(response: ServerResponse, callback: () => void): void {
  if (isGone(response) || response.closed || response.writableFinished) {
    callback();
    return;
  }
  // `once` would cost more memory, for as long as a stream lasts.
  response.on("close", callback);
  // What imitates a response may not close.
  if (!(response.socket instanceof Socket)) response.on("finish", callback);
}
