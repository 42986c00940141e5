import type { Consumer, JetStreamClient, JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { guarded } from "../../util/guard.ts";
import { messageOf, plainError } from "../../util/plain-error.ts";
import { retry } from "../../util/retry.ts";

/** Where events are stored. The limits and replicas apply only if the JetStream stream does not exist yet. */
export interface NatsEventStoresOptions {
  /** The JetStream stream that holds all streams. @defaultValue "SSETARGET" */
  readonly streamName?: string;
  /** Prefix of its subjects. @defaultValue "ssetarget" */
  readonly subjectPrefix?: string;
  /** Age until which an event is retained, in milliseconds; `null`: forever. @defaultValue 604_800_000 (7 days) */
  readonly maxAgeMs?: number | null;
  /** Size of all streams together, in bytes. The oldest events are dropped first. @defaultValue 1_073_741_824 (1 GiB) */
  readonly maxTotalBytes?: number;
  /** Number of servers in a cluster that store the events. @defaultValue 1 */
  readonly replicas?: number;
  /**
   * How long to retry if the server does not respond, in milliseconds. Calls then reject with `store-unavailable`.
   * @defaultValue 10_000
   */
  readonly retryForMs?: number;
  /** Receives errors that reject no call: each failed attempt to watch a stream again. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** @see https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const WRONG_LAST_SEQUENCE = 10_071;
const STREAM_NOT_FOUND = 10_059;
const NAME_IN_USE = 10_058;
/** Timeout of one attempt to publish. */
const TRY_MS = 2_000;
const BACKOFF = { minMs: 20, maxMs: 1_000 };
/** How long the server keeps a consumer that asks for nothing, such as that of a crashed process. */
const INACTIVE_MS = 60_000;

/** The JetStream stream that holds all streams, as one process sees it. */
export class NatsStream {
  readonly #jetstream: JetStreamClient;
  /** Reports an error that rejects no call. */
  readonly reportError: ErrorListener;
  readonly #settings: Required<NatsEventStoresOptions>;
  #manager: Promise<JetStreamManager> | undefined;
  #created: string | undefined;

  constructor(jetstream: JetStreamClient, settings: Required<NatsEventStoresOptions>) {
    this.#jetstream = jetstream;
    this.#settings = settings;
    this.reportError = guarded(settings.onError);
  }

  get subjectPrefix(): string {
    return this.#settings.subjectPrefix;
  }

  /** When the JetStream stream was created, if known. Another time is another stream, whose numbers start again. */
  get created(): string | undefined {
    return this.#created;
  }

  /** The last message of a subject, which may have wildcards. */
  async last(subject: string): Promise<StoredMsg | undefined> {
    return this.#ask({ last_by_subj: subject });
  }

  /** The first message of a subject from a sequence number on. */
  async next(subject: string, seq: number): Promise<StoredMsg | undefined> {
    return this.#ask({ next_by_subj: subject, seq });
  }

  /**
   * Publishes, and retries for as long as `retryForMs`. A repeat is stored once.
   *
   * @returns the sequence number; `undefined` if the subject had to be empty and is not
   */
  async publish(subject: string, payload: string, isFirst: boolean): Promise<number | undefined> {
    const msgID = isFirst ? undefined : crypto.randomUUID();
    const expect = isFirst ? { lastSubjectSequence: 0 } : undefined;
    return this.#untilAnswered(async () => {
      try {
        return (await this.#jetstream.publish(subject, payload, { msgID, expect, timeout: TRY_MS })).seq;
      } catch (error) {
        if (codeOf(error) === WRONG_LAST_SEQUENCE) return undefined;
        throw error;
      }
    });
  }

  async purge(filter: string, beforeSeq: number): Promise<void> {
    await this.#untilAnswered(async () => {
      await (await this.#managed()).streams.purge(this.#settings.streamName, { filter, seq: beforeSeq });
    });
  }

  async deleteMessage(seq: number): Promise<void> {
    await this.#untilAnswered(async () => {
      await (await this.#managed()).streams.deleteMessage(this.#settings.streamName, seq, false);
    });
  }

  /**
   * A consumer of a subject from a sequence number on. The caller deletes it. It is not one of the client's ordered
   * consumers: those create others by themselves, even after they were closed, and it is unknown which to delete then.
   */
  async consumer(subject: string, fromSeq: number): Promise<Consumer> {
    const { streamName } = this.#settings;
    // The same name in all attempts, so that one that was created without a response is found again.
    const name = `ssetarget_${crypto.randomUUID().replaceAll("-", "")}`;
    try {
      return await this.#untilAnswered(async () => {
        const manager = await this.#managed();
        await manager.consumers.add(streamName, {
          name,
          filter_subject: subject,
          deliver_policy: "by_start_sequence",
          opt_start_seq: fromSeq,
          ack_policy: "none",
          max_deliver: 1,
          mem_storage: true,
          num_replicas: 1,
          inactive_threshold: INACTIVE_MS * 1_000_000,
        });
        return this.#jetstream.consumers.get(streamName, name);
      });
    } catch (error) {
      void this.#manager?.then((manager) => manager.consumers.delete(streamName, name)).catch(() => {});
      throw error;
    }
  }

  #ask(
    query: { readonly last_by_subj: string } | { readonly next_by_subj: string; readonly seq: number },
  ): Promise<StoredMsg | undefined> {
    return this.#untilAnswered(async () => {
      const manager = await this.#managed();
      return (await manager.direct.getMessage(this.#settings.streamName, query)) ?? undefined;
    });
  }

  /** The manager, once the stream exists. */
  #managed(): Promise<JetStreamManager> {
    if (this.#manager !== undefined) return this.#manager;
    const opening = this.#open().catch((error: unknown) => {
      if (this.#manager === opening) this.#manager = undefined;
      throw error;
    });
    this.#manager = opening;
    return opening;
  }

  async #open(): Promise<JetStreamManager> {
    const { streamName, subjectPrefix, maxAgeMs, maxTotalBytes, replicas } = this.#settings;
    const manager = await this.#jetstream.jetstreamManager();
    const subjects = [`${subjectPrefix}.>`];
    try {
      const { config, created } = await manager.streams.info(streamName);
      this.#created = created;
      if (config.allow_direct && config.subjects?.includes(`${subjectPrefix}.>`)) return manager;
      throw new SSETargetError(
        "invalid-option",
        `the JetStream stream "${streamName}" exists, but it must have \`allow_direct\` and the subject "${subjects[0]}"; change it, or set \`streamName\` to another`,
      );
    } catch (error) {
      if (codeOf(error) !== STREAM_NOT_FOUND) throw error;
    }
    const settings = { max_age: (maxAgeMs ?? 0) * 1_000_000, max_bytes: maxTotalBytes, num_replicas: replicas };
    try {
      const made = await manager.streams.add({ name: streamName, subjects, allow_direct: true, ...settings });
      this.#created = made.created;
    } catch (error) {
      // Another process was faster.
      if (codeOf(error) !== NAME_IN_USE) throw error;
      this.#created = (await manager.streams.info(streamName)).created;
    }
    return manager;
  }

  /** Retries until there is a response, a refusal that another attempt would not change, or no more time. */
  #untilAnswered<T>(call: () => Promise<T>): Promise<T> {
    return retry(
      async () => {
        // Creates the stream if it does not exist, even if it did before.
        await this.#managed();
        return call();
      },
      {
        forMs: this.#settings.retryForMs,
        backoff: BACKOFF,
        isTransient: (error) => {
          if (error instanceof SSETargetError || isTooLarge(error)) return false;
          this.#manager = undefined;
          return codeOf(error) === undefined || codeOf(error) === STREAM_NOT_FOUND;
        },
        onGiveUp: (error, attempts) => this.#describe(error, attempts),
      },
    );
  }

  #describe(error: unknown, attempts: number): SSETargetError {
    if (error instanceof SSETargetError) return error;
    if (isTooLarge(error)) {
      return new SSETargetError(
        "event-too-large",
        "the event is larger than this NATS server allows a message to be; send less, or raise its `max_payload`",
        { cause: plainError(error) },
      );
    }
    return new SSETargetError(
      "store-unavailable",
      `JetStream failed (${messageOf(error)}); tried ${attempts} times within \`retryForMs\` (${this.#settings.retryForMs})`,
      { cause: plainError(error) },
    );
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.includes("max_payload");
}

/** The code of an error that the server responded with. */
function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}
