import type { ServerSentEvent, StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import type { EventBounds, EventSubscription } from "./event-store.ts";

/** What would let an event end its own line of the wire. */
const LINE_BREAKS = /[\r\n\0]/;

/** What a store answered with, if it is a list; throws `store-contract` where it is something else. */
function checkList<T>(list: readonly T[], method: string): readonly T[] {
  if (Array.isArray(list)) return list as readonly T[];
  throw new SSETargetError(
    "store-contract",
    `\`${method}\` must answer with a list of events, got ${describeValue(list)}`,
  );
}

/** What a store answered to `storeEvents`; throws `store-contract` where that is not one stored event for each that it was given. */
export function checkAllStored<E extends ServerSentEvent>(
  stored: readonly StoredEvent<E>[],
  count: number,
): readonly StoredEvent<E>[] {
  if (checkList(stored, "storeEvents").length === count) return stored.map(checkStored);
  throw new SSETargetError(
    "store-contract",
    `\`storeEvents\` must answer with one event for each that it was given, got ${stored.length} for ${count}`,
  );
}

/** The bounds as a store told them; throws `store-contract` where they cannot be true. */
export function checkBounds(bounds: EventBounds): EventBounds {
  const { firstId, lastId, completed } = Object(bounds) as EventBounds;
  const isWhole = Number.isSafeInteger(firstId) && firstId >= 1 && Number.isSafeInteger(lastId) && lastId >= 0;
  if (!isWhole || typeof completed !== "boolean") {
    throw new SSETargetError(
      "store-contract",
      `\`getBounds\` must answer with \`firstId\` of at least 1, \`lastId\` of at least 0 and \`completed\`, got ${describeValue(firstId)}, ${describeValue(lastId)} and ${describeValue(completed)}`,
    );
  }
  return bounds;
}

/** A subscription as a store gave it; throws `store-contract` where it cannot be closed. */
export function checkSubscription(subscription: EventSubscription): EventSubscription {
  if (typeof (subscription as EventSubscription | undefined)?.close === "function") return subscription;
  throw new SSETargetError(
    "store-contract",
    `\`subscribe\` must answer with an object that has a method \`close\`, got ${describeValue(subscription)}`,
  );
}

/** A page as a store returned it; throws `store-contract` where it is not ascending after the cursor. */
export function checkPage<E extends ServerSentEvent>(
  page: readonly StoredEvent<E>[],
  afterId: number,
): readonly StoredEvent<E>[] {
  checkList(page, "getEvents");
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
