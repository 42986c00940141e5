/** Who listens to which stream. */
export class Streams<T> {
  readonly #members = new Map<number, Set<T>>();

  of(stream: number): Set<T> {
    let members = this.#members.get(stream);
    if (members === undefined) this.#members.set(stream, (members = new Set()));
    return members;
  }
}

/** The number in `/streams/<number>/sse`; NaN where the path is another. */
export function streamOf(url: string): number {
  const match = /^(?:https?:\/\/[^/]+)?\/streams\/(\d+)\/sse$/.exec(url);
  return match === null ? Number.NaN : Number(match[1]);
}
