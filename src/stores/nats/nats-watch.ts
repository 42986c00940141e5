import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { StreamEvent } from "../../event/event.ts";
import type { LogListener, LogWatch } from "../../store/event-log.ts";
import { decodeEvent, type NatsSubjects } from "./nats-layout.ts";
import type { NatsStream } from "./nats-stream.ts";

/** Reports of a consumer whose server, stream or connection is in doubt. */
const DOUBTS: ReadonlySet<string> = new Set([
  "stream_not_found",
  "consumer_not_found",
  "consumer_deleted",
  "heartbeats_missed",
  "no_responders",
]);

const PULL_MS = 30_000;
/** If two of these are missed, the consumer is in doubt. */
const HEARTBEAT_MS = 5_000;

/** Delay before a consumer is created again after a failure. */
const RETRY_MS = 1_000;

/** One watch of one stream: a consumer of what is new. After any doubt about it there is another one. */
export class NatsWatch<E extends StreamEvent> implements LogWatch {
  readonly #stream: NatsStream;
  readonly #subjects: NatsSubjects;
  readonly #listener: LogListener<E>;
  #opening: Promise<void> | undefined;
  #stop: (() => Promise<void>) | undefined;
  #wake: (() => void) | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(stream: NatsStream, subjects: NatsSubjects, listener: LogListener<E>) {
    this.#stream = stream;
    this.#subjects = subjects;
    this.#listener = listener;
  }

  open(): Promise<void> {
    this.#opening = this.#consume();
    return this.#opening;
  }

  /** Notifies of nothing more. Resolves when the server has dropped the consumer, or could not be asked to. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#opening?.catch(noop);
    await this.#stop?.();
  }

  missed(): void {
    void this.#stop?.();
  }

  async #consume(): Promise<void> {
    this.#lastId = (await this.#stream.last(this.#subjects.events))?.seq ?? 0;
    if (this.#isClosed) return;
    const consumer = await this.#stream.consumer(this.#subjects.all, this.#lastId + 1);
    let messages: ConsumerMessages | undefined;
    let stopping: Promise<void> | undefined;
    const stop = () => {
      // If the consumer or its server is gone, there is nothing to delete.
      stopping ??= Promise.resolve(messages?.close()).then(() => consumer.delete().then(noop, noop));
      return stopping;
    };
    this.#stop = stop;
    let delivered = 0;
    try {
      messages = await consumer.consume({
        expires: PULL_MS,
        idle_heartbeat: HEARTBEAT_MS,
        callback: (message) => {
          if (stopping !== undefined) return;
          delivered++;
          if (message.info.deliverySequence === delivered) this.#notify(message);
          // One was lost on its way.
          else void stop();
        },
      });
    } catch (error) {
      await stop();
      throw error;
    }
    if (this.#isClosed) await stop();
    else void this.#replaceInDoubt(messages, (sent) => sent > delivered, stop);
  }

  #notify(message: JsMsg): void {
    if (this.#isClosed) return;
    // The first event shows the epoch.
    if (message.subject === this.#subjects.genesis) return;
    if (message.subject === this.#subjects.trimmed) {
      this.#listener.changed();
      return;
    }
    const afterId = this.#lastId;
    this.#lastId = message.seq;
    try {
      const { event, epoch } = decodeEvent<E>(message);
      this.#listener.appended({ afterId, events: [event], epoch });
    } catch (error) {
      // Published by another program. Whoever reads it gets the rejection.
      this.#stream.reportError(error);
      this.#listener.changed();
    }
  }

  /** Waits until the consumer is in doubt or has ended, and creates another one. What was missed is read. */
  async #replaceInDoubt(
    messages: ConsumerMessages,
    isMissing: (sent: number) => boolean,
    stop: () => Promise<void>,
  ): Promise<void> {
    for await (const report of messages.status()) {
      if (DOUBTS.has(report.type)) break;
      if (report.type === "heartbeat" && isMissing(report.lastConsumerSequence)) break;
    }
    await stop();
    while (!this.#isClosed) {
      try {
        await this.open();
        if (!this.#isClosed) this.#listener.changed();
        return;
      } catch (error) {
        this.#stream.reportError(error);
        if (isConnectionClosed(error)) {
          this.#isClosed = true;
          this.#listener.changed();
          return;
        }
        // What the server refuses, it refuses at once and again.
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          setTimeout(resolve, RETRY_MS);
        });
      }
    }
  }
}

function noop(): void {}

/** Whether the connection was closed for good. */
function isConnectionClosed(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error && cause.name === "ClosedConnectionError";
}
