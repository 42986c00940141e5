import { type DropListener, snapshotAttributes, type SnapshotLimits } from "./attribute-snapshot.ts";
import type { JsonObject, JsonValue } from "../events.ts";

/** Bounds of the attributes of one span, in UTF-16 code units. */
export interface AttributeLimits {
  /** Of one text. */
  readonly maxStringLength: number;
  /** Of all attributes together, as JSON. */
  readonly maxAttributesSize: number;
}

/** The attributes of a span so far: copied when they are set, and bounded in all. */
export class SpanAttributes {
  readonly #limits: AttributeLimits;
  readonly #snapshotLimits: SnapshotLimits;
  readonly #onDrop: DropListener;
  readonly #held = new Map<string, { readonly value: JsonValue; readonly length: number }>();
  #length = 2;

  constructor(limits: AttributeLimits, onDrop: DropListener) {
    this.#limits = limits;
    this.#snapshotLimits = { maxStringLength: limits.maxStringLength, maxValues: limits.maxAttributesSize };
    this.#onDrop = onDrop;
  }

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /** Takes in a patch and answers with what was taken of it. An attribute for which there is no room keeps its old value. */
  merge(patch: unknown): JsonObject {
    const taken: [string, JsonValue][] = [];
    for (const [name, value] of Object.entries(snapshotAttributes(patch, this.#snapshotLimits, this.#onDrop))) {
      // A colon and a comma go with each.
      const length = JSON.stringify(name).length + JSON.stringify(value).length + 2;
      const total = this.#length + length - (this.#held.get(name)?.length ?? 0);
      if (total > this.#limits.maxAttributesSize) {
        const bound = this.#limits.maxAttributesSize;
        this.#onDrop(name, `the span's attributes would be longer than \`maxAttributesSize\`, ${bound}`);
        continue;
      }
      this.#length = total;
      this.#held.set(name, { value, length });
      taken.push([name, value]);
    }
    return Object.fromEntries(taken);
  }

  toObject(): JsonObject {
    return Object.fromEntries([...this.#held].map(([name, { value }]) => [name, value]));
  }
}
