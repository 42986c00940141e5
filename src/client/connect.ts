import type { StreamEvent } from "../event/event.ts";
import type { UnknownEvent } from "./client-event.ts";
import { resolveOptions, type ConnectOptions } from "./connect-options.ts";
import type { EventConnection } from "./event-connection.ts";
import { createConnection } from "./live-connection.ts";

/**
 * Follows a stream of events: connects, comes back after whatever happened with its cursor, and hands over each event once.
 * Connecting begins once the caller has returned to its event loop, so listeners that are added at once miss nothing.
 *
 * ```ts
 * const connection = connect<SpanEvent>("/runs/run-1/sse");
 * connection.addEventListener("*", (event) => console.log(event));
 * ```
 * @param url absolute, or relative to the page's address; where there is no page, a relative one needs a `fetch` that understands it
 * @throws SSETargetError `invalid-option`
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function connect<E extends StreamEvent = UnknownEvent>(
  url: string | URL,
  options?: ConnectOptions,
): EventConnection<E> {
  // What is received has the form that its server gives it; nobody can check that here.
  return createConnection(resolveOptions(url, options)) as unknown as EventConnection<E>;
}
