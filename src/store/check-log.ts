import type { StreamEvent, StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import type { EventBounds, LogWatch } from "./event-log.ts";

/** Line breaks, which would let an event's type end its own line on the wire. */
const LINE_BREAKS = /[\r\n\0]/;
const EPOCH = /^[A-Za-z0-9_-]{1,64}$/;

/** One stored event. @throws SSETargetError `store-contract` if its id or type would corrupt the wire */
export function checkStored<E extends StreamEvent>(event: StoredEvent<E>): StoredEvent<E> {
  if (!Number.isSafeInteger(event?.id) || event.id <= 0) {
    throw broken(`a stored event must have a positive whole number as its \`id\`, got ${describeValue(event?.id)}`);
  }
  if (typeof event.type !== "string" || LINE_BREAKS.test(event.type)) {
    throw broken(`event ${event.id} must come back with the \`type\` it had, got ${describeValue(event.type)}`);
  }
  return event;
}

/** What an append returned. @throws SSETargetError `store-contract` unless it is one stored event for each given one */
export function checkAppended<E extends StreamEvent>(
  stored: readonly StoredEvent<E>[],
  count: number,
): readonly StoredEvent<E>[] {
  checkList(stored, "append");
  if (stored.length !== count) {
    throw broken(`\`append\` must return one event for each that it was given, got ${stored.length} for ${count}`);
  }
  for (const event of stored) checkStored(event);
  return stored;
}

/** A page of history. @throws SSETargetError `store-contract` unless it ascends from `afterId` */
export function checkPage<E extends StreamEvent>(
  page: readonly StoredEvent<E>[],
  afterId: number,
): readonly StoredEvent<E>[] {
  checkList(page, "read");
  let lastId = afterId;
  for (const event of page) {
    if (checkStored(event).id <= lastId) {
      throw broken(`events must be read in ascending order after the requested id, got ${event.id} after ${lastId}`);
    }
    lastId = event.id;
  }
  return page;
}

/** The bounds. @throws SSETargetError `store-contract` if they cannot be true */
export function checkBounds(bounds: EventBounds): EventBounds {
  const { firstId, lastId, completed, epoch } = Object(bounds) as EventBounds;
  const isWhole = Number.isSafeInteger(firstId) && firstId >= 1 && Number.isSafeInteger(lastId) && lastId >= 0;
  if (!isWhole || typeof completed !== "boolean") {
    throw broken(
      `\`bounds\` must return \`firstId\` of at least 1, \`lastId\` of at least 0 and \`completed\`, got ${describeValue(firstId)}, ${describeValue(lastId)} and ${describeValue(completed)}`,
    );
  }
  if (epoch !== undefined && !(typeof epoch === "string" && EPOCH.test(epoch))) {
    throw broken(`the epoch must be 1 to 64 letters, digits, "_" or "-", got ${describeValue(epoch)}`);
  }
  return bounds;
}

/** A watch. @throws SSETargetError `store-contract` if it cannot be closed */
export function checkWatch(watch: LogWatch): LogWatch {
  if (typeof (watch as LogWatch | undefined)?.close === "function") return watch;
  throw broken(`\`watch\` must return an object with a method \`close\`, got ${describeValue(watch)}`);
}

function checkList(list: unknown, method: string): void {
  if (!Array.isArray(list)) throw broken(`\`${method}\` must return a list of events, got ${describeValue(list)}`);
}

function broken(message: string): SSETargetError {
  return new SSETargetError("store-contract", message);
}
