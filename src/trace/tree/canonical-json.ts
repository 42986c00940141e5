/** Nesting beyond this is not looked at: two values that differ only below it count as equal. */
const MAX_DEPTH = 64;

/**
 * JSON text that does not depend on the order of keys, so that equal values have equal text.
 *
 * Takes untrusted values that came out of `JSON.parse`; what JSON cannot carry is written as `null`.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (typeof value !== "object" || value === null) return primitiveText(value);
  if (depth >= MAX_DEPTH) return '"…"';
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item, depth + 1)).join(",")}]`;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const key of Object.keys(fields).toSorted()) {
    const field = fields[key];
    if (field !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(field, depth + 1)}`);
  }
  return `{${parts.join(",")}}`;
}

/** A total order of JSON values, for ties that nothing else can decide. Negative, zero or positive. */
export function compareJson(a: unknown, b: unknown): number {
  // Nearly every repeat is a primitive that is identical: no text needs to be made for those.
  if (a === b) return 0;
  return compareText(canonicalJson(a), canonicalJson(b));
}

const texts = new WeakMap<object, string>();

/**
 * {@link compareJson} of what is kept: each object is written as text once, however many others it is compared with, for how large it is was
 * somebody else's choice.
 */
export function compareKept(a: unknown, b: unknown): number {
  return a === b ? 0 : compareText(keptText(a), keptText(b));
}

function keptText(value: unknown): string {
  if (typeof value !== "object" || value === null) return canonicalJson(value);
  let text = texts.get(value);
  if (text === undefined) texts.set(value, (text = canonicalJson(value)));
  return text;
}

/** Order by UTF-16 code units: the same on every machine, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function primitiveText(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return JSON.stringify(value);
    default:
      return "null";
  }
}
