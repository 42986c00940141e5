import type { SpanNode } from "../trace/tree/node.ts";

/**
 * Computes a value for each span from the values of those below it, and caches it while the span's view is the same
 * object: after an update, only what has changed is computed again.
 */
export class TreeFold<T extends object> {
  readonly #below: (node: SpanNode) => readonly SpanNode[];
  readonly #combine: (node: SpanNode, of: (below: SpanNode) => T) => T;
  #known = new WeakMap<SpanNode, T>();

  /** @param combine may read the value of every span that `below` returns */
  constructor(
    below: (node: SpanNode) => readonly SpanNode[],
    combine: (node: SpanNode, of: (below: SpanNode) => T) => T,
  ) {
    this.#below = below;
    this.#combine = combine;
  }

  of(node: SpanNode): T {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    // Iterative: a sender can nest spans deeper than the stack.
    const stack = [node];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const { length } = stack;
      for (const child of this.#below(at)) if (!this.#known.has(child)) stack.push(child);
      if (stack.length > length) continue;
      stack.pop();
      this.#known.set(at, this.#combine(at, this.#get));
    }
    return this.#get(node);
  }

  /** Drops all values, because what they depend on has changed. */
  clear(): void {
    this.#known = new WeakMap();
  }

  readonly #get = (node: SpanNode): T => this.#known.get(node) as T;
}
