import { SSETarget } from "ssetarget";
import { RedisEventStore, type RedisEventStoreOptions } from "ssetarget/redis";
import type { OwnedClient } from "./redis-clients.ts";
import { Watcher, Writer, type Numbered } from "./redis-watcher.ts";

/** What a process of a user's consists of: a client, a store, a target, and who watches and writes. */
export interface UserProcess {
  readonly store: RedisEventStore<Numbered>;
  readonly target: SSETarget<Numbered>;
  /** What the store's `onError` heard. */
  readonly errors: readonly unknown[];
  watch(cursor?: string): Watcher;
  write(): Writer;
}

/** Everything that a test has started, closed again in the other order. */
export class Scene {
  readonly #closers: (() => unknown)[] = [];

  /** Stops what was started, in the end. */
  async keep<T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> {
    const started = await starting;
    this.#closers.push(() => started.stop());
    return started;
  }

  startProcess(client: OwnedClient, options: RedisEventStoreOptions = {}, prefix = "run"): UserProcess {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const store = new RedisEventStore<Numbered>(client.redis, prefix, { pingMs: 200, onError, ...options });
    const target = new SSETarget<Numbered>("/sse", store);
    this.#closers.push(async () => {
      await target.close({ closeTimeoutMs: 0 });
      client.close();
      await store.close();
    });
    const watch = (cursor?: string) => {
      const watcher = new Watcher(target, "/sse", cursor);
      this.#closers.push(() => watcher.leave());
      return watcher;
    };
    const write = () => {
      const writer = new Writer((event) => target.dispatchEvent(event));
      this.#closers.push(() => writer.stop());
      return writer;
    };
    return { store, target, errors, watch, write };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }
}
