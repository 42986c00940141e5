import type { ServerSentEvent, StoredEvent } from "../event.ts";
import { SSETargetError } from "../errors.ts";
import { describeValue } from "../options.ts";

/** The event as a store returned it; throws `store-contract` where it has no usable id, which would poison the wire. */
export function checkStored<E extends ServerSentEvent>(event: StoredEvent<E>): StoredEvent<E> {
  if (Number.isSafeInteger(event?.id) && event.id > 0) return event;
  throw new SSETargetError(
    "store-contract",
    `\`storeEvent\` must answer with an event whose \`id\` is a positive whole number, got ${describeValue(event?.id)}`,
  );
}
