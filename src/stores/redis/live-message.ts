import type { StreamEvent, StoredEvent } from "../../event/event.ts";
import { decodeEvent, epochOf } from "./stored-text.ts";

/** What is published with each append: which events are new, and mostly the events themselves. */
export class LiveMessage<E extends StreamEvent> {
  readonly epoch: string | undefined;
  readonly firstId: number;
  readonly lastId: number;
  readonly #text: string;
  readonly #bodyAt: number;

  constructor(text: string, isDurable: boolean) {
    const headEnd = text.indexOf("\n");
    const [epoch = "", run = "", firstId, lastId] = (headEnd === -1 ? text : text.slice(0, headEnd)).split(" ");
    this.epoch = epochOf(epoch, run, isDurable);
    this.firstId = Number(firstId);
    this.lastId = Number(lastId);
    this.#text = text;
    this.#bodyAt = headEnd + 1;
  }

  /** The events; `undefined` where they were too many to be sent along. */
  events(): StoredEvent<E>[] | undefined {
    if (this.#bodyAt === 0) return undefined;
    const lines = this.#text.slice(this.#bodyAt).split("\n");
    const events: StoredEvent<E>[] = [];
    for (let index = 0; index + 1 < lines.length; index += 2) {
      events.push(decodeEvent(this.firstId + index / 2, lines[index] as string, lines[index + 1] as string));
    }
    return events;
  }
}
