import { SSETargetError } from "../errors.ts";
import { describeValue } from "../options.ts";

/** A path with one named part, such as `/runs/:id/sse`: from path to name and back. */
export class PathPattern {
  readonly #prefix: string;
  readonly #suffix: string;

  /** @throws SSETargetError `invalid-option` */
  constructor(pattern: string) {
    const match = typeof pattern === "string" ? /^(\/(?:[^:]*\/)?):\w+((?:\/[^:]*)?)$/.exec(pattern) : null;
    if (match === null) {
      throw new SSETargetError(
        "invalid-option",
        `\`path\` must begin with "/" and have one part like ":id", as "/runs/:id/sse" has, got ${describeValue(pattern)}`,
      );
    }
    this.#prefix = match[1] as string;
    this.#suffix = match[2] as string;
  }

  /** The name in a path, or `undefined` where the path is another one or its escapes are broken. */
  match(pathname: string): string | undefined {
    const isLongEnough = pathname.length > this.#prefix.length + this.#suffix.length;
    if (!isLongEnough || !pathname.startsWith(this.#prefix) || !pathname.endsWith(this.#suffix)) return undefined;
    const part = pathname.slice(this.#prefix.length, pathname.length - this.#suffix.length);
    if (part.includes("/")) return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      return undefined;
    }
  }

  /** The path of a name. */
  pathOf(name: string): string {
    return this.#prefix + encodeURIComponent(name) + this.#suffix;
  }
}
