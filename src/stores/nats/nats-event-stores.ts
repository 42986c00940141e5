import { SSETargetError, type ErrorListener } from "../../util/errors.ts";
import type { ServerSentEvent } from "../../event/event.ts";
import { describeValue, readOptions, wholeNumberOption } from "../../util/options.ts";
import type { EventStores } from "../../store/followable-store.ts";
import { checkStreamName } from "../../store/stream-name.ts";
import type { JetStreamLike } from "./jetstream-like.ts";
import { NatsEventStore } from "./nats-event-store.ts";
import { NatsStream } from "./nats-stream.ts";
import { NatsSubjects } from "./nats-subjects.ts";

/** Where events are kept. All but the names count only where the JetStream stream is not there yet and is made. */
export interface NatsEventStoresOptions {
  /** The JetStream stream that holds all of ours. @defaultValue "SSETARGET" */
  readonly streamName?: string;
  /** What its subjects begin with. @defaultValue "ssetarget" */
  readonly subjectPrefix?: string;
  /** How long an event is retained, in milliseconds; 0: for ever. @defaultValue 604_800_000 (7 days) */
  readonly maxAgeMs?: number;
  /** How much is retained of all streams together, in bytes. @defaultValue 1_073_741_824 (1 GiB) */
  readonly maxBytes?: number;
  /** On how many servers of a cluster. @defaultValue 1 */
  readonly replicas?: number;
  /** How long to try where the server does not answer, in milliseconds; then calls reject with `store-unavailable`. @defaultValue 10_000 */
  readonly timeoutMs?: number;
  /** Hears of what nobody awaits: a follower that cannot follow on, each time that it was tried again. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/**
 * Event stores on NATS JetStream: any number of streams in one JetStream stream, over one connection a process.
 *
 * ```ts
 * const stores = new NatsEventStores(jetstream(await connect({ servers: "127.0.0.1:4222" })));
 * const hub = new SSEHub("/runs/:id/sse", { store: stores });
 * ```
 */
export class NatsEventStores<E extends ServerSentEvent> implements EventStores<E> {
  readonly #stream: NatsStream;

  /**
   * @param jetstream `jetstream(connection)` of `@nats-io/jetstream`; the connection stays the caller's to close
   * @throws SSETargetError `invalid-option`
   */
  constructor(jetstream: JetStreamLike, given?: NatsEventStoresOptions) {
    const options = readOptions("NatsEventStores", given, {
      streamName: true,
      subjectPrefix: true,
      maxAgeMs: true,
      maxBytes: true,
      replicas: true,
      timeoutMs: true,
      onError: true,
    });
    const { onError = () => {} } = options;
    if (typeof onError !== "function") {
      throw new SSETargetError("invalid-option", `\`onError\` must be a function, got ${describeValue(onError)}`);
    }
    if (typeof (jetstream as JetStreamLike | undefined)?.publish !== "function" || !("consumers" in jetstream)) {
      throw new SSETargetError(
        "invalid-option",
        `\`jetstream\` must be what \`jetstream(connection)\` of @nats-io/jetstream gives, got ${describeValue(jetstream)}`,
      );
    }
    this.#stream = new NatsStream(jetstream, {
      streamName: token("streamName", options.streamName, "SSETARGET"),
      subjectPrefix: token("subjectPrefix", options.subjectPrefix, "ssetarget"),
      maxAgeMs: wholeNumberOption("maxAgeMs", options.maxAgeMs, 7 * 24 * 3_600_000, 0),
      maxBytes: wholeNumberOption("maxBytes", options.maxBytes, 1024 * 1024 * 1024, 1),
      replicas: wholeNumberOption("replicas", options.replicas, 1, 1),
      timeoutMs: wholeNumberOption("timeoutMs", options.timeoutMs, 10_000, 1),
      onError,
    });
  }

  /** The store of the stream of this name. Asking stores nothing. @throws SSETargetError `invalid-stream-name` */
  stream(name: string): NatsEventStore<E> {
    checkStreamName(name);
    return new NatsEventStore(this.#stream, new NatsSubjects(this.#stream.subjectPrefix, name));
  }
}

function token(name: string, value: string | undefined, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value === "string" && /^[\w-]+$/.test(value)) return value;
  throw new SSETargetError(
    "invalid-option",
    `\`${name}\` must be letters, digits, "_" and "-", got ${describeValue(value)}`,
  );
}
