import type { ServerSentEvent, StoredEvent } from "../event.ts";
import { SSETargetError } from "../errors.ts";
import { describeValue } from "../options.ts";

/** What would let an event end its own line of the wire. */
const LINE_BREAKS = /[\r\n\0]/;

/** A page as a store returned it; throws `store-contract` where it is not ascending after the cursor. */
export function checkPage<E extends ServerSentEvent>(
  page: readonly StoredEvent<E>[],
  afterId: number,
): readonly StoredEvent<E>[] {
  let lastId = afterId;
  for (const event of page) {
    if (checkStored(event).id <= lastId) {
      throw new SSETargetError(
        "store-contract",
        `a store must answer with events of ascending ids after the one asked for, got ${event.id} after ${lastId}`,
      );
    }
    lastId = event.id;
  }
  return page;
}

/** The event as a store returned it; throws `store-contract` where it has no usable id, which would poison the wire. */
export function checkStored<E extends ServerSentEvent>(event: StoredEvent<E>): StoredEvent<E> {
  if (Number.isSafeInteger(event?.id) && event.id > 0) {
    if (typeof event.type === "string" && !LINE_BREAKS.test(event.type)) return event;
    throw new SSETargetError(
      "store-contract",
      `a store must give back events with the \`type\` they had, got ${describeValue(event.type)} for event ${event.id}`,
    );
  }
  throw new SSETargetError(
    "store-contract",
    `\`storeEvent\` must answer with an event whose \`id\` is a positive whole number, got ${describeValue(event?.id)}`,
  );
}
