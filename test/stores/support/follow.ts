import { LogFollower } from "../../../src/stream/log-follower.ts";
import type { EventLog } from "../../../src/store/event-log.ts";
import type { StreamEvent, StoredEvent } from "../../../src/event/event.ts";

/** Follows a log from its newest event on, as a feed does. Resolves when every later event will be reported. */
export async function follow<E extends StreamEvent>(
  log: EventLog<E>,
  onEvent: (event: StoredEvent<E>) => void,
  onInterrupted: () => void = () => {},
): Promise<LogFollower<E>> {
  const follower = new LogFollower(log, null, {
    isWatched: true,
    onOpened: () => {},
    onEvent,
    onChanged: () => {},
    onInterrupted,
    onError: onInterrupted,
  });
  await follower.open();
  follower.keepChecking();
  return follower;
}
