import { randomSpanId } from "../ids.ts";

/** Of more span ids than this, the one opened the longest time ago is forgotten; its next attempt is then called the first. */
const MAX_IDS = 10_000;

/** What tells one opening of a span from all others. */
export interface Opening {
  readonly attempt: number;
  readonly run: string;
}

/** Counts how often each span was opened in this process, and names each opening: another process may open it again. */
export class SpanOpenings {
  readonly #counts = new Map<string, number>();
  #process: string | undefined;
  #openings = 0;

  open(spanId: string): Opening {
    const attempt = (this.#counts.get(spanId) ?? 0) + 1;
    // At the end, for it is the newest.
    this.#counts.delete(spanId);
    this.#counts.set(spanId, attempt);
    if (this.#counts.size > MAX_IDS) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#process ??= randomSpanId();
    this.#openings += 1;
    return { attempt, run: `${this.#process}.${this.#openings}` };
  }
}
