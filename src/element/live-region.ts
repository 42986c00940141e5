import type { SpanNode } from "../trace/tree/node.ts";
import { isOpen } from "../trace/view/shape.ts";
import type { TraceLabels } from "./labels.ts";
import { awaited } from "./headline.ts";
import { phrase, spokenName } from "./span-text.ts";

const PAUSE_MS = 1_500;
const MAX_SENTENCES = 3;

/**
 * Announces changes to screen readers, sparingly: failures, waits and the end, not every step. Changes within a moment
 * are one announcement, and of many at once only the last few are announced.
 */
export class LiveRegion {
  readonly #speak: (text: string) => void;
  #pending: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The roots as last announced; undefined until the first announcement, which is a summary. */
  #told: readonly SpanNode[] | undefined;
  #roots: readonly SpanNode[] = [];
  #summary = "";
  labels: TraceLabels;

  constructor(speak: (text: string) => void, labels: TraceLabels) {
    this.#speak = speak;
    this.labels = labels;
  }

  /** Adds a sentence to the next announcement. */
  say(sentence: string): void {
    this.#pending.push(sentence);
    this.#schedule();
  }

  /** Follows the tree. Its first state is announced as a summary. */
  watch(roots: readonly SpanNode[], summary: string): void {
    this.#summary = summary;
    if (roots === this.#roots) return;
    this.#roots = roots;
    this.#schedule();
  }

  /** Drops pending announcements and what was seen. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#told = undefined;
    this.#roots = this.#pending = [];
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#told !== undefined) this.#pending.push(...changesToTell(this.#told, this.#roots, this.labels));
      else if (this.#roots.length > 0) this.#pending.push(this.#summary);
      if (this.#roots.length > 0) this.#told = this.#roots;
      const sentences = this.#pending;
      this.#pending = [];
      if (sentences.length > 0) this.#speak(sentences.slice(-MAX_SENTENCES).join(" "));
    }, PAUSE_MS);
  }
}

/** The changes worth announcing between two states of a tree. Unchanged spans are identical objects, and are skipped. */
function changesToTell(before: readonly SpanNode[], after: readonly SpanNode[], labels: TraceLabels): string[] {
  const inner: SpanNode[] = [];
  const ends: SpanNode[] = [];
  const pending: (readonly [before: readonly SpanNode[], after: readonly SpanNode[]])[] = [[before, after]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [olds, nodes] = next;
    if (olds === nodes) continue;
    const known = new Map(olds.map((node) => [node.spanId, node]));
    for (const node of nodes) {
      const old = known.get(node.spanId);
      if (old === node) continue;
      pending.push([old?.children ?? [], node.children]);
      if (old?.state === node.state) continue;
      if (node.parentSpanId === null) {
        if (!isOpen(node)) ends.push(node);
      } else if (node.state === "failed" || (node.state === "waiting" && node.kind === "wait")) inner.push(node);
    }
  }
  // The end of a run matters most, and the last sentences are kept.
  return [...inner, ...ends].slice(-MAX_SENTENCES).map((node) => sentenceOn(node, labels));
}

function sentenceOn(node: SpanNode, labels: TraceLabels): string {
  const { state, error, parentSpanId } = node;
  const why = parentSpanId !== null && state === "failed" ? phrase(error ?? "") : "";
  const what =
    state === "waiting"
      ? labels.waitingFor(awaited(node, labels), undefined)
      : [labels[state], why].filter(Boolean).join(", ");
  return labels.tell(spokenName(node, labels), what);
}
