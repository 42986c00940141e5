import { createHash } from "node:crypto";
import { END_EVENT_TYPE } from "../../event/event.ts";

/** The subjects of one stream. Names and keys are any text, so neither stands in a subject as it is. */
export class NatsSubjects {
  /** Everything that is an event. */
  readonly events: string;
  /** Says that the history has begun, and what it is called. */
  readonly genesis: string;
  /** Says up to where it was trimmed. */
  readonly trimmed: string;
  /** The event that ends the stream. */
  readonly end: string;
  readonly #base: string;

  constructor(prefix: string, name: string) {
    this.#base = `${prefix}.${Buffer.from(name, "utf8").toString("base64url")}`;
    this.events = `${this.#base}.event.>`;
    this.genesis = `${this.#base}.genesis`;
    this.trimmed = `${this.#base}.trimmed`;
    this.end = this.ofEvent(END_EVENT_TYPE);
  }

  /** Where an event is published: one with a key has a subject of its own, which the server takes one message for. */
  ofEvent(key: string | undefined): string {
    if (key === undefined) return `${this.#base}.event.plain`;
    return `${this.#base}.event.key.${createHash("sha256").update(key).digest("base64url")}`;
  }
}
