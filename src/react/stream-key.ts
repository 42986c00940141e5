const ids = new WeakMap<object, number>();
let lastId = 0;

/** A number of its own for each object or function: what is not plain data is the same only if it is the same thing. */
export function identity(value: object): number {
  let id = ids.get(value);
  if (id === undefined) ids.set(value, (id = ++lastId));
  return id;
}

/**
 * What tells streams apart: the URL and every option, whatever order they are written in. Data counts by its content, functions and objects
 * with a class by identity. Undefined if there is no URL.
 *
 * @param nameOf what stands for a function, or an object with a class
 */
export function streamKey(
  url: string | URL | null,
  options: object,
  nameOf: (value: object) => unknown = identity,
): string | undefined {
  if (url === null) return undefined;
  return JSON.stringify([url, options], (_name, value: unknown) => {
    if (typeof value === "bigint") return String(value);
    if (typeof value === "function") return { "#": nameOf(value) };
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if (value instanceof URLSearchParams || value instanceof Headers || value instanceof FormData) return [...value];
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return { "#": nameOf(value) };
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
