import type { StreamEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import type { EventLog, EventStore } from "./event-log.ts";
import { EventStoreLog } from "./event-store-log.ts";

/**
 * The log of whatever store an application passes in.
 *
 * @param timeoutMs limits each call of a store with two methods; `null`: no limit.
 * @throws SSETargetError `invalid-option`
 */
export function asEventLog<E extends StreamEvent>(
  store: EventStore<E> | EventLog<E>,
  timeoutMs: number | null,
): EventLog<E> {
  if (hasAll(store, ["append", "read", "bounds", "watch"])) return store as EventLog<E>;
  if (hasAll(store, ["storeEvent", "getEvents"])) return new EventStoreLog(store as EventStore<E>, timeoutMs);
  throw new SSETargetError(
    "invalid-option",
    `\`store\` must have the methods \`storeEvent\` and \`getEvents\`, or those of an \`EventLog\`, got ${describeValue(store)}; leave it out for a memory store`,
  );
}

function hasAll(store: unknown, methods: readonly string[]): boolean {
  const own = store as Readonly<Record<string, unknown>> | null | undefined;
  return methods.every((method) => typeof own?.[method] === "function");
}
