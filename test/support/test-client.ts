import type { Handled, RequestHead, SharedBytes, Sink, SinkListener } from "ssetarget/adapter";
import { createParser } from "eventsource-parser";
import { expect } from "vitest";

/** A target or hub, as far as a client can see it. */
export interface Door {
  handle(head: RequestHead): Promise<Handled>;
}

/** A sink that takes as many writes as it was given credit for and is full from then on. */
export class CreditSink implements Sink {
  credit: number;
  bytes: Uint8Array[] = [];
  isEnded = false;
  isDestroyed = false;
  #listener: SinkListener | undefined;

  constructor(credit = Number.POSITIVE_INFINITY) {
    this.credit = credit;
  }

  bind(listener: SinkListener): void {
    this.#listener = listener;
  }

  write({ bytes }: SharedBytes): boolean {
    expect(this.isEnded, "nothing is written after the end").toBe(false);
    this.bytes.push(bytes);
    this.credit--;
    return this.credit > 0;
  }

  /** The far end has read: there is room for so many writes again. */
  drain(credit: number): void {
    const wasFull = this.credit <= 0;
    this.credit = Math.max(0, this.credit) + credit;
    if (wasFull && this.credit > 0) this.#listener?.onDrain();
  }

  end(): void {
    this.isEnded = true;
    this.#listener?.onClosed();
  }

  destroy(): void {
    this.isDestroyed = true;
    this.end();
  }

  /** The far end goes away. */
  hangUp(): void {
    this.isEnded = true;
    this.#listener?.onClosed();
  }
}

/** Something a client was told, in the order it was told. */
export type Seen =
  | { readonly kind: "event"; readonly id: number; readonly type: string; readonly data: Record<string, unknown> }
  | { readonly kind: "gap"; readonly reason: string; readonly after: number | null; readonly resumesAt: number };

/** A client that remembers its cursor from one connection to the next, as a browser does. */
export class TestClient {
  readonly seen: Seen[] = [];
  readonly retries: number[] = [];
  readonly comments: string[] = [];
  cursor: string | undefined;
  sink = new CreditSink(0);
  status = 0;
  readonly #door: Door;
  readonly #path: string;
  #parsedChunks = 0;
  readonly #decoder = new TextDecoder();
  #parser = this.#newParser();

  constructor(door: Door, path = "/sse", cursor?: string) {
    this.#door = door;
    this.#path = path;
    this.cursor = cursor;
  }

  get isConnected(): boolean {
    return this.status === 200 && !this.sink.isEnded;
  }

  /** Connects with the cursor it has. */
  async connect(credit = Number.POSITIVE_INFINITY): Promise<number> {
    const handled = await this.#door.handle(
      head(this.#path, this.cursor === undefined ? {} : { "last-event-id": this.cursor }),
    );
    this.status = handled.kind === "reply" ? handled.status : 200;
    if (handled.kind === "stream") {
      this.sink = new CreditSink(credit);
      this.#parsedChunks = 0;
      this.#parser = this.#newParser();
      handled.connect(this.sink);
    }
    return this.status;
  }

  /** Takes in what the server has written. */
  read(): this {
    for (; this.#parsedChunks < this.sink.bytes.length; this.#parsedChunks++) {
      const text = this.#decoder.decode(this.sink.bytes[this.#parsedChunks]);
      this.#parser.feed(text);
      // The parser keeps to itself what a browser remembers: an id without data.
      const [, place] = /^id: (\S+)\n\n$/.exec(text) ?? [];
      if (place !== undefined) this.cursor = place;
    }
    return this;
  }

  get ids(): number[] {
    return this.read().seen.flatMap((each) => (each.kind === "event" ? [each.id] : []));
  }

  get gaps(): Extract<Seen, { kind: "gap" }>[] {
    return this.read().seen.filter((each) => each.kind === "gap");
  }

  disconnect(): void {
    // What is on its way when the network goes is lost, and the cursor stays behind it.
    this.read();
    if (this.isConnected) this.sink.hangUp();
  }

  #newParser() {
    return createParser({
      onEvent: ({ id, event, data }) => {
        const parsed = JSON.parse(data) as Record<string, unknown>;
        if (id !== undefined) this.cursor = id;
        if (event === "ssetarget:gap") {
          expect(id, "a gap has no id").toBeUndefined();
          this.seen.push({ kind: "gap", ...parsed } as Seen);
        } else {
          this.seen.push({ kind: "event", id: Number(id?.split(".")[0]), type: event ?? "message", data: parsed });
        }
      },
      onRetry: (retry) => this.retries.push(retry),
      onComment: (comment) => this.comments.push(comment),
    });
  }
}

/** A GET as an adapter hands it in. */
export function head(url: string, headers: Record<string, string> = {}, method = "GET"): RequestHead {
  return {
    method,
    url,
    header: (name) => headers[name] ?? null,
    toRequest: () => new Request(new URL(url, "http://localhost"), { headers, method }),
  };
}

/** Lets everything that is due happen: turns of the event loop, and promises in between. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
