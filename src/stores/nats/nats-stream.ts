import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import { messageOf, plainError } from "../../util/plain-error.ts";
import type { ConsumerLike, JetStreamLike, JetStreamMessage, ManagerLike } from "./jetstream-like.ts";

export interface NatsStreamSettings {
  readonly streamName: string;
  readonly subjectPrefix: string;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly replicas: number;
  readonly timeoutMs: number;
  readonly onError: ErrorListener;
}

/** @see https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const WRONG_LAST_SEQUENCE = 10_071;
const STREAM_NOT_FOUND = 10_059;
const NAME_IN_USE = 10_058;
/** How long one try of a publish waits for its answer. */
const TRY_MS = 2_000;
/** How long the server keeps a consumer that nobody asks for anything: its process has ended without a word. */
const INACTIVE_MS = 60_000;

/** The JetStream stream that holds all of ours, as one process sees it. */
export class NatsStream {
  readonly #jetstream: JetStreamLike;
  readonly #settings: NatsStreamSettings;
  #manager: Promise<ManagerLike> | undefined;
  #created: string | undefined;

  constructor(jetstream: JetStreamLike, settings: NatsStreamSettings) {
    this.#jetstream = jetstream;
    this.#settings = settings;
  }

  get subjectPrefix(): string {
    return this.#settings.subjectPrefix;
  }

  /** When the JetStream stream was made, as far as known: another time is another stream, whose numbers begin anew. */
  get created(): string | undefined {
    return this.#created;
  }

  /** Tells of what nobody awaits. */
  tellError(error: unknown): void {
    try {
      this.#settings.onError(error);
    } catch {
      // A listener's own failure has nowhere to go.
    }
  }

  /** The last message of a subject, which may have wildcards. */
  async last(subject: string): Promise<JetStreamMessage | undefined> {
    return this.#ask({ last_by_subj: subject });
  }

  /** The first message of a subject from a sequence number on. */
  async next(subject: string, seq: number): Promise<JetStreamMessage | undefined> {
    return this.#ask({ next_by_subj: subject, seq });
  }

  /**
   * Publishes until the server has answered, for as long as `timeoutMs`; a repeat is stored once.
   * @returns the sequence number; `undefined` where the subject was to be empty and is not
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
   * A consumer of what a subject has from a sequence number on. It is the caller's to delete. None of the client's ordered ones: those
   * make others by themselves, also after they were closed, and whoever leaves could not tell which to delete.
   */
  async consumer(subject: string, fromSeq: number): Promise<ConsumerLike> {
    const { streamName } = this.#settings;
    // Of one name in all tries, so that one which was made without an answer is found again.
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
  ): Promise<JetStreamMessage | undefined> {
    return this.#untilAnswered(async () => {
      const manager = await this.#managed();
      return (await manager.direct.getMessage(this.#settings.streamName, query)) ?? undefined;
    });
  }

  /** The manager, once the stream is there. */
  #managed(): Promise<ManagerLike> {
    if (this.#manager !== undefined) return this.#manager;
    const opening = this.#open().catch((error: unknown) => {
      if (this.#manager === opening) this.#manager = undefined;
      throw error;
    });
    this.#manager = opening;
    return opening;
  }

  async #open(): Promise<ManagerLike> {
    const { streamName, subjectPrefix, maxAgeMs, maxBytes, replicas } = this.#settings;
    const manager = await this.#jetstream.jetstreamManager();
    const subjects = [`${subjectPrefix}.>`];
    try {
      const { config, created } = await manager.streams.info(streamName);
      this.#created = created;
      if (config.allow_direct === true && config.subjects?.includes(subjects[0] as string) === true) return manager;
      throw new SSETargetError(
        "invalid-option",
        `the JetStream stream "${streamName}" is there, but it must have \`allow_direct\` and the subject "${subjects[0]}"; change it, or set \`streamName\` to another`,
      );
    } catch (error) {
      if (codeOf(error) !== STREAM_NOT_FOUND) throw error;
    }
    const settings = { max_age: maxAgeMs * 1_000_000, max_bytes: maxBytes, num_replicas: replicas };
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

  /** Tries until there is an answer, a refusal that another try does not change, or no more time. */
  async #untilAnswered<T>(call: () => Promise<T>): Promise<T> {
    const endMs = performance.now() + this.#settings.timeoutMs;
    for (let tries = 1; ; tries++) {
      try {
        // Makes the stream where it is not there, also when it has gone in the meantime.
        await this.#managed();
        return await call();
      } catch (error) {
        if (error instanceof SSETargetError) throw error;
        if (error instanceof Error && error.message.includes("max_payload")) {
          throw new SSETargetError(
            "event-too-large",
            "the event is larger than a message of this NATS server may be; send less, or raise its `max_payload`",
            { cause: plainError(error) },
          );
        }
        this.#manager = undefined;
        const isFinal = codeOf(error) !== undefined && codeOf(error) !== STREAM_NOT_FOUND;
        if (isFinal || performance.now() >= endMs) {
          throw new SSETargetError(
            "store-unavailable",
            `JetStream did not do it (${messageOf(error)}), tried ${tries} times in \`timeoutMs\` (${this.#settings.timeoutMs})`,
            { cause: plainError(error) },
          );
        }
        await new Promise<void>((resolve) =>
          setTimeout(resolve, Math.min(1_000, 20 * 2 ** tries) * (0.5 + Math.random())),
        );
      }
    }
  }
}

/** The code of an error that the server has answered with. */
function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}
