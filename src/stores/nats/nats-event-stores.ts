import type { JetStreamClient } from "@nats-io/jetstream";
import type { StreamEvent } from "../../event/event.ts";
import type { EventStorage } from "../../store/event-log.ts";
import { checkStreamName } from "../../store/stream-name.ts";
import { SSETargetError } from "../../util/errors.ts";
import { ageOption, checkFunction, describeValue, readOptions, wholeNumberOption } from "../../util/options.ts";
import { NatsEventStore } from "./nats-event-store.ts";
import { NatsStream, type NatsEventStoresOptions } from "./nats-stream.ts";

/**
 * Streams on NATS JetStream: any number of them in one JetStream stream, over one connection per process.
 *
 * ```ts
 * const stores = new NatsEventStores(jetstream(await connect({ servers: "127.0.0.1:4222" })));
 * const hub = new SSEHub("/runs/:id/sse", { store: stores });
 * ```
 */
export class NatsEventStores<E extends StreamEvent> implements EventStorage<E> {
  readonly #stream: NatsStream;

  /**
   * @param jetstream `jetstream(connection)` of `@nats-io/jetstream`; the connection stays the caller's to close
   * @throws SSETargetError `invalid-option`
   */
  constructor(jetstream: JetStreamClient, given?: NatsEventStoresOptions) {
    const options = readOptions("NatsEventStores", given, {
      streamName: true,
      subjectPrefix: true,
      maxAgeMs: true,
      maxTotalBytes: true,
      replicas: true,
      retryForMs: true,
      onError: true,
    });
    const { onError = () => {} } = options;
    checkFunction("onError", onError);
    if (typeof (jetstream as JetStreamClient | undefined)?.publish !== "function" || !("consumers" in jetstream)) {
      throw new SSETargetError(
        "invalid-option",
        `\`jetstream\` must be what \`jetstream(connection)\` of @nats-io/jetstream returns, got ${describeValue(jetstream)}`,
      );
    }
    this.#stream = new NatsStream(jetstream, {
      streamName: token("streamName", options.streamName, "SSETARGET"),
      subjectPrefix: token("subjectPrefix", options.subjectPrefix, "ssetarget"),
      maxAgeMs: ageOption("maxAgeMs", options.maxAgeMs, 7 * 24 * 3_600_000),
      maxTotalBytes: wholeNumberOption("maxTotalBytes", options.maxTotalBytes, 1024 * 1024 * 1024, 1),
      replicas: wholeNumberOption("replicas", options.replicas, 1, 1),
      retryForMs: wholeNumberOption("retryForMs", options.retryForMs, 10_000, 1),
      onError,
    });
  }

  /** The stream of this name. Calling it stores nothing. @throws SSETargetError `invalid-stream-name` */
  stream(name: string): NatsEventStore<E> {
    checkStreamName(name);
    return new NatsEventStore(this.#stream, name);
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
