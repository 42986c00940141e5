import { END_EVENT_TYPE, GAP_EVENT_TYPE } from "../event/event.ts";
import type { Attempt, Transport } from "./attempt.ts";
import { ConnectionError } from "./connection-error.ts";
import { readByFetch } from "./fetch-stream.ts";
import { ifAllowed } from "../util/if-allowed.ts";

/**
 * The browser's own `EventSource`, for what has no `fetch` that streams:
 * `connect(url, { transport: viaEventSource(["started", "ended"]) })`.
 *
 * It comes back by itself, in its own time, with a cursor of its own. It shows neither comments, so that nobody can see whether a silent connection is
 * alive, nor the status of an answer, and of events only those whose types it was given. Where it is refused, `fetch` is asked why.
 *
 * @param types of the events to hear of, besides `message`, gaps and the end
 */
export function viaEventSource(types: readonly string[]): Transport {
  const all = new Set([...types, "message", GAP_EVENT_TYPE, END_EVENT_TYPE]);
  return async (attempt) => {
    const { method = "GET", token, headers, body } = attempt.options;
    if (method === "GET" && !token && !headers && !body) return read(attempt, all);
    const message = "`EventSource` takes no `method`, `token`, `headers` or `body`; leave `transport` out";
    throw new ConnectionError("invalid-option", message);
  };
}

function read(attempt: Attempt, types: ReadonlySet<string>): Promise<void> {
  const { options, signal } = attempt;
  const url = new URL(options.url);
  const cursor = attempt.cursor();
  if (cursor) url.searchParams.set("lastEventId", cursor);
  const source = ifAllowed(() => new EventSource(url, { withCredentials: options.credentials === "include" }));
  if (!source) return readByFetch(attempt);
  signal.addEventListener("abort", () => source.close());
  source.addEventListener("open", () => attempt.onState("open", 0));
  return new Promise((resolve, reject) => {
    let lastEventId = "";
    const receive = ({ type, data, lastEventId: id }: MessageEvent<string>) => {
      // An event without an id is given the last one again.
      void attempt.onMessages([{ id: id === lastEventId ? undefined : id, type, data }]);
      lastEventId = id;
      // It cannot be paused: it is left, and another one goes on from the cursor.
      if (attempt.isFull())
        reject(new ConnectionError("connection-lost", "paused: too many events wait to be handled"));
    };
    for (const type of types) {
      if (type !== "error") source.addEventListener(type, receive);
    }
    source.addEventListener("error", (event) => {
      // The server may have sent an event of this name.
      if ("data" in event) {
        if (types.has("error")) receive(event as MessageEvent<string>);
      } else if (source.readyState === EventSource.CLOSED) {
        resolve(readByFetch(attempt));
      } else {
        attempt.onState("waiting", 1);
      }
    });
  });
}
