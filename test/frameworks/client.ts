import { request as http1 } from "node:http";
import { connect as http2, type ClientHttp2Session } from "node:http2";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { until } from "../support/until.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  readonly hangUp: () => void;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server of the matrix, by whichever version of HTTP it speaks. */
export class Door {
  readonly #port: number;
  readonly #isHttp2: boolean;
  #session: ClientHttp2Session | undefined;

  constructor(port: number, isHttp2: boolean) {
    this.#port = port;
    this.#isHttp2 = isHttp2;
  }

  ask(path: string, ask: Ask = {}): Promise<Answer> {
    return this.#isHttp2 ? this.#ask2(path, ask) : this.#ask1(path, ask);
  }

  /** Asks, and reads to the end. */
  async text(path: string, ask: Ask = {}): Promise<{ status: number; headers: Record<string, string>; text: string }> {
    const { status, headers, body } = await this.ask(path, ask);
    let text = "";
    for await (const part of body.setEncoding("utf8")) text += String(part);
    return { status, headers, text };
  }

  async command(command: object): Promise<number> {
    const body = JSON.stringify(command);
    const answer = await this.text("/control", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    if (answer.status !== 200) throw new Error(`${body}: ${answer.status} ${answer.text}`);
    return Number(answer.text);
  }

  async stream(path: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    return new EventStream(await this.ask(path, { headers: { accept: "text/event-stream", ...headers } }));
  }

  close(): void {
    this.#session?.destroy();
  }

  #ask1(path: string, { method = "GET", headers = {}, body }: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http1(
        { host: "127.0.0.1", port: this.#port, path, method, headers: { ...headers, ...lengthOf(body) }, agent: false },
        (response) => {
          const found = { ...response.headers } as Record<string, string>;
          resolve({
            status: response.statusCode ?? 0,
            headers: found,
            body: response,
            hangUp: () => request.destroy(),
          });
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  }

  #ask2(path: string, { method = "GET", headers = {}, body }: Ask): Promise<Answer> {
    if (this.#session === undefined || this.#session.destroyed) {
      this.#session = http2(`http://127.0.0.1:${this.#port}`);
      this.#session.on("error", () => {});
    }
    const stream = this.#session.request({ ":path": path, ":method": method, ...headers });
    return new Promise((resolve, reject) => {
      stream.on("response", ({ ":status": status, ...found }) =>
        resolve({
          status: Number(status),
          headers: found as Record<string, string>,
          body: stream,
          hangUp: () => stream.close(),
        }),
      );
      stream.on("error", reject);
      stream.end(body);
    });
  }
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
}

/** What a client of a stream has been told so far. */
export class EventStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: EventSourceMessage[] = [];
  readonly retries: number[] = [];
  readonly comments: string[] = [];
  isEnded = false;
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
    this.status = answer.status;
    this.headers = answer.headers;
    const parser = createParser({
      onEvent: (event) => this.events.push(event),
      onRetry: (retry) => this.retries.push(retry),
      onComment: (comment) => this.comments.push(comment),
    });
    const body = answer.headers["content-encoding"] === "gzip" ? answer.body.pipe(createGunzip()) : answer.body;
    body.on("data", (part: Buffer) => parser.feed(part.toString("utf8")));
    body.on("error", () => {});
    answer.body.on("error", () => {});
    for (const sign of ["end", "close"] as const) body.on(sign, () => (this.isEnded = true));
  }

  get numbers(): number[] {
    return this.events.map(({ data }) => (JSON.parse(data) as { n: number }).n);
  }

  get cursor(): string {
    return this.events.findLast(({ id }) => id !== undefined)?.id ?? "";
  }

  async until(isSo: () => boolean, what: string): Promise<this> {
    await until(isSo, () => `${what}; it had ${this.events.length} events, retries ${this.retries.join(", ")}`);
    return this;
  }

  count(count: number): Promise<this> {
    return this.until(() => this.events.length >= count, `${count} events have come`);
  }

  hangUp(): void {
    this.#answer.hangUp();
  }
}
