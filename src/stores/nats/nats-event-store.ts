import { END_EVENT_TYPE, snapshotEvent, withId, type StreamEvent, type StoredEvent } from "../../event/event.ts";
import type { EventBounds, EventLog, LogListener, LogWatch, PageLimits } from "../../store/event-log.ts";
import { randomId } from "../../util/random-id.ts";
import { SSETargetError, streamCompleted } from "../../util/errors.ts";
import { NatsSubjects, decodeEvent, encodeEvent } from "./nats-layout.ts";
import type { NatsStream } from "./nats-stream.ts";
import { NatsWatch } from "./nats-watch.ts";

const FETCH_MESSAGES = 500;
const FETCH_MS = 5_000;
/** Responses may arrive in another order than their publishes. A sequence number this much smaller is another stream's. */
const MAX_OVERTAKING = 100_000;
/**
 * How long other processes may publish events with the name of a history that was deleted. Their feeds notice the
 * difference to the bounds and read.
 */
const EPOCH_MS = 5_000;

/**
 * One stream on JetStream. An id is the sequence number of the message. All streams share these numbers, so ids increase
 * with holes. Several events are not appended all or none: JetStream can do that from server version 2.12 on only.
 */
export class NatsEventStore<E extends StreamEvent> implements EventLog<E> {
  readonly #stream: NatsStream;
  readonly #subjects: NatsSubjects;
  readonly #watches = new Set<NatsWatch<E>>();
  readonly #storing = new Set<Promise<unknown>>();
  #epoch: Promise<string> | undefined;
  #epochFoundMs = 0;
  #endLookup: Promise<number | undefined> | undefined;
  #lastSeq = 0;
  #isClosed = false;

  constructor(stream: NatsStream, name: string) {
    this.#stream = stream;
    this.#subjects = new NatsSubjects(stream.subjectPrefix, name);
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`, `event-too-large`, `store-unavailable`, `closed` */
  async append(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    const storing = Promise.all(events.map((event) => snapshotEvent(event)).map((event) => this.#store(event)));
    this.#storing.add(storing);
    try {
      return await storing;
    } finally {
      this.#storing.delete(storing);
    }
  }

  async read(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    const page: StoredEvent<E>[] = [];
    // A consumer would wait for an event if there is none.
    const newest = await this.#lastEvent();
    if (newest === undefined || newest.event.id <= afterId) return page;
    const consumer = await this.#stream.consumer(this.#subjects.events, afterId + 1);
    let bytes = 0;
    try {
      for (let pending = 1; pending > 0;) {
        const messages = await consumer.fetch({
          max_messages: Math.min(FETCH_MESSAGES, limits.maxEvents - page.length),
          expires: FETCH_MS,
        });
        let received = 0;
        for await (const message of messages) {
          received++;
          pending = message.info.pending;
          const { event } = decodeEvent<E>(message);
          bytes += message.string().length;
          if (page.length > 0 && bytes > limits.maxBytes) return page;
          page.push(event);
          // What another process stored before it knew of the end is about to be deleted.
          if (page.length === limits.maxEvents || event.type === END_EVENT_TYPE) return page;
          if (pending === 0) break;
        }
        if (received === 0) {
          throw new SSETargetError("store-unavailable", "JetStream did not send the messages that it reports to have");
        }
      }
      return page;
    } finally {
      await consumer.delete().catch(() => {});
    }
  }

  async bounds(): Promise<EventBounds> {
    this.#checkOpen();
    const { genesis, trimmed, events } = this.#subjects;
    // Before the others: what precedes the newest event, the genesis and the trims of its history, is stored by then.
    const last = await this.#lastEvent();
    const [begun, cut] = await Promise.all([this.#stream.last(genesis), this.#stream.last(trimmed)]);
    // The server walks through the messages of other streams for this, so it is asked only if the genesis has expired.
    const first = begun === undefined && last !== undefined ? await this.#stream.next(events, 1) : undefined;
    const cutBefore = cut === undefined ? 1 : Number(cut.string());
    const lastId = Math.max(last?.event.id ?? 0, cutBefore - 1);
    // The server drops the oldest messages first, so if the genesis is there, so is everything after it.
    const firstId = begun === undefined ? (first?.seq ?? lastId + 1) : cutBefore;
    const epoch = begun?.string() ?? last?.epoch;
    return { firstId, lastId, epoch, completed: last?.event.type === END_EVENT_TYPE };
  }

  async watch(listener: LogListener<E>): Promise<LogWatch> {
    this.#checkOpen();
    const watch = new NatsWatch<E>(this.#stream, this.#subjects, listener);
    this.#watches.add(watch);
    const close = async () => {
      await watch.close();
      // Kept until then, so that closing the store waits for it.
      this.#watches.delete(watch);
    };
    try {
      await watch.open();
      this.#checkOpen();
    } catch (error) {
      void close();
      throw error;
    }
    return { close: () => void close(), missed: () => watch.missed() };
  }

  async trim(beforeId: number): Promise<void> {
    const { firstId, lastId } = await this.bounds();
    const before = Math.min(beforeId, lastId + 1);
    if (before <= firstId) return;
    // First, so that a failure in between is a gap where there need not be one, and not a hole.
    await this.#stream.publish(this.#subjects.trimmed, String(before), false);
    await this.#stream.purge(this.#subjects.events, before);
    // Again, for whoever has read between the two.
    await this.#stream.publish(this.#subjects.trimmed, String(before), false);
  }

  async delete(): Promise<void> {
    this.#checkOpen();
    // What was appended before belongs to what is dropped.
    await Promise.allSettled(this.#storing);
    const seq = await this.#stream.publish(this.#subjects.genesis, randomId(), false);
    this.#epoch = undefined;
    await this.#stream.purge(this.#subjects.all, seq as number);
    // For watchers that have read between the two.
    await this.#stream.publish(this.#subjects.trimmed, "1", false);
  }

  /**
   * Closes its watches, so that nothing of them stays on the server, and waits for what was given to it. Idempotent; the
   * connection stays the caller's.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closing = Array.from(this.#watches, (watch) => watch.close());
    await Promise.allSettled([...closing, ...this.#storing]);
  }

  async #store(event: E): Promise<StoredEvent<E>> {
    // All wait for the same promise, in their order, and are published in it.
    const epoch = await this.#currentEpoch();
    const { created } = this.#stream;
    const { key } = event;
    const subject = this.#subjects.ofEvent(key);
    const seq = await this.#stream.publish(subject, encodeEvent(event, epoch), key !== undefined);
    if (seq === undefined) {
      const known = await this.#stream.last(subject);
      // If it was dropped just now, the next try stores the event.
      return known === undefined ? this.#store(event) : decodeEvent<E>(known).event;
    }
    if (this.#stream.created !== created || seq <= this.#lastSeq - MAX_OVERTAKING) {
      // The JetStream stream was lost and created again: the event belongs to another history.
      await this.#stream.deleteMessage(seq);
      this.#epoch = undefined;
      this.#lastSeq = 0;
      return this.#store(event);
    }
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    const endSeq = await (this.#endLookup ??= this.#lookForEnd());
    if (endSeq !== undefined && endSeq < seq) {
      await this.#stream.deleteMessage(seq);
      throw streamCompleted();
    }
    return withId(event, seq);
  }

  /** Whether the stream has ended: one request for all appends whose responses arrived together. */
  async #lookForEnd(): Promise<number | undefined> {
    await Promise.resolve();
    this.#endLookup = undefined;
    return (await this.#stream.last(this.#subjects.end))?.seq;
  }

  /** The name of the history, looked up again now and then. */
  #currentEpoch(): Promise<string> {
    const nowMs = performance.now();
    if (this.#epoch === undefined || nowMs - this.#epochFoundMs > EPOCH_MS) {
      this.#epochFoundMs = nowMs;
      this.#epoch = this.#findEpoch();
    }
    return this.#epoch;
  }

  /** The name of the history: what is there has one, and the first event of a stream creates one. */
  async #findEpoch(): Promise<string> {
    try {
      for (;;) {
        const epoch = (await this.#stream.last(this.#subjects.genesis))?.string() ?? (await this.#lastEvent())?.epoch;
        if (epoch !== undefined) return epoch;
        const made = randomId();
        if ((await this.#stream.publish(this.#subjects.genesis, made, true)) !== undefined) return made;
      }
    } catch (error) {
      this.#epoch = undefined;
      throw error;
    }
  }

  async #lastEvent(): Promise<{ readonly event: StoredEvent<E>; readonly epoch: string } | undefined> {
    const { events, end } = this.#subjects;
    const message = (await this.#stream.last(end)) ?? (await this.#stream.last(events));
    return message === undefined ? undefined : decodeEvent<E>(message);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the store has been closed");
  }
}
