import type { StreamEvent } from "../event/event.ts";
import { asEventLog } from "../store/as-event-log.ts";
import type { EventLog, EventStore } from "../store/event-log.ts";

/**
 * What a store may promise beyond appending, reading, bounds and watching. `trim`, `delete` and `close` are methods of
 * the same name.
 *
 * | capability | what it promises |
 * | --- | --- |
 * | `history` | it keeps what is stored; only a store that deliberately keeps nothing lacks it |
 * | `keys` | an event with a key is stored once |
 * | `batches` | several events are appended all or none, next to one another |
 * | `dense-ids` | ids are 1, 2, 3 … without holes |
 * | `retention` | of more than `maxEvents` events it drops the oldest by itself |
 * | `trim`, `delete` | it drops the oldest events, or the whole stream, on request |
 * | `close` | it can be closed |
 * | `streams` | several streams can be open at once and do not see one another's events |
 * | `shared` | two stores over one stream, as in two processes, see what the other stores |
 * | `persistent` | a store that is opened again over the same stream finds what was there |
 */
export type StoreCapability =
  | "history"
  | "keys"
  | "batches"
  | "dense-ids"
  | "retention"
  | "trim"
  | "delete"
  | "close"
  | "streams"
  | "shared"
  | "persistent";

/** What the kit stores. */
export interface KitEvent extends StreamEvent {
  readonly [field: string]: unknown;
}

export interface MakeStoreOptions {
  /** The stream's name, any Unicode; the same name again asks for another store over that stream. @defaultValue an unused one */
  readonly stream?: string;
  /** How many events to retain. Passed only if `retention` was declared. @defaultValue the store's own */
  readonly maxEvents?: number;
  /** Asks for a store in another process, if the harness has one. */
  readonly isElsewhere?: boolean;
}

/** Opens a store for the kit: a whole log, or a store with two methods. The kit closes those that have a `close`. */
export type MakeStore = (
  options?: MakeStoreOptions,
) => EventLog<KitEvent> | EventStore<KitEvent> | Promise<EventLog<KitEvent> | EventStore<KitEvent>>;

/** One thing that a store has to do. */
export interface StoreCase {
  /** A sentence, usable as the name of a test. */
  readonly title: string;
  /** The section of PROTOCOL.md that requires it. */
  readonly section: string;
  /** What it needs that was not declared: a case with any of these does not apply. */
  readonly undeclared: readonly StoreCapability[];
  /** Rejects with a {@link ConformanceError} if the store does something else. */
  readonly run: (makeStore: MakeStore) => Promise<void>;
}

/** Opens stores within one case; `stream` defaults to the case's own. */
export type OpenStore = (options?: MakeStoreOptions) => Promise<EventLog<KitEvent>>;

/** A case as the files beside this one define them. */
export interface CaseDefinition {
  readonly title: string;
  readonly section: string;
  readonly needs: readonly StoreCapability[];
  readonly check: (open: OpenStore, can: (capability: StoreCapability) => boolean) => Promise<void>;
}

/** A store broke its contract. The message says what was expected and what was seen. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

/** Runs a definition, and closes what it has opened. */
export async function runCase(
  { check }: CaseDefinition,
  declared: ReadonlySet<StoreCapability>,
  makeStore: MakeStore,
): Promise<void> {
  const opened: EventLog<KitEvent>[] = [];
  const own = freshName();
  const open: OpenStore = async (options) => {
    const log = asEventLog(await makeStore({ stream: own, ...options }), null);
    opened.push(log);
    return log;
  };
  try {
    await check(open, (capability) => declared.has(capability));
  } finally {
    for (const log of opened) await log.close?.();
  }
}

/** A stream's name that was never used. */
export function freshName(): string {
  return `kit-${crypto.randomUUID()}`;
}
