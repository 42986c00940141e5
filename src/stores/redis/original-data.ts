import { SSETargetError } from "../../util/errors.ts";
import type { RedisConnection } from "./client.ts";
import { isFinal, withRetries } from "./retry.ts";

/**
 * Guard against the data of `@oselvar/ssetarget`, which keeps its events in a sorted set `<prefix>:events`: a store over
 * that prefix would show none of them, and one over a prefix in braces would delete them. Checks once, before the first
 * command.
 */
export class OriginalDataGuard {
  readonly #connection: RedisConnection;
  readonly #keys: readonly string[];
  readonly #retryForMs: number;
  #checked: Promise<void> | undefined;

  /** @param eventsKey where this store keeps its events: the original has the same key for a prefix in braces */
  constructor(connection: RedisConnection, prefix: string, eventsKey: string, retryForMs: number) {
    this.#connection = connection;
    this.#keys = [`${prefix}:events`, eventsKey];
    this.#retryForMs = retryForMs;
  }

  /** @throws SSETargetError `foreign-data`, `store-unavailable` */
  check(): Promise<void> {
    this.#checked ??= this.#check().catch((error: unknown) => {
      // The data may be moved away, and Redis may come back.
      this.#checked = undefined;
      throw error;
    });
    return this.#checked;
  }

  async #check(): Promise<void> {
    const found = await Promise.all(this.#keys.map((key) => this.#holdsOriginalEvents(key)));
    const key = this.#keys[found.indexOf(true)];
    if (key === undefined) return;
    throw new SSETargetError(
      "foreign-data",
      `Redis has events of @oselvar/ssetarget in ${JSON.stringify(key)}, which this store cannot read and does not touch; pass another \`prefix\`, or move them as docs/migrating.md shows`,
    );
  }

  async #holdsOriginalEvents(key: string): Promise<boolean> {
    if ((await this.#ask(["type", key])) !== "zset") return false;
    const [member] = ((await this.#ask(["zrange", key, "0", "0"])) ?? []) as readonly unknown[];
    return isOriginalEvent(member);
  }

  /** The reply, or undefined if this user of Redis may not ask. */
  #ask(command: readonly string[]): Promise<unknown> {
    const [, key = ""] = command;
    return withRetries(async () => {
      try {
        return await this.#connection.command(key, command);
      } catch (error) {
        if (isFinal(error)) return undefined;
        throw error;
      }
    }, this.#retryForMs);
  }
}

/** Another program may have a sorted set of the same name. */
function isOriginalEvent(member: unknown): boolean {
  try {
    const event = JSON.parse(String(member)) as { readonly type?: unknown } | null;
    return typeof event?.type === "string";
  } catch {
    return false;
  }
}
