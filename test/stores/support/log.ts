import type { EventLog, PageLimits, ServerSentEvent, StoredEvent } from "ssetarget";

/** The limits of a page that holds everything. */
export const ALL: PageLimits = { maxEvents: 1_000_000, maxBytes: 1_000_000_000 };

/** Appends one event. */
export async function put<E extends ServerSentEvent>(log: EventLog<E>, event: E): Promise<StoredEvent<E>> {
  return (await log.append([event]))[0] as StoredEvent<E>;
}
