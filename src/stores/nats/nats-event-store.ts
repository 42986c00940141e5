import { SSETargetError } from "../../util/errors.ts";
import {
  END_EVENT_TYPE,
  isWellFormed,
  snapshotEvent,
  withId,
  type ServerSentEvent,
  type StoredEvent,
} from "../../event/event.ts";
import type {
  BoundedEventStore,
  ClosableEventStore,
  EventBounds,
  EventFollower,
  EventStore,
  EventSubscription,
  FollowableEventStore,
  KeyedEventStore,
  PageableEventStore,
  PageLimits,
  TrimmableEventStore,
} from "../../store/followable-store.ts";
import { randomEpoch } from "../../store/random-epoch.ts";
import { decodeEvent, encodeEvent } from "./nats-message.ts";
import type { NatsStream } from "./nats-stream.ts";
import { NatsSubscription } from "./nats-subscription.ts";
import type { NatsSubjects } from "./nats-subjects.ts";

const ALL: PageLimits = { maxEvents: Number.MAX_SAFE_INTEGER, maxBytes: Number.POSITIVE_INFINITY };
const FETCH_MESSAGES = 500;
const FETCH_MS = 5_000;
/** Answers may come in another order than their publishes went; a number this much smaller than one before is none of that. */
const MAX_OVERTAKING = 100_000;

/**
 * One stream on JetStream. An id is the sequence number of the message, which all streams share: ids rise, with holes.
 * It has no `storeEvents`: JetStream stores a batch as a whole from the server's version 2.12 on only.
 */
export class NatsEventStore<E extends ServerSentEvent>
  implements
    EventStore<E>,
    PageableEventStore<E>,
    FollowableEventStore<E>,
    BoundedEventStore,
    TrimmableEventStore,
    KeyedEventStore<E>,
    ClosableEventStore
{
  readonly #stream: NatsStream;
  readonly #subjects: NatsSubjects;
  readonly #subscriptions = new Set<NatsSubscription<E>>();
  readonly #storing = new Set<Promise<unknown>>();
  #epoch: Promise<string> | undefined;
  #endLookup: Promise<number | undefined> | undefined;
  #lastSeq = 0;
  #isClosed = false;

  constructor(stream: NatsStream, subjects: NatsSubjects) {
    this.#stream = stream;
    this.#subjects = subjects;
  }

  /** @throws SSETargetError `stream-completed`, `unserializable-data`, `store-unavailable`, `closed` */
  async storeEvent(event: E): Promise<StoredEvent<E>> {
    this.#checkOpen();
    const storing = this.#store(snapshotEvent(event));
    this.#storing.add(storing);
    try {
      return await storing;
    } finally {
      this.#storing.delete(storing);
    }
  }

  async getEvents(afterId: number): Promise<readonly StoredEvent<E>[]> {
    return this.getEventsPage(afterId, ALL);
  }

  async getEventsPage(afterId: number, limits: PageLimits): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    const page: StoredEvent<E>[] = [];
    // Whether there is anything, for a consumer would wait for it.
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
        let heard = 0;
        for await (const message of messages) {
          heard++;
          pending = message.info.pending;
          const { event } = decodeEvent<E>(message);
          bytes += message.string().length;
          if (page.length > 0 && bytes > limits.maxBytes) return page;
          page.push(event);
          // What a process stored that had not heard of the end yet is on its way out.
          if (page.length === limits.maxEvents || event.type === END_EVENT_TYPE) return page;
          if (pending === 0) break;
        }
        if (heard === 0) {
          throw new SSETargetError("store-unavailable", "JetStream sent nothing of what it says that it has");
        }
      }
      return page;
    } finally {
      await consumer.delete().catch(() => {});
    }
  }

  async getBounds(): Promise<EventBounds> {
    this.#checkOpen();
    const { genesis, trimmed, events } = this.#subjects;
    // Looked up before the others: what comes before the newest event is there by then, of its history's name and of its cuts.
    const last = await this.#lastEvent();
    const [begun, cut] = await Promise.all([this.#stream.last(genesis), this.#stream.last(trimmed)]);
    // The server goes through what other streams have in between, so it is asked only where the name has been forgotten.
    const first = begun === undefined && last !== undefined ? await this.#stream.next(events, 1) : undefined;
    const cutBefore = cut === undefined ? 1 : Number(cut.string());
    const lastId = Math.max(last?.event.id ?? 0, cutBefore - 1);
    // The server forgets from the oldest on, so as long as the genesis is there nothing after it is gone.
    const firstId = begun === undefined ? (first?.seq ?? lastId + 1) : cutBefore;
    const epoch = begun?.string() ?? last?.epoch;
    return { firstId, lastId, epoch, completed: last?.event.type === END_EVENT_TYPE };
  }

  async getEventByKey(key: string): Promise<StoredEvent<E> | undefined> {
    this.#checkOpen();
    // Its subject would be that of another key.
    if (!isWellFormed(key)) return undefined;
    const message = await this.#stream.last(this.#subjects.ofEvent(key));
    return message === undefined ? undefined : decodeEvent<E>(message).event;
  }

  async trim(beforeId: number): Promise<void> {
    const { firstId, lastId } = await this.getBounds();
    const before = Math.min(beforeId, lastId + 1);
    if (before <= firstId) return;
    // Told first: where this ends in between, a gap is told that is none yet.
    await this.#stream.publish(this.#subjects.trimmed, String(before), false);
    await this.#stream.purge(this.#subjects.events, before);
  }

  async subscribe(afterId: number, follower: EventFollower<E>): Promise<EventSubscription> {
    this.#checkOpen();
    const subscription = new NatsSubscription<E>(this.#stream, this.#subjects.events, follower, () => this.getBounds());
    this.#subscriptions.add(subscription);
    const close = async () => {
      await subscription.close();
      // Kept until then, so that closing the store waits for it.
      this.#subscriptions.delete(subscription);
    };
    try {
      await subscription.open(afterId);
      this.#checkOpen();
    } catch (error) {
      void close();
      throw error;
    }
    return { close: () => void close() };
  }

  /** Ends its subscriptions, so that nothing of them stays on the server, and waits for what it was given to store. Idempotent; the connection stays the caller's. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closing = Array.from(this.#subscriptions, (subscription) => subscription.close());
    await Promise.allSettled([...closing, ...this.#storing]);
  }

  async #store(event: E): Promise<StoredEvent<E>> {
    // Awaited by all, in their order: so they are published in it.
    const epoch = await (this.#epoch ??= this.#findEpoch());
    const { created } = this.#stream;
    const { key } = event;
    const payload = encodeEvent(event, epoch);
    const seq = await this.#stream.publish(this.#subjects.ofEvent(key), payload, key !== undefined);
    if (seq === undefined) {
      const known = await this.getEventByKey(key as string);
      // Forgotten in this very moment: the next try finds the place free.
      return known ?? this.#store(event);
    }
    if (this.#stream.created !== created || seq <= this.#lastSeq - MAX_OVERTAKING) {
      // The JetStream stream was lost and is another one now: this belongs to another history.
      await this.#stream.deleteMessage(seq);
      this.#epoch = undefined;
      this.#lastSeq = 0;
      return this.#store(event);
    }
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    const endSeq = await (this.#endLookup ??= this.#lookForEnd());
    if (endSeq !== undefined && endSeq < seq) {
      await this.#stream.deleteMessage(seq);
      throw new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it");
    }
    return withId(event, seq);
  }

  /** Whether the stream had ended when this was asked: one request for all whose answers came together. */
  async #lookForEnd(): Promise<number | undefined> {
    await Promise.resolve();
    this.#endLookup = undefined;
    return (await this.#stream.last(this.#subjects.end))?.seq;
  }

  /** The name of the history: what is there has one, and the first event of a stream makes one. */
  async #findEpoch(): Promise<string> {
    try {
      for (;;) {
        const epoch = (await this.#stream.last(this.#subjects.genesis))?.string() ?? (await this.#lastEvent())?.epoch;
        if (epoch !== undefined) return epoch;
        const made = randomEpoch();
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
