import type { ServerSentEvent } from "../event/event.ts";
import { isClosable, type EventStore } from "../store/event-store.ts";

/**
 * What a store may be able to do beside `storeEvent`. The first seven are methods of the contract, the others are promises.
 *
 * | capability | what it promises |
 * | --- | --- |
 * | `append`, `page`, `follow`, `bounds`, `trim`, `keys`, `close` | `storeEvents`, `getEventsPage`, `subscribe`, `getBounds`, `trim`, `getEventByKey`, `close` |
 * | `history` | it keeps what is stored and `getEvents` answers with it; only a store that forgets on purpose lacks it |
 * | `dense-ids` | ids are 1, 2, 3 … without holes |
 * | `retention` | of more than `maxEvents` events it forgets the oldest by itself |
 * | `streams` | stores of several streams can be open at once and do not see one another's events |
 * | `shared` | two stores over one stream, as in two processes, see what the other stores |
 * | `persistent` | a store that is opened again over the same stream finds what was there |
 */
export type StoreCapability =
  | "append"
  | "page"
  | "follow"
  | "bounds"
  | "trim"
  | "keys"
  | "close"
  | "history"
  | "dense-ids"
  | "retention"
  | "streams"
  | "shared"
  | "persistent";

/** What the kit stores. */
export interface KitEvent extends ServerSentEvent {
  readonly [field: string]: unknown;
}

export interface MakeStoreOptions {
  /** The stream's name, any Unicode; the same name again: another store over the same stream. @defaultValue one that was never used */
  readonly stream?: string;
  /** How many events the store shall retain. Given only where `retention` was declared. @defaultValue the store's own */
  readonly maxEvents?: number;
  /** Where this can be had, a store that lives in another process. */
  readonly isElsewhere?: boolean;
}

/** Opens a store for the kit. Stores that have a `close` are closed by the kit. */
export type MakeStore = (options?: MakeStoreOptions) => EventStore<KitEvent> | Promise<EventStore<KitEvent>>;

/** One thing that a store has to do. */
export interface StoreCase {
  /** In the words of a specification, as the name of a test. */
  readonly title: string;
  /** The section of PROTOCOL.md that asks for it. */
  readonly section: string;
  /** What it takes that was not declared: a case with any of these does not apply. */
  readonly undeclared: readonly StoreCapability[];
  /** Rejects with a {@link ConformanceError} where the store does something else. */
  readonly run: (makeStore: MakeStore) => Promise<void>;
}

/** Opens stores within one case; `stream` defaults to the case's own, and the harness is asked for no more than it declared. */
export type OpenStore = (options?: MakeStoreOptions) => Promise<EventStore<KitEvent>>;

/** A case as the files beside this one define them. */
export interface CaseDefinition {
  readonly title: string;
  readonly section: string;
  readonly needs: readonly StoreCapability[];
  readonly check: (open: OpenStore, can: (capability: StoreCapability) => boolean) => Promise<void>;
}

/** A store did not do what its contract says. The message says what was expected and what was seen. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

/** Runs a definition, and closes what it has opened. */
export async function runCase(
  { check }: CaseDefinition,
  declared: ReadonlySet<StoreCapability>,
  makeStore: MakeStore,
): Promise<void> {
  const opened: EventStore<KitEvent>[] = [];
  const own = freshName();
  const open: OpenStore = async (options) => {
    const store = await makeStore({ stream: own, ...options });
    opened.push(store);
    return store;
  };
  try {
    await check(open, (capability) => declared.has(capability));
  } finally {
    for (const store of opened) if (isClosable(store)) await store.close();
  }
}

/** A stream's name that nobody has used. */
export function freshName(): string {
  return `kit-${crypto.randomUUID()}`;
}
