import type { IncomingMessage, ServerResponse } from "node:http";
import { answer } from "./handler.ts";
import { nodeRequestHead } from "./request-head.ts";
import { beginEvents, type SendEventsArguments, type SendEventsOptions } from "../per-request/send-events.ts";
import type { ServerSentEventTarget } from "../per-request/target.ts";
import type { Source } from "../util/source-reader.ts";

/**
 * The same as `sendEvents` of `ssetarget` with Node's request and response: the answer goes to the response.
 *
 * ```ts
 * createServer((request, response) => {
 *   const target = sendEvents(request, response);
 *   target.dispatchMessage({ hello: "world" });
 * }).listen(8080);
 * ```
 * @throws SSETargetError `invalid-option`
 */
export function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  options?: SendEventsOptions,
): ServerSentEventTarget;
export function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  source: Source<unknown>,
  options?: SendEventsOptions,
): ServerSentEventTarget;
export function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  ...rest: SendEventsArguments
): ServerSentEventTarget {
  return beginEvents(nodeRequestHead(request), rest, (opening, headers) => {
    const cookies = headers.getSetCookie();
    if (cookies.length > 0) response.appendHeader("set-cookie", cookies);
    answer(request, response, opening);
  });
}
