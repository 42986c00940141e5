import { createHash } from "node:crypto";
import type { JsMsg, StoredMsg } from "@nats-io/jetstream";
import { END_EVENT_TYPE, dataText, reviveEvent, type StreamEvent, type StoredEvent } from "../../event/event.ts";

/** The subjects of one stream. Names and keys can be any text, so both are encoded. */
export class NatsSubjects {
  /** Everything of the stream. */
  readonly all: string;
  readonly events: string;
  /** Names the history. */
  readonly genesis: string;
  /** Stores the id before which everything was dropped. Published after each trim and deletion. */
  readonly trimmed: string;
  /** The event that ends the stream. */
  readonly end: string;
  readonly #base: string;

  constructor(prefix: string, name: string) {
    this.#base = `${prefix}.${Buffer.from(name, "utf8").toString("base64url")}`;
    this.all = `${this.#base}.>`;
    this.events = `${this.#base}.event.>`;
    this.genesis = `${this.#base}.genesis`;
    this.trimmed = `${this.#base}.trimmed`;
    this.end = this.ofEvent(END_EVENT_TYPE);
  }

  /** The subject of an event. Each key has its own, for which the server accepts one message. */
  ofEvent(key: string | undefined): string {
    if (key === undefined) return `${this.#base}.event.plain`;
    return `${this.#base}.event.key.${createHash("sha256").update(key).digest("base64url")}`;
  }
}

/** The message of an event: a line of JSON with its epoch and type, and below it the event's JSON as clients get it. */
export function encodeEvent(event: StreamEvent, epoch: string): string {
  return `${JSON.stringify({ epoch, type: event.type })}\n${dataText(event)}`;
}

export function decodeEvent<E extends StreamEvent>(
  message: StoredMsg | JsMsg,
): { readonly event: StoredEvent<E>; readonly epoch: string } {
  const text = message.string();
  const end = text.indexOf("\n");
  const { epoch, type } = JSON.parse(text.slice(0, end)) as { epoch: string; type: string };
  return { event: reviveEvent<E>({ id: message.seq, type, key: undefined, text: text.slice(end + 1) }), epoch };
}
