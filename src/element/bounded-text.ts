/** Of JSON that is nested deeper than this, what is inside is not shown. */
const MAX_DEPTH = 8;

/** The text, or as much of it as `maxLength` UTF-16 code units hold, with an ellipsis; no character is cut in two. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const isHalf = last >= 0xd8_00 && last <= 0xdb_ff;
  return `${text.slice(0, isHalf ? maxLength - 1 : maxLength)}…`;
}

/**
 * JSON for people: indented, and bounded in length and depth whatever it is given. `JSON.stringify` does the whole work
 * before anything can be cut, and overflows the stack on what is nested deep enough.
 */
export function showJson(value: unknown, maxLength: number): string {
  let text = "";
  const write = (part: string): boolean => {
    if (text.length <= maxLength) text += part.slice(0, maxLength + 1);
    return text.length <= maxLength;
  };
  const walk = (current: unknown, depth: number): void => {
    if (typeof current === "string") write(JSON.stringify(current.slice(0, maxLength)));
    else if (typeof current !== "object" || current === null) write(String(current));
    else {
      const [open, close] = Array.isArray(current) ? (["[", "]"] as const) : (["{", "}"] as const);
      const isDeep = depth >= MAX_DEPTH;
      let isEmpty = true;
      write(open);
      for (const [name, item] of entriesOf(current)) {
        const lead = isDeep ? "…" : `${isEmpty ? "" : ","}\n${"  ".repeat(depth + 1)}`;
        isEmpty = false;
        if (!write(lead) || isDeep) break;
        if (name !== undefined) write(`${JSON.stringify(name.slice(0, maxLength))}: `);
        walk(item, depth + 1);
      }
      write(isEmpty || isDeep ? close : `\n${"  ".repeat(depth)}${close}`);
    }
  };
  walk(value, 0);
  return cutText(text, maxLength);
}

/** One after the other, not as a list: there may be a million of them, of which a hundred are shown. */
function* entriesOf(value: object): Iterable<readonly [name: string | undefined, item: unknown]> {
  if (Array.isArray(value)) for (const item of value) yield [undefined, item];
  else for (const name in value) yield [name, (value as Readonly<Record<string, unknown>>)[name]];
}
