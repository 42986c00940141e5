const ids = new WeakMap<object, number>();
let lastId = 0;

/** A number of its own for each object or function: what is not plain data is the same only where it is the same thing. */
export function identity(value: object): number {
  let id = ids.get(value);
  if (id === undefined) ids.set(value, (id = ++lastId));
  return id;
}

/**
 * What tells streams apart: the URL and every option that is data, whatever order they are written in. Functions do not,
 * for most are written anew with each render. Undefined where there is no URL.
 */
export function streamKey(url: string | URL | null, options: object): string | undefined {
  if (url === null) return undefined;
  return JSON.stringify([url, options], (_name, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return `#${identity(value)}`;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
