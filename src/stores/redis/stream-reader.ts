import type { StreamEvent, StoredEvent } from "../../event/event.ts";
import { SSETargetError } from "../../util/errors.ts";
import type { EventBounds, PageLimits } from "../../store/followable-store.ts";
import type { OriginalDataGuard } from "./original-data.ts";
import { FIND, READ } from "./redis-script.ts";
import { withRetries } from "./retry.ts";
import type { ScriptRunner } from "./script-runner.ts";
import { decodeEvent, epochOf } from "./stored-text.ts";
import type { StreamKeys } from "./stream-keys.ts";

/** A page of events and the bounds of the history it is from, as they were at one moment. */
export interface StreamPage<E extends StreamEvent> extends EventBounds {
  readonly events: readonly StoredEvent<E>[];
}

const NONE: PageLimits = { maxEvents: 0, maxBytes: 1 };
const PAGE: PageLimits = { maxEvents: 1_000, maxBytes: 1024 * 1024 };

/** Reads one stream. Writes nothing. */
export class StreamReader<E extends StreamEvent> {
  readonly #scripts: ScriptRunner;
  readonly #guard: OriginalDataGuard;
  readonly #keys: StreamKeys;
  readonly #isDurable: boolean;
  readonly #retryForMs: number;

  constructor(
    scripts: ScriptRunner,
    guard: OriginalDataGuard,
    keys: StreamKeys,
    isDurable: boolean,
    retryForMs: number,
  ) {
    this.#scripts = scripts;
    this.#guard = guard;
    this.#keys = keys;
    this.#isDurable = isDurable;
    this.#retryForMs = retryForMs;
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data` */
  async readPage(afterId: number, limits: PageLimits = PAGE): Promise<StreamPage<E>> {
    const { events: eventsKey, meta } = this.#keys;
    const args = [String(afterId + 1), String(limits.maxEvents), String(limits.maxBytes)];
    const reply = await this.#run(READ, [eventsKey, meta], args);
    const [epoch = "", run = "", firstId, lastId, ended, from] = reply;
    if (run === "" && !this.#isDurable) {
      throw new SSETargetError(
        "store-unavailable",
        "this Redis does not tell its replication id (`INFO replication`), so what it may have lost cannot be known; pass `durable: true` if it loses nothing that it has acknowledged",
      );
    }
    const events: StoredEvent<E>[] = [];
    for (let index = 6; index + 1 < reply.length; index += 2) {
      events.push(decodeEvent(Number(from) + (index - 6) / 2, reply[index] as string, reply[index + 1] as string));
    }
    return {
      epoch: epochOf(epoch, run, this.#isDurable),
      firstId: Number(firstId),
      lastId: Number(lastId),
      completed: ended !== "",
      events,
    };
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data` */
  readBounds(): Promise<StreamPage<E>> {
    return this.readPage(0, NONE);
  }

  /** @throws SSETargetError `store-unavailable`, `foreign-data` */
  async find(key: string): Promise<StoredEvent<E> | undefined> {
    const { events, meta, keys } = this.#keys;
    const [id, type, data] = await this.#run(FIND, [events, meta, keys], [key]);
    return id === undefined ? undefined : decodeEvent<E>(Number(id), type as string, data as string);
  }

  async #run(script: typeof READ, keys: readonly string[], args: readonly string[]): Promise<readonly string[]> {
    await this.#guard.check();
    return withRetries(() => this.#scripts.run(script, keys, args), this.#retryForMs);
  }
}
