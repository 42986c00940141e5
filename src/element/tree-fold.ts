import type { SpanNode } from "../trace/tree/node.ts";

/**
 * Computes something of each span out of what it is for those below it, and remembers it for as long as the span's view
 * is the same object: after an update only what has changed is computed again.
 */
export class TreeFold<T extends object> {
  readonly #below: (node: SpanNode) => readonly SpanNode[];
  readonly #combine: (node: SpanNode, of: (below: SpanNode) => T) => T;
  #known = new WeakMap<SpanNode, T>();

  /** @param combine - May ask for what is known of every span that `below` names. */
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
    // A stack of its own: how deep spans nest is the sender's choice, and must not be able to overflow ours.
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

  /** Forgets everything, for what it goes by has changed. */
  clear(): void {
    this.#known = new WeakMap();
  }

  readonly #get = (node: SpanNode): T => this.#known.get(node) as T;
}
