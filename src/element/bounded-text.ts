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
      const isList = Array.isArray(current);
      const [open, close] = isList ? "[]" : "{}";
      const keys = Object.keys(current);
      if (keys.length === 0 || depth >= MAX_DEPTH) {
        write(`${open}${keys.length === 0 ? "" : "…"}${close}`);
        return;
      }
      write(`${open}\n`);
      for (const [index, key] of keys.entries()) {
        const name = isList ? "" : `${JSON.stringify(key.slice(0, maxLength))}: `;
        if (!write("  ".repeat(depth + 1) + name)) return;
        walk((current as Readonly<Record<string, unknown>>)[key], depth + 1);
        if (!write(index < keys.length - 1 ? ",\n" : "\n")) return;
      }
      write("  ".repeat(depth) + close);
    }
  };
  walk(value, 0);
  return cutText(text, maxLength);
}
