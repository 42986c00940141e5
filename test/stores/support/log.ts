import type { StreamEvent, StoredEvent } from "ssetarget";
import type { EventLog, PageLimits } from "ssetarget/store";

/** The limits of a page that holds everything. */
export const ALL: PageLimits = { maxEvents: 1_000_000, maxBytes: 1_000_000_000 };

/** Appends one event. */
export async function put<E extends StreamEvent>(log: EventLog<E>, event: E): Promise<StoredEvent<E>> {
  return (await log.append([event]))[0] as StoredEvent<E>;
}
