import { readOptions } from "../util/options.ts";
import { END_EVENT_TYPE, type EndData, type StreamEvent, type StoredEvent } from "../event/event.ts";
import { SSETargetError } from "../util/errors.ts";
import type { StreamWriter } from "../stream/stream-writer.ts";
import { checkEvent } from "../event/check-event.ts";
import type { Listeners } from "./listeners.ts";

/** The way into one stream: checks events, calls the listeners, and passes events to the writer. */
export class Dispatcher<E extends StreamEvent> {
  readonly #writer: StreamWriter<E>;
  readonly #listeners: Listeners<E>;
  readonly #stream: string;
  readonly #maxEventBytes: number;
  #isClosed = false;
  #hasStored = false;

  constructor(writer: StreamWriter<E>, listeners: Listeners<E>, stream: string, maxEventBytes: number) {
    this.#writer = writer;
    this.#listeners = listeners;
    this.#stream = stream;
    this.#maxEventBytes = maxEventBytes;
  }

  /** Not async: a promise around the store's own would cost more than what is done here. */
  dispatchEvent(event: E): Promise<StoredEvent<E> | undefined> {
    try {
      this.#checkOpen();
      const checked = checkEvent(event, this.#maxEventBytes);
      if (!this.#listeners.call(checked.event, this.#stream)) return NOTHING;
      this.#hasStored = true;
      return this.#writer.appendOne(checked.event, checked.bytes);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async dispatchEvents(events: readonly E[]): Promise<readonly StoredEvent<E>[]> {
    this.#checkOpen();
    const checked = events.map((event) => checkEvent(event, this.#maxEventBytes));
    const wanted = checked.filter(({ event }) => this.#listeners.call(event, this.#stream));
    if (wanted.length === 0) return [];
    let bytes = 0;
    for (const each of wanted) bytes += each.bytes;
    this.#hasStored = true;
    return this.#writer.append(
      wanted.map(({ event }) => event),
      bytes,
    );
  }

  async complete(given?: EndData): Promise<void> {
    this.#checkOpen();
    const { reason, message } = readOptions("complete", given, { reason: true, message: true });
    // The key makes a second call, and a call in another process, answer with the end that is already there.
    const end: StreamEvent & EndData = {
      type: END_EVENT_TYPE,
      key: END_EVENT_TYPE,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
    this.#hasStored = true;
    await this.#writer.appendOne(end as E, 0);
  }

  /** Whether anything has been given to the store through here. */
  get hasStored(): boolean {
    return this.#hasStored;
  }

  /** Takes no more; resolves when what was taken has been stored or refused. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#writer.settled();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SSETargetError("closed", "the target has been closed; it takes no more events");
  }
}

const NOTHING = Promise.resolve(undefined);
