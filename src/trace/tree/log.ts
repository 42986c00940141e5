import { firstIndex } from "../../util/search.ts";
import { canonicalJson, compareKept } from "./canonical-json.ts";
import { sortedAttributes } from "./attributes.ts";
import type { SpanLogEvent } from "../events.ts";
import type { SpanInput } from "./parse.ts";
import type { SpanLogLine } from "./node.ts";

interface HeldLine {
  readonly identity: string;
  readonly line: SpanLogLine;
}

/**
 * The newest lines of one span, by their places in the stream (else by time), each once, whatever order they arrive in.
 *
 * Of copies under one key the newest counts. That is what makes forgetting safe: a line's rank can only rise, so a
 * line that was pushed out by newer ones would be pushed out in any other order too.
 */
export class SpanLog {
  readonly #maxLines: number;
  readonly #held = new Map<string, HeldLine>();
  readonly #sorted: HeldLine[] = [];
  #view: readonly SpanLogLine[] | undefined;

  constructor(maxLines: number) {
    this.#maxLines = maxLines;
  }

  /** The lines in order; the same array until one is added. */
  get lines(): readonly SpanLogLine[] {
    this.#view ??= Object.freeze(this.#sorted.map(({ line }) => line));
    return this.#view;
  }

  /** True if the lines are no longer the same. */
  add(event: SpanLogEvent, input: SpanInput): boolean {
    const candidate = toHeldLine(event, input);
    const known = this.#held.get(candidate.identity);
    if (known !== undefined) {
      if (compareLines(candidate.line, known.line) <= 0) return false;
      this.#sorted.splice(this.#placeOf(known), 1);
    } else if (this.#sorted.length >= this.#maxLines) {
      const oldest = this.#sorted[0];
      if (oldest === undefined || compareHeld(candidate, oldest) <= 0) return false;
      this.#sorted.shift();
      this.#held.delete(oldest.identity);
    }
    this.#held.set(candidate.identity, candidate);
    this.#sorted.splice(this.#placeOf(candidate), 0, candidate);
    this.#view = undefined;
    return true;
  }

  /** Where the line is, or would be. Lines mostly arrive in order, so the end is looked at first. */
  #placeOf(wanted: HeldLine): number {
    const last = this.#sorted.at(-1);
    if (last === undefined || compareHeld(last, wanted) < 0) return this.#sorted.length;
    return firstIndex(this.#sorted.length, (at) => compareHeld(this.#sorted[at] as HeldLine, wanted) >= 0);
  }
}

function toHeldLine(event: SpanLogEvent, { time, id, attempt }: SpanInput): HeldLine {
  const line: SpanLogLine = Object.freeze({
    time,
    level: event.level,
    message: event.message,
    attributes: sortedAttributes(event.attributes),
    attempt,
    id: id === 0 ? undefined : id,
  });
  return { identity: identityOf(event, line), line };
}

function identityOf(event: SpanLogEvent, line: SpanLogLine): string {
  if (typeof event.key === "string") return `key:${event.key}`;
  return line.id === undefined ? `text:${canonicalJson(line)}` : `id:${line.id}`;
}

function compareHeld(a: HeldLine, b: HeldLine): number {
  return compareLines(a.line, b.line) || (a.identity < b.identity ? -1 : a.identity > b.identity ? 1 : 0);
}

function compareLines(a: SpanLogLine, b: SpanLogLine): number {
  return (a.id ?? 0) - (b.id ?? 0) || a.time - b.time || compareKept(a, b);
}
