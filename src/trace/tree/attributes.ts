import { firstIndex } from "../../util/search.ts";
import { compareJson, compareKept, compareText } from "./canonical-json.ts";
import type { JsonObject, JsonValue } from "../events.ts";

/** Number of attributes kept per span: those with the smallest names. */
const MAX_ATTRIBUTES = 1000;

const NO_ATTRIBUTES: JsonObject = Object.freeze({});

/** Order of writers: the later one wins, by its place in the stream, because clocks can be set back. */
export interface Stamp {
  /** 0 if there is none. */
  readonly id: number;
  readonly time: number;
  /** Order of events of one moment without ids. */
  readonly rank: number;
}

/** A value and its writer. */
export interface Stamped<T> {
  readonly value: T;
  readonly stamp: Stamp;
}

/** Whether this value replaces the held one. Between equal writers, the larger value wins. */
export function isLater<T>(value: T, stamp: Stamp, held: Stamped<T>): boolean {
  const order = stamp.id - held.stamp.id || stamp.time - held.stamp.time || stamp.rank - held.stamp.rank;
  return order > 0 || (order === 0 && compareKept(value, held.value) > 0);
}

interface HeldAttribute extends Stamped<JsonValue> {
  readonly name: string;
}

/** The newest value of each attribute, in whatever order they arrive. */
export class AttributeJoin {
  /** Ordered by name. */
  #held: HeldAttribute[] = [];
  #view: JsonObject | undefined = NO_ATTRIBUTES;

  /** Frozen, in the order of names; the same object until one of them changes. */
  get view(): JsonObject {
    this.#view ??= toObject(this.#held.map(({ name, value }) => [name, value]));
    return this.#view;
  }

  /** True if the view has changed. */
  merge(patch: JsonObject, stamp: Stamp): boolean {
    let changed = false;
    for (const name of Object.keys(patch)) {
      const value = patch[name];
      if (value !== undefined && this.#set(name, value, stamp)) changed = true;
    }
    if (changed) this.#view = undefined;
    return changed;
  }

  #set(name: string, value: JsonValue, stamp: Stamp): boolean {
    const held = this.#held;
    const at = this.#placeOf(name);
    const known = held[at];
    if (known?.name === name) {
      if (!isLater(value, stamp, known)) return false;
      const isSame = compareJson(value, known.value) === 0;
      held[at] = { name, value: isSame ? known.value : value, stamp };
      return !isSame;
    }
    if (at >= MAX_ATTRIBUTES) return false;
    // Most spans have few, and a literal takes no more room than it must.
    if (held.length === 0) this.#held = [{ name, value, stamp }];
    else held.splice(at, 0, { name, value, stamp });
    if (held.length > MAX_ATTRIBUTES) held.pop();
    return true;
  }

  #placeOf(name: string): number {
    return firstIndex(this.#held.length, (at) => compareText((this.#held[at] as HeldAttribute).name, name) >= 0);
  }
}

/** A frozen copy, ordered by name: it must not show which of equal events came first. */
export function sortedAttributes(attributes: JsonObject | undefined): JsonObject {
  if (attributes === undefined) return NO_ATTRIBUTES;
  return toObject(Object.entries(attributes).toSorted(([a], [b]) => compareText(a, b)));
}

function toObject(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const object: { [name: string]: JsonValue } = {};
  for (const [name, value] of entries) {
    // An assignment would not create this attribute.
    if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true });
    else object[name] = value;
  }
  return Object.freeze(object);
}
