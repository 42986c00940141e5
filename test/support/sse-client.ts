import { createParser } from "eventsource-parser";

/** One thing read from an event stream: an event (its data parsed), a comment, or a `retry:`. */
export interface ReadEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/**
 * Reads a response's body as fast as it is asked to, with an independent parser. Nothing is read before the first ask,
 * so a client that is not asked is a slow client.
 */
export class SSEReader {
  readonly events: ReadEvent[] = [];
  readonly comments: string[] = [];
  readonly retries: number[] = [];
  isEnded = false;
  text = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #parser = createParser({
    onEvent: ({ id, event, data }) =>
      this.events.push({ id, type: event ?? "message", data: JSON.parse(data) as Record<string, unknown> }),
    onComment: (comment) => this.comments.push(comment),
    onRetry: (retry) => this.retries.push(retry),
  });

  constructor(response: Response) {
    if (response.body === null) throw new Error(`the response (${response.status}) has no body`);
    this.#reader = response.body.getReader();
  }

  /** Reads one chunk; `false` at the end. */
  async readChunk(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) {
      this.isEnded = true;
      return false;
    }
    const text = this.#decoder.decode(value, { stream: true });
    this.text += text;
    this.#parser.feed(text);
    return true;
  }

  /** Reads until the condition holds or the stream ends. */
  async readUntil(condition: (reader: this) => boolean): Promise<this> {
    while (!condition(this) && (await this.readChunk()));
    return this;
  }

  readCount(count: number): Promise<this> {
    return this.readUntil((reader) => reader.events.length >= count);
  }

  readToEnd(): Promise<this> {
    return this.readUntil(() => false);
  }

  /** The ids of the stored events read so far, without the epoch. */
  get ids(): number[] {
    return this.events.flatMap(({ id }) => (id === undefined || id === "" ? [] : [Number(id.split(".")[0])]));
  }

  get lastCursor(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined && id !== "")?.id;
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** A GET of the stream, as a browser makes it. */
export function get(path: string, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost${path}`, { headers: { accept: "text/event-stream", ...headers } });
}
